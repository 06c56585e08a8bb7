"""From the outbox into the index: each task makes one document's entry true.

A company's tasks are worked off by whoever holds its lease, in groups of one commit each. Tasks are
idempotent and done at least once: they are deleted after the index has committed.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, insert, literal, or_, select, true, update
from sqlalchemy.orm import Session, contains_eager, selectinload

from ecm import clock
from ecm.access import COMPANY_TERM
from ecm.database import Database, insert_or
from ecm.extraction.pool import ExtractionPool
from ecm.jobs import add_job
from ecm.media_types import format_of
from ecm.models import Company, Document, IndexQueue, OutboxTask, Version, VersionText
from ecm.paging import TOTAL_CAP
from ecm.renewing import renewing
from ecm.search.errors import IndexBusy, IndexDamaged
from ecm.search.interface import Entry, EntryCard, SearchEngine
from ecm.storage.interface import Storage
from ecm.version_texts import keep_text, read_text

logger = logging.getLogger(__name__)

BATCH = 200
ENTRIES_READ = 20
EXTRACT_FOR_S = 0.3
"""A group is committed once this much time went into extraction, so that a slow file keeps few waiting."""
LEASE_S = 10
"""How soon another worker takes over from one that died; one that lives renews it as long as it works."""
WRITE_FOR_S = 0.5
"""A group ends once this much time went into its entries: other companies wait for their turn."""
WAIT_POLL_S = 0.02
RETRY_FIRST_S, RETRY_MOST_S = 1, 300
RETRY_BUSY_S = 0.2
CHECK = 0
"""A task with this instead of a document asks for a check of the index itself."""


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
        self._checked: set[int] = set()
        self._verified = 0

    def work(self) -> bool:
        """Make one group of one company's entries true. False when nothing was to be done now."""
        token = secrets.token_hex(16)
        company_id = self._claim(token)
        if company_id is None:
            return False
        retry_s: float | None = None
        try:
            with renewing(lambda: self._renew(company_id, token), lease_s=LEASE_S):
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
        """Drop a company's index and have every document's entry made anew, the newest first. Returns how
        many there are. IndexBusy."""
        self._engine.drop(str(company_id))
        self._checked.discard(company_id)
        with self._database.transaction() as session:
            count = _enqueue(session, Document.company_id == company_id)
            last_task = session.scalar(
                select(func.max(OutboxTask.id)).where(OutboxTask.company_id == company_id)
            )
            row = insert_or(session, IndexQueue).values(
                company_id=company_id, served_at=clock.now(), failures=0, rebuild_last_task=last_task
            )
            session.execute(
                row.on_conflict_do_update(
                    index_elements=["company_id"], set_={"rebuild_last_task": last_task}
                )
            )
        return count

    def reextract(self, company_id: int, *, failed_only: bool = False) -> int:
        """Have the text of every document read again, or of those alone that gave none. Returns how many
        documents that are. What search knows of them stays until then."""
        changed = [Version.company_id == company_id, Version.text_state != "pending"]
        if failed_only:
            changed.append(Version.text_state.in_(("failed", "unsupported")))
        with self._database.transaction() as session:
            count = _enqueue(
                session,
                Document.company_id == company_id,
                Document.id.in_(
                    select(Version.document_id).where(*changed, Version.number == Document.current_version)
                ),
            )
            session.execute(
                update(Version)
                .where(*changed)
                .values(text_state="pending")
                .execution_options(synchronize_session=False)
            )
        return count

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

    def _waits(self, condition: ColumnElement[bool]) -> bool:
        with self._database.transaction() as session:
            return session.scalar(select(OutboxTask.id).where(condition).limit(1)) is not None

    def verify_next(self) -> bool:
        """Check one more company's index against its files and the database, and rebuild one that is damaged
        or gone; False when each was looked at. What happens to an index later shows in its use."""
        with self._database.transaction() as session:
            company_id = session.scalar(
                select(Company.id).where(Company.id > self._verified).order_by(Company.id).limit(1)
            )
        if company_id is None:
            return False
        try:
            self._verify(company_id)
        except IndexDamaged as error:
            logger.warning("%s; rebuilding it", error)
            self.rebuild(company_id)
        self._verified = company_id
        return True

    def lag(self, company_id: int) -> Lag:
        """How far a company's index is behind its database."""
        with self._database.transaction() as session:
            waiting = (
                select(OutboxTask.id, OutboxTask.document_id, OutboxTask.created_at)
                .where(OutboxTask.company_id == company_id)
                .order_by(OutboxTask.id)
                .limit(TOTAL_CAP)
                .subquery()
            )
            rebuilt = (
                select(IndexQueue.rebuild_last_task)
                .where(IndexQueue.company_id == company_id)
                .scalar_subquery()
            )
            since, pending, first_task, rebuild_last_task = session.execute(
                select(
                    func.min(waiting.c.created_at),
                    func.count(waiting.c.document_id.distinct()),
                    func.min(waiting.c.id),
                    rebuilt,
                )
            ).one()
        rebuilding = None not in (first_task, rebuild_last_task) and first_task <= rebuild_last_task
        return Lag(since or clock.now(), pending, rebuilding)

    def has_work(self) -> bool:
        """Whether any company's entries wait to be made true."""
        return self._waits(true())

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
        tasks = self._next_tasks(company_id)
        document_ids = list(dict.fromkeys(document_id for _, document_id in tasks))
        if CHECK in document_ids:
            self._checked.discard(company_id)
            self._verify(company_id)
        group = _Group(self._database, company_id, self._extract(company_id, document_ids))
        self._engine.write(str(company_id), group.entries(), removed=group.gone())
        done = [id for id, document_id in tasks if document_id in group.done]
        with self._database.transaction() as session:
            session.execute(delete(OutboxTask).where(OutboxTask.id.in_(done)))

    def _next_tasks(self, company_id: int) -> list[tuple[int, int]]:
        """(task, document) of the next group: what people have just changed goes before a rebuild."""
        query = select(OutboxTask.id, OutboxTask.document_id).where(OutboxTask.company_id == company_id)
        with self._database.transaction() as session:
            queue = session.get(IndexQueue, company_id)
            last_task = (queue.rebuild_last_task if queue else None) or 0
            tasks = session.execute(
                query.where(OutboxTask.id > last_task).order_by(OutboxTask.id).limit(BATCH)
            ).all()
            if len(tasks) < BATCH:
                tasks = [
                    *tasks,
                    *session.execute(
                        query.where(OutboxTask.id <= last_task)
                        .order_by(OutboxTask.id)
                        .limit(BATCH - len(tasks))
                    ),
                ]
        return [(task_id, document_id) for task_id, document_id in tasks]

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


