"""Companies, users, and how they prove who they are."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ecm import clock
from ecm.access import ROLES, Actor, require_admin, require_operator
from ecm.database import insert_or
from ecm.errors import BadCredentials, Forbidden, Invalid, NotFound, Taken, TooManyAttempts
from ecm.ids import parse_id
from ecm.models import ApiToken, Company, CompanyUsage, LoginFailures, Tariff, User, UserUsage
from ecm.paging import Page, paginate
from ecm.passwords import Passwords
from ecm.texts import clean_line

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

CREATED_KINDS = ("deal", "lead", "contact", "organization")
FREE_FAILURES = 10
FIRST_PAUSE_S, LONGEST_PAUSE_S = 30, 900

# Every request of a program runs this: it is made once.
_OWNER = (
    select(User)
    .join(ApiToken, ApiToken.user_id == User.id)
    .where(ApiToken.token_sha256 == bindparam("token_sha256"), User.disabled_at.is_(None))
)


class Companies:
    """The tenants, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add(self, name: str, *, tariff: str = "free") -> Company:
        """A new company on a tariff. For operators and the library itself. NotFound: no such tariff."""
        require_operator(self._tx.actor, "adding a company")
        session = self._tx.session
        rule = session.get(Tariff, tariff)
        if rule is None:
            raise NotFound("tariff", tariff)
        company = Company(name=clean_line("name", name), created_at=clock.now())
        session.add(company)
        session.flush()
        session.add(
            CompanyUsage(
                company_id=company.id,
                tariff_code=rule.code,
                scope=rule.scope,
                limit_bytes=rule.limit_bytes,
                held_bytes=0,
            )
        )
        self._tx.pipelines.add_defaults(company.id)
        return company

    def get(self, id: int | str) -> Company:
        """A company by id: one's own, or any for operators and the library itself. NotFound."""
        company_id = parse_id("company", id)
        actor = self._tx.actor
        own = actor is None or actor.is_operator or actor.company_id == company_id
        company = self._tx.session.get(Company, company_id) if own else None
        if company is None:
            raise NotFound("company", id)
        return company

    def list(self, *, page: int = 1, per_page: int = 50) -> Page[Company]:
        """All companies, newest first. For operators and the library itself."""
        require_operator(self._tx.actor, "listing companies")
        return paginate(self._tx.session, select(Company).order_by(Company.id.desc()), page, per_page)


class Users:
    """Employees, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add(
        self,
        company: Company,
        email: str,
        *,
        role: str = "member",
        name: str = "",
        password: str | None = None,
    ) -> User:
        """A new user who logs in by e-mail. For the company's administrators; only an operator makes
        operators. Taken: the e-mail is in use."""
        self._may_add_to(company, role)
        address = normalize_email(email)
        if self._tx.session.scalar(select(User.id).where(User.email == address)):
            raise Taken("email", address)
        return self._insert(
            User(
                company_id=company.id,
                email=address,
                name=clean_line("name", name or address.partition("@")[0]),
                role=role,
                password_hash=self._tx.passwords.hash(password) if password is not None else None,
                created_at=clock.now(),
            )
        )

    def ref(self, company: Company, ref: str, *, name: str, role: str = "member") -> User:
        """The user whom an embedding application knows as `ref`: made on first use, found again after
        that, with the name and role as last told."""
        self._may_add_to(company, role)
        reference, title = clean_line("ref", ref), clean_line("name", name)
        session = self._tx.session
        query = select(User).where(User.company_id == company.id, User.external_ref == reference)
        user = session.scalar(query)
        if user is None:
            try:
                with session.begin_nested():
                    return self._insert(
                        User(
                            company_id=company.id,
                            external_ref=reference,
                            name=title,
                            role=role,
                            created_at=clock.now(),
                        )
                    )
            except IntegrityError:  # made by another process since we looked
                user = session.scalars(query).one()
        user.name, user.role = title, role
        session.flush()
        return user

    def get(self, id: int | str) -> User:
        """A user of the actor's company. NotFound."""
        user = self._tx.session.get(User, parse_id("user", id))
        if user is None or (self._tx.actor is not None and user.company_id != self._tx.company_id):
            raise NotFound("user", id)
        return user

    def list(self) -> Sequence[User]:
        """The employees of the actor's company who may log in, by name."""
        query = select(User).where(User.company_id == self._tx.company_id, User.disabled_at.is_(None))
        return self._tx.session.scalars(query.order_by(User.name, User.id)).all()

    def names(self, ids: Iterable[int | None]) -> dict[int, str]:
        """What users of the actor's company are called, by id; in one statement for any number."""
        wanted = {id for id in ids if id is not None}
        if not wanted:
            return {}
        rows = self._tx.session.execute(
            select(User.id, User.name).where(User.company_id == self._tx.company_id, User.id.in_(wanted))
        )
        return {id: name for id, name in rows}  # noqa: C416 - rows are no tuples to the type checker

    def by_email(self, email: str) -> User:
        """The user who logs in with `email`. For operators and the library itself. NotFound."""
        require_operator(self._tx.actor, "looking a user up by e-mail")
        user = self._tx.session.scalar(select(User).where(User.email == normalize_email(email)))
        if user is None:
            raise NotFound("user", email)
        return user

    def forbid_creating(self, user: User, kinds: Collection[str]) -> None:
        """Let a member create no cards of these kinds, and of all others. For the company's administrators;
        those may always. Invalid: no such kind."""
        user = user if user in self._tx.session else self.get(user.id)
        self._may_add_to(self._tx.companies.get(user.company_id), user.role)
        if unknown := sorted(set(kinds) - set(CREATED_KINDS)):
            raise Invalid("may_not_create", f"{unknown[0][:40]}: one of {', '.join(CREATED_KINDS)}")
        user.may_not_create = [kind for kind in CREATED_KINDS if kind in kinds]
        self._tx.session.flush()
        self._tx.audit.record("user.rights", "user", user.id, may_not_create=user.may_not_create)

    def set_password(self, user: User, password: str) -> None:
        """Give a user a new password: one's own, or as an administrator. Their API tokens end."""
        actor = self._tx.actor
        user = user if user in self._tx.session else self.get(user.id)
        if actor is not None and actor.user_id != user.id:
            self._may_add_to(self._tx.companies.get(user.company_id), user.role)
        user.password_hash = self._tx.passwords.hash(password)
        self._tx.session.execute(delete(ApiToken).where(ApiToken.user_id == user.id))
        self._tx.session.flush()

    def _may_add_to(self, company: Company, role: str) -> None:
        if role not in ROLES:
            raise Invalid("role", "one of " + ", ".join(ROLES))
        actor = self._tx.actor
        if actor is None:
            return
        if company.id != actor.company_id and not actor.is_operator:
            raise NotFound("company", company.id)
        require_admin(actor, "adding a user")
        if role == "operator" and not actor.is_operator:
            raise Forbidden("adding an operator", "operator")

    def _insert(self, user: User) -> User:
        session = self._tx.session
        session.add(user)
        session.flush()
        session.add(UserUsage(user_id=user.id, company_id=user.company_id, held_bytes=0))
        session.flush()
        return user


