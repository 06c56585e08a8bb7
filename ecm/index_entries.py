"""What search knows of documents: their entries in the index, read from the database group by group."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, selectinload

from ecm.access import COMPANY_TERM
from ecm.database import Database
from ecm.media_types import format_of
from ecm.models import Document, Version, VersionText
from ecm.search.interface import Entry, EntryCard

READ_AT_ONCE = 20
WRITE_FOR_S = 0.5
"""A group ends once this much time went into its entries: other companies wait for their turn."""


class EntryGroup:
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
        for start in range(0, len(self._ids), READ_AT_ONCE):
            ids = self._ids[start : start + READ_AT_ONCE]
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
