"""Tariffs: the rules on stored bytes, what is used of them, and what a change would mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ecm.access import Actor, require_admin, require_operator
from ecm.errors import Invalid, NotFound
from ecm.models import Company, CompanyUsage, Document, Intent, Tariff, User, UserUsage, Version
from ecm.texts import clean_line

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

MEGABYTE = 1_048_576
SHIPPED = (
    ("free", "company", 200 * MEGABYTE),
    ("standard", "user", 500 * MEGABYTE),
    ("extended", "unlimited", None),
)
"""The tariffs that a new database has: code, scope, limit in bytes."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes in use: `used_bytes` of versions (the trash too), `reserved_bytes` of uploads under way."""

    used_bytes: int
    reserved_bytes: int

    @property
    def held_bytes(self) -> int:
        """What the limit is compared with."""
        return self.used_bytes + self.reserved_bytes


@dataclass(frozen=True, slots=True)
class Quota:
    """What one user may still store, with all figures in bytes. None is unlimited.

    `trash_bytes` is the trash that counts against this user: the company's, or under a tariff by
    user their own; `purgeable_bytes` the part of it that they may purge.
    """

    tariff_code: str
    scope: str
    limit_bytes: int | None
    company: Usage
    user: Usage
    trash_bytes: int
    purgeable_bytes: int

    @property
    def counted(self) -> Usage:
        """The usage that the limit is compared with."""
        return self.user if self.scope == "user" else self.company

    @property
    def available_bytes(self) -> int | None:
        """What is left, never negative."""
        return None if self.limit_bytes is None else max(0, self.limit_bytes - self.counted.held_bytes)


@dataclass(frozen=True, slots=True)
class Over:
    """Someone who holds more than a tariff allows. `user` is None where the whole company does."""

    scope: str
    user: User | None
    used_bytes: int
    limit_bytes: int

    @property
    def over_bytes(self) -> int:
        """By how much."""
        return self.used_bytes - self.limit_bytes


@dataclass(frozen=True, slots=True)
class TariffChange:
    """The effect of a change of tariff: who would be (or is) over. Nothing is lost by being over."""

    code: str
    applied: bool
    over: list[Over]