class Tokens:
    """API tokens, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add(self, user: User) -> str:
        """A new token of `user`. This is the only time that it can be read; its hash is kept."""
        actor = self._tx.actor
        if actor is not None and actor.user_id != user.id:
            raise Forbidden("making another user's token", "oneself")
        token = secrets.token_urlsafe(32)
        self._tx.session.add(
            ApiToken(
                token_sha256=_sha256(token),
                company_id=user.company_id,
                user_id=user.id,
                created_at=clock.now(),
            )
        )
        self._tx.session.flush()
        return token

    def actor(self, token: str) -> Actor:
        """Whose token it is. BadCredentials when nobody's."""
        user = self._tx.session.scalar(_OWNER, {"token_sha256": _sha256(token)})
        if user is None:
            raise BadCredentials
        return Actor.of(user)


def log_in(session: Session, email: str, password: str, *, address: str, passwords: Passwords) -> User:
    """The user with this e-mail and password, asked for from a network `address`. The caller commits,
    also when BadCredentials is raised: the failure has to be remembered.

    After ten failures in a row, of one account or from one address, TooManyAttempts for a time that
    doubles with each further one; a success ends the row.
    """
    subjects = [f"account:{email.strip().lower()[:320]}", f"address:{address[:60]}"]
    now = clock.now()
    rows = session.scalars(select(LoginFailures).where(LoginFailures.subject.in_(subjects))).all()
    wait_s = max(((_paused_until(row) - now) / timedelta(seconds=1) for row in rows), default=0.0)
    if wait_s > 0:
        raise TooManyAttempts(int(wait_s) + 1)
    user = session.scalar(select(User).where(User.email == email.strip().lower(), User.disabled_at.is_(None)))
    if not passwords.verify(password, user.password_hash if user else None) or user is None:
        failure = insert_or(session, LoginFailures).values(
            [{"subject": subject, "failures": 1, "last_at": now} for subject in subjects]
        )
        session.execute(
            failure.on_conflict_do_update(
                index_elements=["subject"], set_={"failures": LoginFailures.failures + 1, "last_at": now}
            )
        )
        raise BadCredentials
    session.execute(delete(LoginFailures).where(LoginFailures.subject.in_(subjects)))
    return user


def normalize_email(email: str) -> str:
    """The address in lower case. Invalid when it can't be one."""
    address = email.strip().lower()
    name, at, domain = address.rpartition("@")
    if not (at and name and domain) or len(address) > 320 or any(c.isspace() or ord(c) < 32 for c in address):
        raise Invalid("email", "an address like name@company.example")
    return address


def _paused_until(row: LoginFailures) -> datetime:
    over = row.failures - FREE_FAILURES
    pause_s = min(FIRST_PAUSE_S * 2 ** min(over, 10), LONGEST_PAUSE_S) if over >= 0 else 0
    return row.last_at + timedelta(seconds=pause_s)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
