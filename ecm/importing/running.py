"""Running imports in the background: some rows a transaction, each row once, whoever dies meanwhile."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Final

from sqlalchemy import nulls_first, or_, select, update
from sqlalchemy.orm import Session

from ecm import clock
from ecm.access import Actor
from ecm.database import Database
from ecm.importing.rows import RowReader
from ecm.models import Import, ImportRow, User
from ecm.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)

CHUNK_ROWS: Final = 50
CHUNK_S: Final = 0.1
"""After so long a transaction ends, whatever is left of its rows: on SQLite everybody who writes waits."""
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
        """Do some rows of one import, in one transaction: their cards and that they are done are kept
        together, or neither. Imports take turns. False when there is nothing to do."""
        free = or_(Import.lease_until.is_(None), Import.lease_until <= clock.now())
        with self._database.transaction() as session:
            query = select(Import.id).where(Import.state == "running", free)
            order = (nulls_first(Import.lease_until), Import.id)
            import_id = session.scalar(query.order_by(*order).limit(1))
        if import_id is None:
            return False
        if self._hold(import_id):
            with self._database.transaction() as session:
                self._work_on(session, import_id)
        return True

    def _hold(self, import_id: int) -> bool:
        """Keep the others away, so that they don't wait for this one; False: somebody else was faster."""
        now = clock.now()
        with self._database.transaction() as session:
            free = or_(Import.lease_until.is_(None), Import.lease_until <= now)
            claim = update(Import).where(Import.id == import_id, Import.state == "running", free)
            return session.scalar(claim.values(lease_until=now + LEASE).returning(Import.id)) is not None

    def _work_on(self, session: Session, import_id: int) -> None:
        # Written first, so that on either database whoever comes after a lease that has ended waits here for
        # the end of this transaction, and then finds other rows. Now is the end of the lease: imports take
        # turns by it.
        claim = update(Import).where(Import.id == import_id, Import.state == "running")
        given = session.scalar(claim.values(lease_until=clock.now()).returning(Import))
        if given is None:
            return
        user = session.get(User, given.user_id)
        assert user is not None
        tx = UnitOfWork(session, Actor.of(user))
        if user.disabled_at is not None:
            tx.imports.stop(given)
        elif not self._take_rows(tx, given):
            given.state, given.finished_at = "done", clock.now()
            tx.audit.record("import.done", "import", given.id, kind=given.card_kind, rows=given.rows_total)
            logger.info("import %s is done: %s rows", given.id, given.rows_total)

    def _take_rows(self, tx: UnitOfWork, given: Import) -> bool:
        """Make cards of the next rows. False when there were none."""
        waiting = (
            select(ImportRow)
            .where(ImportRow.import_id == given.id, ImportRow.state == "waiting")
            .order_by(ImportRow.number)
        )
        rows = tx.session.scalars(waiting.limit(CHUNK_ROWS)).all()
        reader = RowReader(tx, given.card_kind, given.mapping, given.duplicates)
        end = time.monotonic() + CHUNK_S
        for row in rows:
            outcome = reader.take(row.cells)
            row.state = outcome.state
            row.card_id = outcome.card.id if outcome.card else None
            row.errors = [list(error) for error in outcome.errors]
            if outcome.card:
                row.cells = []
            if time.monotonic() > end:
                break
        return bool(rows)
