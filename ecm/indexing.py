"""From the outbox into the index: each task makes one document's entry true.

A company's tasks are worked off by whoever holds its lease, in groups of one commit each. Tasks are
idempotent and done at least once: they are deleted after the index has committed.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, insert, literal, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import contains_eager, selectinload

from ecm import clock
from ecm.access import COMPANY_TERM
from ecm.database import Database, insert_or
from ecm.errors import DatabaseBusy
from ecm.extraction.interface import Extraction
from ecm.extraction.pool import ExtractionPool
from ecm.media_types import format_of
from ecm.models import Company, Document, IndexQueue, OutboxTask, Version, VersionText
from ecm.paging import TOTAL_CAP
from ecm.search.errors import IndexBusy, IndexDamaged
from ecm.search.interface import Entry, EntryCard, SearchEngine
from ecm.storage.errors import StorageError
from ecm.storage.interface import CHUNK_BYTES, Storage

logger = logging.getLogger(__name__)

BATCH = 200
EXTRACT_FOR_S = 0.5
"""A group is committed once this much time went into extraction, so that a slow file keeps few waiting."""
LEASE_S = 10
"""How soon another worker takes over from one that died; one that lives renews it as long as it works."""
RETRY_FIRST_S, RETRY_MOST_S = 1, 300
RETRY_BUSY_S = 0.2
CHECK = 0
"""A task with this instead of a document asks for a check of the index itself."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far search is behind: all changes up to `indexed_up_to` are found, `pending` documents wait."""

    indexed_up_to: datetime
    pending: int


