"""From the outbox into the index: each task makes one document's entry true.

A company's tasks are worked off by whoever holds its lease, in groups of one commit each. Tasks are
idempotent and done at least once: they are deleted after the index has committed.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, select, true

from ecm import clock
from ecm.database import Database
from ecm.extraction.pool import ExtractionPool
from ecm.index_entries import EntryGroup
from ecm.index_turns import LEASE_S, Turns
from ecm.jobs import add_job
from ecm.models import Document, IndexQueue, OutboxTask, Version
from ecm.paging import TOTAL_CAP
from ecm.rebuilding import CHECK, Rebuilding
from ecm.renewing import renewing
from ecm.search.errors import IndexBusy, IndexDamaged
from ecm.search.interface import SearchEngine
from ecm.storage.interface import Storage
from ecm.version_texts import keep_text, read_text

logger = logging.getLogger(__name__)

EXTRACT_FOR_S = 0.3
"""A group is committed once this much time went into extraction, so that a slow file keeps few waiting."""
WAIT_POLL_S = 0.02

# Made once: each search asks for it, and to make it takes longer than to answer it.
_WAITING = (
    select(OutboxTask.id, OutboxTask.document_id, OutboxTask.created_at)
    .where(OutboxTask.company_id == bindparam("of_company"))
    .order_by(OutboxTask.id)
    .limit(TOTAL_CAP)
    .subquery()
)
_LAG = select(
    func.min(_WAITING.c.created_at),
    func.count(_WAITING.c.document_id.distinct()),
    func.min(_WAITING.c.id),
    select(IndexQueue.rebuild_last_task)
    .where(IndexQueue.company_id == bindparam("of_company"))
    .scalar_subquery(),
)


@dataclass(frozen=True, slots=True)
class Lag:
    """How far search is behind: all changes up to `indexed_up_to` are found, `pending` documents wait. While
    the index is `rebuilding`, documents may be missing that were found before."""

    indexed_up_to: datetime
    pending: int
    rebuilding: bool


class Indexing:
    """Keeps every company's index true to the database."""

    def __init__(
        self, database: Database, storage: Storage, engine: SearchEngine, extraction: ExtractionPool
    ) -> None:
        self._database = database
        self._storage = storage
        self._engine = engine
        self._extraction = extraction
        self.turns = Turns(database)
        self.rebuilding = Rebuilding(database, engine)

    def work(self) -> bool:
        """Make one group of one company's entries true. False when nothing was to be done now."""
        token = secrets.token_hex(16)
        company_id = self.turns.take(token)
        if company_id is None:
            return False
        try:
            with renewing(lambda: self.turns.renew(company_id, token), lease_s=LEASE_S):
                done = self._work_off(company_id)
        except IndexBusy:
            self.turns.postpone(company_id, token)
        except Exception:
            logger.exception("indexing of company %s failed; it is tried again", company_id)
            self.turns.fail(company_id, token)
        else:
            self.turns.end(company_id, token, done)
        return True

    def wait(self, company_id: int, timeout_s: float) -> bool:
        """Wait until search knows all that this company has changed so far. False after `timeout_s`: nobody
        may be working, or there is much to do."""
        of_company = OutboxTask.company_id == company_id
        with self._database.transaction() as session:
            last_task = session.scalar(select(func.max(OutboxTask.id)).where(of_company))
        end = time.monotonic() + timeout_s
        while last_task is not None and self._waits(of_company & (OutboxTask.id <= last_task)):
            if time.monotonic() > end:
                return False
            time.sleep(WAIT_POLL_S)
        return True

    def lag(self, company_id: int) -> Lag:
        """How far a company's index is behind its database."""
        with self._database.transaction() as session:
            row = session.execute(_LAG, {"of_company": company_id}).one()
        since, pending, first_task, rebuild_last_task = row
        rebuilding = None not in (first_task, rebuild_last_task) and first_task <= rebuild_last_task
        return Lag(since or clock.now(), pending, rebuilding)

    def has_work(self) -> bool:
        """Whether any company's entries wait to be made true."""
        return self._waits(true())

    def _waits(self, condition: ColumnElement[bool]) -> bool:
        with self._database.transaction() as session:
            return session.scalar(select(OutboxTask.id).where(condition).limit(1)) is not None

    def _work_off(self, company_id: int) -> list[int]:
        """Work off one group. Returns the tasks that are done by that: none when the index had to go."""
        tasks = self.turns.tasks(company_id)
        document_ids = list(dict.fromkeys(document_id for _, document_id in tasks))
        try:
            self.rebuilding.verify(company_id, again=CHECK in document_ids)
            group = EntryGroup(self._database, company_id, self._extract(company_id, document_ids))
            self._engine.write(str(company_id), group.entries(), removed=group.gone())
        except IndexDamaged as error:
            logger.warning("%s; rebuilding it", error)
            self.rebuilding.rebuild(company_id)
            return []
        return [id for id, document_id in tasks if document_id in group.done]

    def _extract(self, company_id: int, document_ids: list[int]) -> set[int]:
        """Extract what of these has no text yet, for a limited time. Returns the documents that are ready."""
        started = time.monotonic()
        ready: set[int] = set()
        with self._database.transaction() as session:
            pending = {
                version.document_id: version
                for version in session.scalars(
                    select(Version)
                    .join(Document, Document.id == Version.document_id)
                    .where(
                        Document.company_id == company_id,
                        Document.id.in_(document_ids),
                        Document.trashed_at.is_(None),
                        Version.number == Document.current_version,
                        Version.text_state == "pending",
                    )
                )
            }
        for document_id in document_ids:
            if document_id in pending:
                if ready and time.monotonic() - started > EXTRACT_FOR_S:
                    break
                self._extract_one(pending[document_id])
            ready.add(document_id)
        return ready

    def _extract_one(self, version: Version) -> None:
        extraction = read_text(self._storage, self._extraction, version)
        state = "recognizing" if extraction.has_scans else None
        with self._database.transaction() as session:
            if not keep_text(session, version, extraction, state):
                return
            if extraction.has_scans:
                add_job(session, "recognize", version.company_id, version.id)
            if version.preview_state == "pending":
                add_job(session, "preview", version.company_id, version.id)
