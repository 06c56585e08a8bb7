"""Versions: each one immutable upload of a document's content."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ecm import previews
from ecm.errors import ChangedMeanwhile, NotFound
from ecm.ids import parse_id
from ecm.models import Document, Version
from ecm.paging import Page, paginate
from ecm.staging import StagedFile

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork


class Versions:
    """The versions of documents of the actor's company, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def get(self, document: Document, number: int | str | None = None) -> Version:
        """One version by its number, by default the current one. NotFound."""
        if number is None:
            number = document.current_version
        version = self._tx.session.scalar(
            select(Version).where(
                Version.document_id == document.id,
                Version.company_id == self._tx.company_id,
                Version.number == parse_id("version", number),
            )
        )
        if version is None:
            raise NotFound("version", number)
        return version

    def list(self, document: Document, *, page: int = 1, per_page: int = 50) -> Page[Version]:
        """A document's versions, newest first."""
        query = (
            select(Version)
            .where(Version.document_id == document.id, Version.company_id == self._tx.company_id)
            .order_by(Version.number.desc())
        )
        return paginate(self._tx.session, query, page, per_page)

    def lock(self, document: Document) -> None:
        """Keep others from adding versions to a document, and from purging it, until this transaction ends.
        ChangedMeanwhile when it is gone.

        A write, though it changes nothing: SQLite has no other lock, and begins its transaction here.
        """
        there = self._tx.session.execute(
            update(Document)
            .where(Document.id == document.id, Document.company_id == self._tx.company_id)
            .values(updated_at=Document.updated_at)
            .returning(Document.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if there is None:
            raise ChangedMeanwhile
        self._tx.session.refresh(document, ["current_version", "trashed_at"])

    def insert(self, document: Document, staged: StagedFile, *, number: int, at: datetime) -> Version:
        """The row of a version whose bytes were just taken over. Flushed by the caller."""
        version = Version(
            company_id=document.company_id,
            document_id=document.id,
            number=number,
            size_bytes=staged.size_bytes,
            sha256=staged.sha256,
            media_type=staged.media_type,
            filename=staged.filename,
            storage_key=staged.key,
            uploaded_by_id=staged.user_id,
            uploaded_at=at,
            text_state="pending",
            preview_state=previews.first_state(staged.media_type),
        )
        self._tx.session.add(version)
        return version


def find_any_current(session: Session, document_id: int | str) -> Version:
    """The current version of a document of whichever company. For whoever operates the machine itself,
    who could open the files as well. NotFound."""
    version = session.scalar(
        select(Version)
        .join(Document, (Document.id == Version.document_id) & (Document.current_version == Version.number))
        .where(Document.id == parse_id("document", document_id))
    )
    if version is None:
        raise NotFound("document", document_id)
    return version
