"""Counters beside what they count: found wrong in one statement, set right in one statement."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, Subquery, func, select, union_all, update
from sqlalchemy.orm import Session, aliased

from ecm.models import CompanyUsage, Intent, UserUsage, Version


@dataclass(frozen=True, slots=True)
class Miscount:
    """A counter that says `held_bytes` where the rows that it counts sum up to `sum_bytes`."""

    id: int
    held_bytes: int
    sum_bytes: int


def find_miscounts(session: Session, company_id: int) -> tuple[list[Miscount], list[Miscount]]:
    """The counter of a company if it is wrong, and those of its users that are.

    Whoever moves bytes changes counter and rows in one transaction, so that one statement, which sees
    one state of both, is never misled by work under way.
    """
    total = _sum_of_company(company_id)
    company = select(CompanyUsage.company_id, CompanyUsage.held_bytes, total).where(
        CompanyUsage.company_id == company_id, CompanyUsage.held_bytes != total
    )
    sums = _sums_of_users(company_id)
    users = (
        select(UserUsage.user_id, UserUsage.held_bytes, sums.c.sum_bytes)
        .join(sums, sums.c.user_id == UserUsage.user_id)
        .where(UserUsage.held_bytes != sums.c.sum_bytes)
        .order_by(UserUsage.user_id)
    )
    return _read(session, company), _read(session, users)


def count_anew(session: Session, company_id: int) -> None:
    """Set the counters of a company and its users to the sums of their rows, within the caller's transaction.

    The rows are locked first, in the order of every reserve: a statement that has to wait for one would go
    on to count by what it saw before.
    """
    session.execute(
        select(CompanyUsage.company_id).where(CompanyUsage.company_id == company_id).with_for_update()
    )
    session.execute(
        select(UserUsage.user_id)
        .where(UserUsage.company_id == company_id)
        .order_by(UserUsage.user_id)
        .with_for_update()
    )
    session.execute(
        update(CompanyUsage)
        .where(CompanyUsage.company_id == company_id)
        .values(held_bytes=_sum_of_company(company_id))
        .execution_options(synchronize_session=False)
    )
    sums = _sums_of_users(company_id)
    session.execute(
        update(UserUsage)
        .where(UserUsage.user_id == sums.c.user_id, UserUsage.held_bytes != sums.c.sum_bytes)
        .values(held_bytes=sums.c.sum_bytes)
        .execution_options(synchronize_session=False)
    )


def _read(session: Session, query: Select[int, int, int]) -> list[Miscount]:
    return [Miscount(id, held_bytes, int(sum_bytes)) for id, held_bytes, sum_bytes in session.execute(query)]


def _held_rows(company_id: int) -> Subquery:
    """All that a company holds, each with whose it is: versions, in the trash or not, and intents."""
    return union_all(
        select(Version.uploaded_by_id.label("user_id"), Version.size_bytes).where(
            Version.company_id == company_id
        ),
        select(Intent.user_id, Intent.size_bytes).where(Intent.company_id == company_id),
    ).subquery()


def _sum_of_company(company_id: int) -> ColumnElement[int]:
    rows = _held_rows(company_id)
    return select(func.coalesce(func.sum(rows.c.size_bytes), 0)).scalar_subquery()


def _sums_of_users(company_id: int) -> Subquery:
    """Of each user of a company, those without a row too."""
    rows, usage = _held_rows(company_id), aliased(UserUsage)
    return (
        select(usage.user_id, func.coalesce(func.sum(rows.c.size_bytes), 0).label("sum_bytes"))
        .join(rows, rows.c.user_id == usage.user_id, isouter=True)
        .where(usage.company_id == company_id)
        .group_by(usage.user_id)
        .subquery()
    )
