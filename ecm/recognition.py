"""Texts of scans and photos: a slow job of its own, so that nobody's search waits for it."""

from __future__ import annotations

from sqlalchemy import insert

from ecm import clock
from ecm.database import Database
from ecm.extraction.pool import ExtractionPool
from ecm.models import OutboxTask, Version
from ecm.storage.interface import Storage
from ecm.version_texts import keep_text, read_text


class Recognition:
    """Reads versions whose text was found to be in pictures. `extraction` is a pool for this alone."""

    def __init__(self, database: Database, storage: Storage, extraction: ExtractionPool) -> None:
        self._database = database
        self._storage = storage
        self._extraction = extraction

    def recognize(self, company_id: int, version_id: int) -> None:
        """Read a version with all its pictures, keep the text, and have search learn of it. Nothing happens
        when it is gone, or was read meanwhile."""
        with self._database.transaction() as session:
            version = session.get(Version, version_id)
        if version is None or version.company_id != company_id or version.text_state != "recognizing":
            return
        extraction = read_text(self._storage, self._extraction, version, recognize=True)
        with self._database.transaction() as session:
            if keep_text(session, version, extraction):
                session.execute(
                    insert(OutboxTask).values(
                        company_id=company_id, document_id=version.document_id, created_at=clock.now()
                    )
                )