class _Group:
    """The documents of one commit, read once the index is locked, so that nothing overtakes what is read.

    `done` are those whose entries are true once it is committed: in a limited time, not always all.
    """

    def __init__(self, database: Database, company_id: int, document_ids: set[int]) -> None:
        self._database = database
        self._company_id = company_id
        self._ids = sorted(document_ids)
        self.done: set[int] = set()

    def gone(self) -> Iterator[str]:
        """The documents that search must forget."""
        with self._database.transaction() as session:
            live = set(
                session.scalars(
                    select(Document.id).where(
                        Document.company_id == self._company_id,
                        Document.id.in_(self._ids),
                        Document.trashed_at.is_(None),
                    )
                )
            )
        self._ids, gone = [id for id in self._ids if id in live], [id for id in self._ids if id not in live]
        for id in gone:
            self.done.add(id)
            yield str(id)

    def entries(self) -> Iterator[Entry]:
        """The entries of the others, until the time of a group is over."""
        started = time.monotonic()
        for start in range(0, len(self._ids), ENTRIES_READ):
            ids = self._ids[start : start + ENTRIES_READ]
            with self._database.transaction() as session:
                rows = session.execute(
                    select(Document, VersionText.text)
                    .join(
                        Version,
                        (Version.document_id == Document.id) & (Version.number == Document.current_version),
                    )
                    .join(VersionText, VersionText.version_id == Version.id, isouter=True)
                    .where(Document.company_id == self._company_id, Document.id.in_(ids))
                    .options(contains_eager(Document.current), selectinload(Document.cards))
                ).all()
            for document, text in rows:
                self.done.add(document.id)
                yield _entry(document, text or "")
            if time.monotonic() - started > WRITE_FOR_S:
                return


def _enqueue(session: Session, *conditions: ColumnElement[bool]) -> int:
    """Have the entries of these documents made anew, the newest first. Returns how many there are."""
    documents = select(Document.company_id, Document.id, literal(clock.now(), OutboxTask.created_at.type))
    result = session.execute(
        insert(OutboxTask).from_select(
            ["company_id", "document_id", "created_at"],
            documents.where(Document.trashed_at.is_(None), *conditions).order_by(Document.id.desc()),
        ),
        execution_options={"preserve_rowcount": True},
    )
    return result.rowcount  # type: ignore[attr-defined,no-any-return]


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
