"""Whose browser it is: what a log-in leaves in the signed cookie, and whom that still stands for.

The cookie belongs to the web framework; the pages write it, and the HTTP API accepts it as well. It holds
a user's id and a mark of their password, so that a new password ends the sessions that the old one opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ecm.access import Actor
from ecm.errors import NotFound
from ecm.ids import parse_id
from ecm.models import User

if TYPE_CHECKING:
    from ecm.app import Ecm

USER, MARK = "user", "mark"


def session_values(app: Ecm, actor: Actor) -> dict[str, str]:
    """What to keep in the cookie of an actor who has just logged in."""
    with app.database.transaction() as session:
        user = session.get_one(User, actor.user_id)
        return {USER: str(user.id), MARK: _mark(user)}


def session_actor(app: Ecm, values: Mapping[str, object]) -> Actor | None:
    """Whom a session's values stand for, as the database has them now. None: nobody logged in, or the
    user is gone or disabled, or has another password since."""
    try:
        user_id = parse_id("user", str(values.get(USER)))
    except NotFound:
        return None
    with app.database.transaction() as session:
        user = session.get(User, user_id)
        if user is None or user.disabled_at is not None or values.get(MARK) != _mark(user):
            return None
        return Actor.of(user)


def _mark(user: User) -> str:
    """Tells one password from the next. The hash that it is made of has a salt of its own: nothing can be
    learned from it about the password."""
    return hashlib.sha256((user.password_hash or "").encode()).hexdigest()[:16]
