"""Deleting for good: rows first, bytes after the commit, the quota once the bytes are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from ecm import previews
from ecm.access import may_purge
from ecm.errors import ChangedMeanwhile, Forbidden
from ecm.models import Document, DocumentCard, IdempotentRequest, Upload, Version, VersionText
from ecm.staging import open_dead_intent

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

BATCH = 200


class Purging:
    """What ends documents, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def purge(self, document: Document) -> int:
        """Delete one document; see `Documents.purge`."""
        self._tx.documents.versions.lock(document)
        versions = self._versions(document)
        if not may_purge(self._tx.require_actor(), {version.uploaded_by_id for version in versions}):
            raise Forbidden("deleting for good what others uploaded", "admin")
        return self._delete(document, versions)

    def empty_trash(self) -> tuple[int, int]:
        """Purge what the actor may of the trash; see `Documents.empty_trash`."""
        actor = self._tx.require_actor()
        purged = freed_bytes = last_id = 0
        query = (
            select(Document)
            .where(Document.company_id == actor.company_id, Document.trashed_at.is_not(None))
            .order_by(Document.id)
            .limit(BATCH)
        )
        while documents := self._tx.session.scalars(query.where(Document.id > last_id)).all():
            for document in documents:
                try:
                    self._tx.documents.versions.lock(document)
                except ChangedMeanwhile:  # somebody else was faster
                    continue
                if document.trashed_at is None:
                    continue
                versions = self._versions(document)
                if may_purge(actor, {version.uploaded_by_id for version in versions}):
                    freed_bytes += self._delete(document, versions)
                    purged += 1
            last_id = documents[-1].id
        return purged, freed_bytes

    def _versions(self, document: Document) -> list[Version]:
        return list(
            self._tx.session.scalars(
                select(Version).where(
                    Version.document_id == document.id, Version.company_id == self._tx.company_id
                )
            )
        )

    def _delete(self, document: Document, versions: list[Version]) -> int:
        session = self._tx.session
        version_ids = [version.id for version in versions]
        session.execute(delete(VersionText).where(VersionText.version_id.in_(version_ids)))
        self._tx.field_values.forget_document(document)
        session.execute(delete(DocumentCard).where(DocumentCard.document_id == document.id))
        session.execute(delete(IdempotentRequest).where(IdempotentRequest.document_id == document.id))
        session.execute(update(Upload).where(Upload.document_id == document.id).values(document_id=None))
        session.execute(delete(Version).where(Version.id.in_(version_ids)))
        previews.end(session, versions)
        session.execute(delete(Document).where(Document.id == document.id))
        for version in versions:
            open_dead_intent(
                session,
                company_id=version.company_id,
                user_id=version.uploaded_by_id,
                key=version.storage_key,
                size_bytes=version.size_bytes,
            )
        self._tx.dead_keys += [version.storage_key for version in versions]
        freed_bytes = sum(version.size_bytes for version in versions)
        facts = {"title": document.title, "versions": len(versions), "freed_bytes": freed_bytes}
        self._tx.audit.record("document.purged", "document", document.id, **facts)
        self._tx.documents.enqueue(document.id)
        session.flush()
        return freed_bytes
