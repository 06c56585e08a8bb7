"""Imports: a table is read, its columns are mapped, what would happen is shown, and then it happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select, update

from ecm import clock
from ecm.access import require_may_create
from ecm.cards.kinds import KINDS
from ecm.errors import ImportStarted, Invalid, NotFound
from ecm.ids import parse_id
from ecm.importing import columns
from ecm.importing.rows import Outcome, RowReader
from ecm.importing.tables import read_table
from ecm.models import Base, Import, ImportRow
from ecm.paging import Page, paginate
from ecm.texts import clean_filename

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

PREVIEWED_ROWS: Final = 100
"""So many rows are tried at once: on SQLite everybody else who writes waits for that."""
DUPLICATES: Final = ("skip", "update", "create")
STATES: Final = ("waiting", "made", "updated", "skipped", "refused")
_ROWS = Base.metadata.tables[ImportRow.__tablename__]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of an import's rows came to which state."""

    total: int
    waiting: int
    made: int
    updated: int
    skipped: int
    refused: int

    @property
    def done(self) -> int:
        """How many rows are not waiting any more."""
        return self.total - self.waiting


@dataclass(frozen=True, slots=True)
class PreviewedRow:
    """What would become of a row: nothing was written."""

    number: int
    cells: list[str]
    outcome: Outcome


class Imports:
    """The imports of the actor's company, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def read(self, kind: str, path: Path, filename: str) -> Import:
        """Keep the table in a file, its columns mapped as their names tell; nothing is made of it yet.
        Invalid: no such kind, or no such table; Forbidden: the actor may not make such cards."""
        actor = self._tx.require_actor()
        if kind not in KINDS:
            raise Invalid("kind", "one of " + ", ".join(KINDS))
        require_may_create(actor, kind)
        table = read_table(path, filename)
        made = Import(
            company_id=actor.company_id,
            user_id=actor.user_id,
            card_kind=kind,
            filename=clean_filename(filename),
            state="read",
            header=table.header,
            mapping=columns.guess(self._tx, kind, table.header),
            duplicates="skip",
            rows_total=len(table.rows),
            created_at=clock.now(),
        )
        self._tx.session.add(made)
        self._tx.session.flush()
        common = {"import_id": made.id, "company_id": made.company_id, "state": "waiting", "errors": []}
        rows = [{**common, "number": number, "cells": cells} for number, cells in table.rows]
        self._tx.session.execute(insert(_ROWS), rows)
        return made

    def get(self, id: int | str) -> Import:
        """An import of the actor's own, or for an administrator any of the company's. NotFound."""
        actor = self._tx.require_actor()
        found = self._tx.session.get(Import, parse_id("import", id))
        if found is None or found.company_id != actor.company_id:
            raise NotFound("import", id)
        if found.user_id != actor.user_id and not actor.is_admin:
            raise NotFound("import", id)
        return found

    def list(self, *, page: int = 1, per_page: int = 50) -> Page[Import]:
        """The actor's imports, the latest first."""
        actor = self._tx.require_actor()
        query = select(Import).where(Import.company_id == actor.company_id, Import.user_id == actor.user_id)
        return paginate(self._tx.session, query.order_by(Import.id.desc()), page, per_page)

    def update(
        self,
        given: Import,
        *,
        mapping: Sequence[str | None] | None = None,
        duplicates: str | None = None,
    ) -> Import:
        """Say which field each column goes to (None: nowhere), and what becomes of rows whose card is there
        already. Invalid; ImportStarted."""
        self._require_waiting(given)
        if mapping is not None:
            columns.check(self._tx, given.card_kind, given.header, mapping)
            given.mapping = list(mapping)
        if duplicates is not None:
            if duplicates not in DUPLICATES:
                raise Invalid("duplicates", "one of " + ", ".join(DUPLICATES))
            given.duplicates = duplicates
        self._tx.session.flush()
        return given

    def preview(
        self, given: Import, *, after: int = 0, limit: int = PREVIEWED_ROWS
    ) -> Sequence[PreviewedRow]:
        """What would become of the first rows, or of those after the one of that number. Each is made as it
        would be, and all are taken back. Invalid: the columns don't suffice; ImportStarted; Forbidden."""
        self._require_waiting(given)
        require_may_create(self._tx.require_actor(), given.card_kind)
        columns.check(self._tx, given.card_kind, given.header, given.mapping)
        if not 1 <= limit <= PREVIEWED_ROWS:
            raise Invalid("limit", f"a number from 1 to {PREVIEWED_ROWS}")
        query = select(ImportRow.number, ImportRow.cells).where(
            ImportRow.import_id == given.id, ImportRow.number > after
        )
        rows = self._tx.session.execute(query.order_by(ImportRow.number).limit(limit)).all()
        reader = RowReader(self._tx, given.card_kind, given.mapping, given.duplicates)
        attempt = self._tx.session.begin_nested()
        try:
            return [PreviewedRow(number, cells, reader.take(cells)) for number, cells in rows]
        finally:
            attempt.rollback()

    def start(self, given: Import) -> None:
        """Have the rows made into cards, in the background. Invalid: the columns don't suffice;
        ImportStarted; Forbidden."""
        self._require_waiting(given)
        require_may_create(self._tx.require_actor(), given.card_kind)
        columns.check(self._tx, given.card_kind, given.header, given.mapping)
        starting = update(Import).where(Import.id == given.id, Import.state == "read")
        if self._tx.session.scalar(starting.values(state="running").returning(Import.id)) is None:
            raise ImportStarted(given.id)
        self._tx.audit.record("import.started", "import", given.id, kind=given.card_kind)
        self._tx.session.flush()

    def progress(self, given: Import) -> Progress:
        """How far an import has come."""
        query = (
            select(ImportRow.state, func.count())
            .where(ImportRow.import_id == given.id)
            .group_by(ImportRow.state)
        )
        counts = {state: count for state, count in self._tx.session.execute(query)}  # noqa: C416
        return Progress(given.rows_total, *(counts.get(state, 0) for state in STATES))

    def rows(
        self, given: Import, state: str = "refused", *, page: int = 1, per_page: int = 50
    ) -> Page[ImportRow]:
        """The rows that came to a state, by default those that were refused, with what is wrong with each.
        Invalid."""
        if state not in STATES:
            raise Invalid("state", "one of " + ", ".join(STATES))
        query = select(ImportRow).where(ImportRow.import_id == given.id, ImportRow.state == state)
        return paginate(self._tx.session, query.order_by(ImportRow.number), page, per_page)

    def stop(self, given: Import) -> None:
        """Leave the rows that wait as they are; what was made stays. Idempotent."""
        stopping = update(Import).where(Import.id == given.id, Import.state == "running")
        self._tx.session.execute(stopping.values(state="done", finished_at=clock.now()))
        self._tx.session.refresh(given)

    def delete(self, given: Import) -> None:
        """Forget an import and its rows; the cards made stay. ImportStarted while it runs."""
        waiting = delete(Import).where(Import.id == given.id, Import.state != "running")
        session = self._tx.session
        with session.begin_nested():
            session.execute(delete(ImportRow).where(ImportRow.import_id == given.id))
            if session.scalar(waiting.returning(Import.id)) is None:
                raise ImportStarted(given.id)

    def _require_waiting(self, given: Import) -> None:
        if given.state != "read":
            raise ImportStarted(given.id)
