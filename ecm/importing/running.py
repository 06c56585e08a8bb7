"""Running imports in the background: some rows a transaction, each row once, whoever dies meanwhile."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from sqlalchemy import or_, select, update

from ecm import clock
from ecm.access import Actor
from ecm.database import Database
from ecm.importing.rows import RowReader
from ecm.models import Import, ImportRow, User
from ecm.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)

CHUNK_ROWS: Final = 50
LEASE: Final = timedelta(seconds=60)


class ImportRunner:
    """Makes cards from the rows of imports that were started. Any number may run beside each other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def has_work(self) -> bool:
        """Whether an import runs, here or elsewhere."""
        with self._database.transaction() as session:
            return session.scalar(select(Import.id).where(Import.state == "running").limit(1)) is not None

    def work(self) -> bool:
        """Do some rows of the import that waits longest, in one transaction: their cards and that they are
        done are kept together, or neither. False when there is nothing to do."""
        with self._database.transaction() as session:
            free = or_(Import.lease_until.is_(None), Import.lease_until < clock.now())
            query = select(Import.id).where(Import.state == "running", free)
            import_id = session.scalar(query.order_by(Import.lease_until, Import.id).limit(1))
        if import_id is None:
            return False
        with self._database.transaction() as session:
            claimed = session.execute(
                update(Import)
                .where(Import.id == import_id, Import.state == "running", free)
                .values(lease_until=clock.now() + LEASE)
                .returning(Import.id)
            ).one_or_none()
        if claimed is None:
            return True  # somebody else was faster
        with self._database.transaction() as session:
            # Held until the commit: should the lease end before, another waits here, and finds other rows.
            found = session.scalars(select(Import).where(Import.id == import_id).with_for_update()).one()
            self._work_on(UnitOfWork(session, self._actor(session.get(User, found.user_id))), found)
            found.lease_until = None
        return True

    def _work_on(self, tx: UnitOfWork, given: Import) -> None:
        query = (
            select(ImportRow)
            .where(ImportRow.import_id == given.id, ImportRow.state == "waiting")
            .order_by(ImportRow.number)
            .limit(CHUNK_ROWS)
        )
        rows = tx.session.scalars(query).all()
        reader = RowReader(tx, given.card_kind, given.mapping, given.duplicates)
        for row in rows:
            outcome = reader.take(row.cells)
            row.state = outcome.state
            row.card_id = outcome.card.id if outcome.card else None
            row.errors = [list(error) for error in outcome.errors]
        if len(rows) < CHUNK_ROWS:
            given.state, given.finished_at = "done", clock.now()
            tx.audit.record("import.done", "import", given.id, kind=given.card_kind, rows=given.rows_total)
            logger.info("import %s is done: %s rows", given.id, given.rows_total)

    def _actor(self, user: User | None) -> Actor:
        assert user is not None
        return Actor.of(user)
