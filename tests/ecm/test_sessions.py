"""What a log-in leaves in a browser, and whom it stands for later."""

from __future__ import annotations

import pytest

from ecm import Actor, Ecm, clock
from ecm.models import User
from ecm.sessions import session_actor, session_values
from tests.firms import Firm


@pytest.fixture
def olena(app: Ecm, alfa: Firm) -> Actor:
    with app.begin() as tx:
        tx.users.set_password(tx.users.get(alfa.olena.user_id), "first password")
    return alfa.olena


def test_a_session_stands_for_who_logged_in(app: Ecm, olena: Actor) -> None:
    assert session_actor(app, session_values(app, olena)) == olena


def test_a_session_tells_the_role_that_one_has_now(app: Ecm, olena: Actor) -> None:
    values = session_values(app, olena)
    with app.database.transaction() as session:
        session.get_one(User, olena.user_id).role = "admin"
    found = session_actor(app, values)
    assert found is not None
    assert found.is_admin


def test_a_new_password_ends_sessions(app: Ecm, olena: Actor) -> None:
    values = session_values(app, olena)
    with app.begin(olena) as tx:
        tx.users.set_password(tx.users.get(olena.user_id), "second password")
    assert session_actor(app, values) is None


def test_a_disabled_user_is_out(app: Ecm, olena: Actor) -> None:
    values = session_values(app, olena)
    with app.database.transaction() as session:
        session.get_one(User, olena.user_id).disabled_at = clock.now()
    assert session_actor(app, values) is None


@pytest.mark.parametrize(
    "values", [{}, {"user": "1"}, {"user": "999", "mark": "x"}, {"user": ["1"]}, {"user": "x"}]
)
def test_nobody_stands_behind_other_values(app: Ecm, olena: Actor, values: dict[str, object]) -> None:
    assert session_actor(app, values) is None