class Tariffs:
    """Tariffs within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def list(self) -> list[Tariff]:
        """All tariffs, the smallest first."""
        limit = func.coalesce(Tariff.limit_bytes, 2**62)
        return list(self._tx.session.scalars(select(Tariff).order_by(limit, Tariff.code)))

    def get(self, code: str) -> Tariff:
        """A tariff by its code. NotFound."""
        tariff = self._tx.session.get(Tariff, code)
        if tariff is None:
            raise NotFound("tariff", code[:40])
        return tariff

    def save(self, code: str, *, scope: str, limit_bytes: int | None) -> Tariff:
        """Add a tariff, or edit it for all companies that have it, at once. For operators."""
        require_operator(self._tx.actor, "editing tariffs")
        code = clean_line("code", code)
        if len(code) > 40:
            raise Invalid("code", "40 characters at most")
        if scope not in ("company", "user", "unlimited"):
            raise Invalid("scope", "company, user or unlimited")
        if scope == "unlimited":
            limit_bytes = None
        elif limit_bytes is None or not 0 <= limit_bytes < 2**62:
            raise Invalid("limit_bytes", "a number of bytes")
        session = self._tx.session
        tariff = session.merge(Tariff(code=code, scope=scope, limit_bytes=limit_bytes))
        session.flush()
        session.execute(
            update(CompanyUsage)
            .where(CompanyUsage.tariff_code == code)
            .values(scope=scope, limit_bytes=limit_bytes)
            .execution_options(synchronize_session=False)
        )
        return tariff

    def change(self, code: str, *, company: Company | None = None, dry_run: bool = False) -> TariffChange:
        """Put a company (the actor's own) on a tariff, at once; with `dry_run` only tell who would be
        over. For its administrators, and for operators."""
        company_id = self._company_id(company)
        tariff = self.get(code)
        session = self._tx.session
        if not dry_run:
            session.execute(
                update(CompanyUsage)
                .where(CompanyUsage.company_id == company_id)
                .values(tariff_code=tariff.code, scope=tariff.scope, limit_bytes=tariff.limit_bytes)
                .execution_options(synchronize_session=False)
            )
            if self._tx.actor is not None and self._tx.actor.company_id == company_id:
                self._tx.audit.record("company.tariff_changed", "company", company_id, tariff=tariff.code)
        return TariffChange(tariff.code, not dry_run, list(_over(session, company_id, tariff)))

    def quota(self) -> Quota:
        """What the actor may still store."""
        return read_quota(self._tx.session, self._tx.require_actor())

    def usage(self, company: Company | None = None) -> tuple[CompanyUsage, Usage]:
        """A company's tariff row and its usage. For its administrators, and for operators."""
        company_id = self._company_id(company)
        row = self._tx.session.get_one(CompanyUsage, company_id, populate_existing=True)
        reserved = _reserved(self._tx.session, Intent.company_id == company_id)
        return row, Usage(row.held_bytes - reserved, reserved)

    def of_companies(self, companies: Iterable[Company]) -> dict[int, CompanyUsage]:
        """The tariff rows of companies, by company id, in one statement. For operators."""
        require_operator(self._tx.actor, "other companies' tariffs")
        ids = [company.id for company in companies]
        rows = self._tx.session.scalars(
            select(CompanyUsage)
            .where(CompanyUsage.company_id.in_(ids))
            .execution_options(populate_existing=True)
        )
        return {row.company_id: row for row in rows}

    def _company_id(self, company: Company | None) -> int:
        actor = self._tx.actor
        company_id = self._tx.company_id if company is None else company.id
        if actor is not None and actor.company_id == company_id:
            require_admin(actor, "the company's tariff")
        else:
            require_operator(actor, "another company's tariff")
        return company_id


def read_quota(session: Session, actor: Actor) -> Quota:
    """The figures that concern one user, in three statements."""
    company_reserved = (
        select(func.coalesce(func.sum(Intent.size_bytes), 0))
        .where(Intent.company_id == actor.company_id)
        .scalar_subquery()
    )
    user_reserved = (
        select(func.coalesce(func.sum(Intent.size_bytes), 0))
        .where(Intent.user_id == actor.user_id)
        .scalar_subquery()
    )
    row = session.execute(
        select(
            CompanyUsage.tariff_code,
            CompanyUsage.scope,
            CompanyUsage.limit_bytes,
            CompanyUsage.held_bytes,
            UserUsage.held_bytes,
            company_reserved,
            user_reserved,
        )
        .join(UserUsage, UserUsage.company_id == CompanyUsage.company_id)
        .where(CompanyUsage.company_id == actor.company_id, UserUsage.user_id == actor.user_id)
    ).one_or_none()
    if row is None:
        raise NotFound("user", actor.user_id)
    code, scope, limit_bytes, company_held, user_held, of_company, of_user = row
    trash_bytes, purgeable_bytes = _trash(session, actor, own_only=scope == "user")
    return Quota(
        code,
        scope,
        limit_bytes,
        # PostgreSQL's sums are decimals.
        Usage(company_held - int(of_company), int(of_company)),
        Usage(user_held - int(of_user), int(of_user)),
        trash_bytes,
        purgeable_bytes,
    )


def _trash(session: Session, actor: Actor, *, own_only: bool) -> tuple[int, int]:
    """The bytes in the trash, and those of them that the actor may purge."""
    is_own = Version.uploaded_by_id == actor.user_id
    counted = func.sum(Version.size_bytes).filter(is_own) if own_only else func.sum(Version.size_bytes)
    rows = session.execute(
        select(func.coalesce(counted, 0), func.count().filter(~is_own))
        .join(Document, Document.id == Version.document_id)
        .where(Document.company_id == actor.company_id, Document.trashed_at.is_not(None))
        .group_by(Document.id)
    ).all()
    total = sum(int(size) for size, _ in rows)
    return total, sum(int(size) for size, others in rows if actor.is_admin or not others)


def _over(session: Session, company_id: int, tariff: Tariff) -> list[Over]:
    if tariff.limit_bytes is None:
        return []
    if tariff.scope == "company":
        held = session.scalars(
            select(CompanyUsage.held_bytes).where(CompanyUsage.company_id == company_id)
        ).one()
        used = held - _reserved(session, Intent.company_id == company_id)
        return [Over("company", None, used, tariff.limit_bytes)] if used > tariff.limit_bytes else []
    reserved = (
        select(func.coalesce(func.sum(Intent.size_bytes), 0))
        .where(Intent.user_id == UserUsage.user_id)
        .correlate(UserUsage)
        .scalar_subquery()
    )
    used_bytes = UserUsage.held_bytes - reserved
    rows = session.execute(
        select(User, used_bytes)
        .join(UserUsage, UserUsage.user_id == User.id)
        .where(UserUsage.company_id == company_id, used_bytes > tariff.limit_bytes)
        .order_by(used_bytes.desc())
    )
    return [Over("user", user, int(used), tariff.limit_bytes) for user, used in rows]


def _reserved(session: Session, whose: object) -> int:
    return int(
        session.scalar(select(func.coalesce(func.sum(Intent.size_bytes), 0)).where(whose)) or 0  # type: ignore[arg-type]
    )
