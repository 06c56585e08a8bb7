"""The condition of an installation: whether its parts answer, and the figures that tell of trouble."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from ecm.database import count_capped
from ecm.models import CompanyUsage, OutboxTask
from ecm.paging import TOTAL_CAP
from ecm.staging import company_prefix
from ecm.storage.errors import NotFound

if TYPE_CHECKING:
    from ecm.app import Ecm


@dataclass(frozen=True, slots=True)
class Figures:
    """`pending` changes wait to be seen by search, counted up to 10,000; `held_bytes` of all companies."""

    pending: int
    held_bytes: int


def probe(app: Ecm) -> dict[str, Exception | None]:
    """Ask the database, the storage and the index something small: what each answers with, if an error."""

    def ask_database() -> None:
        with app.database.transaction() as session:
            session.execute(select(1))

    def ask_storage() -> None:
        try:
            app.storage.stat(company_prefix(0) + "nothing")
        except NotFound:
            return

    parts = {"database": ask_database, "storage": ask_storage, "index": app.finding.probe}
    return {part: _error_of(ask) for part, ask in parts.items()}


def measure(app: Ecm) -> Figures:
    """The figures, in two cheap statements."""
    with app.database.transaction() as session:
        pending, _ = count_capped(session, select(OutboxTask.id), TOTAL_CAP)
        held_bytes = session.scalar(select(func.sum(CompanyUsage.held_bytes)))
    return Figures(pending, int(held_bytes or 0))


def _error_of(ask: Callable[[], None]) -> Exception | None:
    try:
        ask()
    except Exception as error:  # noqa: BLE001 - whatever it is, this part does not answer
        return error
    return None
