"""Indexes that cannot be trusted, and those that are to be made anew."""

from __future__ import annotations

import logging
import time

from sqlalchemy import ColumnElement, exists, func, insert, literal, select, update
from sqlalchemy.orm import Session

from ecm import clock
from ecm.database import Database, insert_or
from ecm.models import Company, Document, IndexQueue, OutboxTask, Version
from ecm.search.errors import IndexDamaged
from ecm.search.interface import SearchEngine

logger = logging.getLogger(__name__)

VERIFY_EVERY_S = 86_400
CHECK = 0
"""A task with this instead of a document asks for a check of the index itself."""


class Rebuilding:
    """Looks whether indexes are what was written, and queues documents to be indexed or read once more."""

    def __init__(self, database: Database, engine: SearchEngine) -> None:
        self._database = database
        self._engine = engine
        self._checked: set[int] = set()
        self._verified = 0
        self._round_began = time.monotonic()

    def request_check(self, company_id: int) -> None:
        """Have a worker check a company's index, and rebuild it when it cannot be trusted. To be called as
        often as somebody comes upon the damage: only the first call writes anything."""
        waiting = exists().where(OutboxTask.company_id == company_id, OutboxTask.document_id == CHECK)
        with self._database.transaction() as session:
            if not session.scalar(select(waiting)):
                session.add(OutboxTask(company_id=company_id, document_id=CHECK, created_at=clock.now()))

    def verify(self, company_id: int, *, again: bool = False) -> None:
        """Once a company and process, or `again`: IndexDamaged when the index is not what was written, or is
        gone."""
        if company_id in self._checked and not again:
            return
        self._checked.discard(company_id)
        company = str(company_id)
        self._engine.check(company)
        if next(self._engine.ids(company), None) is None and self._has_indexed_documents(company_id):
            raise IndexDamaged(company, "it is empty")
        self._checked.add(company_id)

    def verify_next(self) -> bool:
        """Check one more company's index against its files and the database, and rebuild one that is damaged
        or gone; False when each was looked at, for a day."""
        with self._database.transaction() as session:
            company_id = session.scalar(
                select(Company.id).where(Company.id > self._verified).order_by(Company.id).limit(1)
            )
        if company_id is None:
            if time.monotonic() - self._round_began >= VERIFY_EVERY_S:
                self._verified, self._round_began = 0, time.monotonic()
                self._checked.clear()
            return False
        try:
            self.verify(company_id)
        except IndexDamaged as error:
            logger.warning("%s; rebuilding it", error)
            self.rebuild(company_id)
        self._verified = company_id
        return True

    def rebuild(self, company_id: int) -> int:
        """Have every document's entry made anew, the newest first, while search answers from what of the
        index can be trusted. Returns how many there are. IndexBusy."""
        company = str(company_id)
        self._engine.salvage(company)
        self._checked.discard(company_id)
        kept = set(map(int, self._engine.ids(company)))
        with self._database.transaction() as session:
            count = _enqueue(session, Document.company_id == company_id)
            _enqueue_gone(session, company_id, kept)
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


def _enqueue_gone(session: Session, company_id: int, indexed: set[int]) -> None:
    """Have search forget those of these documents that are not there any more."""
    live = session.scalars(
        select(Document.id).where(Document.company_id == company_id, Document.trashed_at.is_(None))
    )
    rows = [
        {"company_id": company_id, "document_id": id, "created_at": clock.now()}
        for id in sorted(indexed.difference(live))
    ]
    if rows:
        session.execute(insert(OutboxTask), rows)