class Indexing:
    """Keeps every company's index true to the database."""

    def __init__(
        self, database: Database, storage: Storage, engine: SearchEngine, extraction: ExtractionPool
    ) -> None:
        self._database = database
        self._storage = storage
        self._engine = engine
        self._extraction = extraction
        self._checked: set[int] = set()

    def work(self) -> bool:
        """Make one group of one company's entries true. False when nothing was to be done now."""
        token = secrets.token_hex(16)
        company_id = self._claim(token)
        if company_id is None:
            return False
        retry_s: float | None = None
        try:
            with self._renewing(company_id, token):
                self._verify(company_id)
                self._work_off(company_id)
        except IndexBusy:
            retry_s = RETRY_BUSY_S
        except IndexDamaged as error:
            logger.warning("%s; rebuilding it", error)
            self.rebuild(company_id)
        except Exception:
            logger.exception("indexing of company %s failed; it is tried again", company_id)
            retry_s = RETRY_FIRST_S
        self._give_back(company_id, token, retry_s)
        return True

    def rebuild(self, company_id: int) -> int:
        """Drop a company's index and have every document's entry made anew. Returns how many there are."""
        self._engine.drop(str(company_id))
        self._checked.discard(company_id)
        with self._database.transaction() as session:
            documents = select(
                Document.company_id, Document.id, literal(clock.now(), OutboxTask.created_at.type)
            )
            result = session.execute(
                insert(OutboxTask).from_select(
                    ["company_id", "document_id", "created_at"],
                    documents.where(Document.company_id == company_id, Document.trashed_at.is_(None)),
                )
            )
            return result.rowcount  # type: ignore[attr-defined,no-any-return]

    def rebuild_missing(self) -> None:
        """Check every company's index against its files and the database; rebuild what is damaged or gone.
        For the start of a worker: what happens to an index while it runs shows in its use."""
        with self._database.transaction() as session:
            company_ids = session.scalars(select(Company.id).order_by(Company.id)).all()
        for company_id in company_ids:
            try:
                self._verify(company_id)
            except IndexDamaged as error:
                logger.warning("%s; rebuilding it", error)
                self.rebuild(company_id)

    def lag(self, company_id: int) -> Lag:
        """How far a company's index is behind its database."""
        with self._database.transaction() as session:
            waiting = (
                select(OutboxTask.document_id, func.min(OutboxTask.created_at).label("since"))
                .where(OutboxTask.company_id == company_id)
                .group_by(OutboxTask.document_id)
                .limit(TOTAL_CAP)
                .subquery()
            )
            since, pending = session.execute(
                select(func.min(waiting.c.since), func.count(waiting.c.since))
            ).one()
        return Lag(since or clock.now(), pending)

    def has_work(self) -> bool:
        """Whether any company's entries wait to be made true."""
        with self._database.transaction() as session:
            return session.scalar(select(OutboxTask.id).limit(1)) is not None

    def request_check(self, company_id: int) -> None:
        """Have a worker check a company's index, and rebuild it when it cannot be trusted."""
        with self._database.transaction() as session:
            session.add(OutboxTask(company_id=company_id, document_id=CHECK, created_at=clock.now()))

    def _claim(self, token: str) -> int | None:
        """Take the lease of a company that has work, the one that was served longest ago first."""
        now = clock.now()
        free = or_(IndexQueue.lease_until.is_(None), IndexQueue.lease_until < now)
        due = or_(IndexQueue.retry_at.is_(None), IndexQueue.retry_at <= now)
        with self._database.transaction() as session:
            waiting = select(OutboxTask.company_id).distinct().subquery()
            candidates = session.execute(
                select(waiting.c.company_id, IndexQueue.company_id)
                .join(IndexQueue, IndexQueue.company_id == waiting.c.company_id, isouter=True)
                .where(or_(IndexQueue.company_id.is_(None), free & due))
                .order_by(IndexQueue.served_at.nulls_first())
                .limit(10)
            ).all()
        for company_id, queued in candidates:
            with self._database.transaction() as session:
                if queued is None:
                    row = insert_or(session, IndexQueue).values(
                        company_id=company_id, served_at=now, failures=0
                    )
                    session.execute(row.on_conflict_do_nothing())
                claimed = session.execute(
                    update(IndexQueue)
                    .where(IndexQueue.company_id == company_id, free)
                    .values(lease_token=token, lease_until=now + timedelta(seconds=LEASE_S), served_at=now)
                    .returning(IndexQueue.company_id)
                    .execution_options(synchronize_session=False)
                ).one_or_none()
            if claimed is not None:
                return int(company_id)
        return None

    @contextmanager
    def _renewing(self, company_id: int, token: str) -> Iterator[None]:
        """Keep the lease meanwhile, from a thread of its own: one slow file may take longer than it."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(LEASE_S / 3):
                try:
                    self._renew(company_id, token)
                except (DBAPIError, DatabaseBusy):
                    logger.warning("the lease of company %s could not be renewed", company_id, exc_info=True)

        thread = threading.Thread(target=renew, name="ecm-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _renew(self, company_id: int, token: str) -> None:
        with self._database.transaction() as session:
            session.execute(
                update(IndexQueue)
                .where(IndexQueue.company_id == company_id, IndexQueue.lease_token == token)
                .values(lease_until=clock.now() + timedelta(seconds=LEASE_S))
                .execution_options(synchronize_session=False)
            )

    def _give_back(self, company_id: int, token: str, retry_s: float | None) -> None:
        with self._database.transaction() as session:
            row = session.scalar(
                select(IndexQueue).where(IndexQueue.company_id == company_id, IndexQueue.lease_token == token)
            )
            if row is None:
                return
            row.lease_token = row.lease_until = None
            if retry_s is None or retry_s == RETRY_BUSY_S:
                row.failures = 0
            else:
                retry_s = min(retry_s * 2 ** min(row.failures, 10), RETRY_MOST_S)
                row.failures += 1
            row.retry_at = None if retry_s is None else clock.now() + timedelta(seconds=retry_s)

    def _verify(self, company_id: int) -> None:
        """Once a company and process: IndexDamaged when the index is not what was written, or is gone."""
        if company_id in self._checked:
            return
        company = str(company_id)
        self._engine.check(company)
        if next(self._engine.ids(company), None) is None and self._has_indexed_documents(company_id):
            raise IndexDamaged(company, "it is empty")
        self._checked.add(company_id)

    def _has_indexed_documents(self, company_id: int) -> bool:
        waiting = select(OutboxTask.document_id).where(OutboxTask.company_id == company_id)
        with self._database.transaction() as session:
            found = session.scalar(
                select(Document.id)
                .where(
                    Document.company_id == company_id,
                    Document.trashed_at.is_(None),
                    Document.id.not_in(waiting),
                )
                .limit(1)
            )
        return found is not None

    def _work_off(self, company_id: int) -> None:
        with self._database.transaction() as session:
            tasks = session.execute(
                select(OutboxTask.id, OutboxTask.document_id)
                .where(OutboxTask.company_id == company_id)
                .order_by(OutboxTask.id)
                .limit(BATCH)
            ).all()
        document_ids = list(dict.fromkeys(document_id for _, document_id in tasks))
        if CHECK in document_ids:
            self._checked.discard(company_id)
            self._verify(company_id)
        ready = self._extract(company_id, document_ids)
        self._engine.write(
            str(company_id), self._entries(company_id, ready), removed=[str(id) for id in ready]
        )
        done = [id for id, document_id in tasks if document_id in ready]
        with self._database.transaction() as session:
            session.execute(delete(OutboxTask).where(OutboxTask.id.in_(done)))

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
        extraction = self._text_of(version)
        with self._database.transaction() as session:
            kept = session.execute(
                update(Version)
                .where(Version.id == version.id)
                .values(text_state=extraction.state, text_reason=extraction.reason or None)
                .returning(Version.id)
                .execution_options(synchronize_session=False)
            ).one_or_none()
            if kept is not None and extraction.text:
                row = insert_or(session, VersionText).values(
                    version_id=version.id, company_id=version.company_id, text=extraction.text
                )
                session.execute(
                    row.on_conflict_do_update(index_elements=["version_id"], set_={"text": extraction.text})
                )

    def _text_of(self, version: Version) -> Extraction:
        with tempfile.TemporaryDirectory(prefix="ecm-extract-") as folder:
            path = Path(folder) / "document"
            try:
                with self._storage.open(version.storage_key) as reader, path.open("wb") as file:
                    shutil.copyfileobj(reader, file, CHUNK_BYTES)
            except StorageError as error:
                if error.code != "blob_not_found":
                    raise
                return Extraction(state="failed", text="", reason="missing")
            return self._extraction.extract(path, version.media_type, version.filename)

    def _entries(self, company_id: int, document_ids: set[int]) -> Iterator[Entry]:
        """The entries of those documents that are to be found, read once the index is locked."""
        ids = sorted(document_ids)
        with self._database.transaction() as session:
            for start in range(0, len(ids), 50):
                rows = session.execute(
                    select(Document, VersionText.text)
                    .join(
                        Version,
                        (Version.document_id == Document.id) & (Version.number == Document.current_version),
                    )
                    .join(VersionText, VersionText.version_id == Version.id, isouter=True)
                    .where(
                        Document.company_id == company_id,
                        Document.id.in_(ids[start : start + 50]),
                        Document.trashed_at.is_(None),
                    )
                    .options(contains_eager(Document.current), selectinload(Document.cards))
                )
                for document, text in rows:
                    yield _entry(document, text or "")


def _entry(document: Document, text: str) -> Entry:
    version = document.current
    return Entry(
        id=str(document.id),
        title=document.title,
        filename=version.filename,
        text=text,
        kind=document.kind,
        tags=tuple(document.tags),
        cards=tuple(EntryCard(str(card.id), card.kind, card.title) for card in document.cards),
        uploaded_by=str(version.uploaded_by_id),
        uploaded_at=version.uploaded_at,
        media_type=version.media_type,
        format=format_of(version.media_type, version.filename),
        visible_to=frozenset({COMPANY_TERM}),
    )
