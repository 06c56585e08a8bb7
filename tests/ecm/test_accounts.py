"""Companies, users, tokens, and log-in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from ecm import Ecm
from ecm.errors import BadCredentials, Forbidden, Invalid, NotFound, Taken, TooManyAttempts
from ecm.models import ApiToken, LoginFailures, User
from tests.firms import Firm


@pytest.fixture
def account(app: Ecm, alfa: Firm) -> User:
    with app.begin(alfa.admin) as tx:
        return tx.users.add(alfa.company, "Iryna@Alfa.example", name="Ірина", password="correct horse")


def test_a_password_opens_and_its_hash_alone_is_kept(app: Ecm, account: User) -> None:
    assert app.log_in("iryna@alfa.EXAMPLE", "correct horse", address="127.0.0.1").user_id == account.id
    assert account.password_hash is not None
    assert account.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("email", "password"), [("iryna@alfa.example", "wrong"), ("nobody@alfa.example", "x"), ("", "")]
)
def test_what_was_wrong_is_not_told(app: Ecm, account: User, email: str, password: str) -> None:
    with pytest.raises(BadCredentials) as refused:
        app.log_in(email, password, address="127.0.0.1")
    assert str(refused.value) == "the e-mail or the password is wrong"


def test_ten_failures_in_a_row_pause_an_account_from_any_address(app: Ecm, account: User) -> None:
    for n in range(10):
        with pytest.raises(BadCredentials):
            app.log_in("iryna@alfa.example", "wrong", address=f"127.0.1.{n}")
    with pytest.raises(TooManyAttempts) as refused:
        app.log_in("iryna@alfa.example", "correct horse", address="127.0.2.1")
    assert 1 <= refused.value.retry_after_s <= 31
    with app.begin() as tx:
        for row in tx.session.scalars(select(LoginFailures)):
            row.last_at -= timedelta(seconds=60)
    app.log_in("iryna@alfa.example", "correct horse", address="127.0.2.1")
    with pytest.raises(BadCredentials):  # a success ended the row
        app.log_in("iryna@alfa.example", "wrong", address="127.0.2.1")


def test_ten_failures_from_one_address_pause_it_for_every_account(app: Ecm, account: User) -> None:
    for n in range(10):
        with pytest.raises(BadCredentials):
            app.log_in(f"guess{n}@alfa.example", "wrong", address="127.0.9.9")
    with pytest.raises(TooManyAttempts):
        app.log_in("iryna@alfa.example", "correct horse", address="127.0.9.9")
    app.log_in("iryna@alfa.example", "correct horse", address="127.0.9.8")


def test_a_token_acts_for_its_user_and_only_its_hash_is_kept(app: Ecm, account: User) -> None:
    with app.begin() as tx:
        token = tx.tokens.add(account)
    with app.begin() as tx:
        assert tx.tokens.actor(token).user_id == account.id
        assert token not in [row.token_sha256 for row in tx.session.scalars(select(ApiToken))]
        with pytest.raises(BadCredentials):
            tx.tokens.actor(token + "x")


def test_a_new_password_ends_the_tokens(app: Ecm, account: User) -> None:
    with app.begin() as tx:
        token = tx.tokens.add(account)
        tx.users.set_password(account, "another horse")
    with app.begin() as tx, pytest.raises(BadCredentials):
        tx.tokens.actor(token)
    app.log_in("iryna@alfa.example", "another horse", address="127.0.0.1")


def test_an_email_is_taken_once_on_the_installation(app: Ecm, account: User, beta: Firm) -> None:
    with app.begin(beta.admin) as tx, pytest.raises(Taken):
        tx.users.add(beta.company, "IRYNA@alfa.example")


@pytest.mark.parametrize("email", ["", "a", "a@", "@b", "a b@c", "a\n@c", "a" * 320 + "@c"])
def test_a_wrong_email_is_refused(app: Ecm, alfa: Firm, email: str) -> None:
    with app.begin(alfa.admin) as tx, pytest.raises(Invalid):
        tx.users.add(alfa.company, email)


def test_who_may_add_whom(app: Ecm, alfa: Firm, beta: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        with pytest.raises(Forbidden):
            tx.users.add(alfa.company, "x@alfa.example")
        with pytest.raises(Forbidden):
            tx.companies.add("Своя")
    with app.begin(alfa.admin) as tx:
        with pytest.raises(NotFound):
            tx.users.add(beta.company, "x@alfa.example")
        with pytest.raises(Forbidden):
            tx.users.add(alfa.company, "x@alfa.example", role="operator")
        with pytest.raises(NotFound):
            tx.companies.get(beta.company.id)
        with pytest.raises(Invalid):
            tx.users.add(alfa.company, "x@alfa.example", role="emperor")


def test_a_disabled_user_is_out(app: Ecm, account: User) -> None:
    with app.begin() as tx:
        token = tx.tokens.add(account)
        tx.session.get_one(User, account.id).disabled_at = account.created_at
    with app.begin() as tx, pytest.raises(BadCredentials):
        tx.tokens.actor(token)
    with pytest.raises(BadCredentials):
        app.log_in("iryna@alfa.example", "correct horse", address="127.0.0.1")
    with pytest.raises(NotFound):
        app.actor(account.id)
