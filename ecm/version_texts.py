"""The texts of versions: fetched for reading, and kept when they were read."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from ecm.database import insert_or
from ecm.extraction.interface import Extraction
from ecm.extraction.pool import ExtractionPool
from ecm.models import Version, VersionText
from ecm.search.text_map import make_map
from ecm.storage.errors import NotFound
from ecm.storage.interface import CHUNK_BYTES, Storage


def read_text(
    storage: Storage, extraction: ExtractionPool, version: Version, *, recognize: bool = False
) -> Extraction:
    """What reading a version's file gives; with `recognize` scans are read, too. Bytes that are gone are a
    failure to read; other StorageErrors are raised."""
    with tempfile.TemporaryDirectory(prefix="ecm-extract-") as folder:
        path = Path(folder) / "document"
        try:
            with storage.open(version.storage_key) as reader, path.open("wb") as file:
                shutil.copyfileobj(reader, file, CHUNK_BYTES)
        except NotFound:
            return Extraction(state="failed", text="", reason="missing")
        return extraction.extract(path, version.media_type, version.filename, recognize=recognize)


def keep_text(session: Session, version: Version, extraction: Extraction, state: str | None = None) -> bool:
    """Keep what was read of a version, in place of what was kept before, and the `state` that its text is in
    by that, by default the extraction's own. False when the version is gone."""
    text, text_map = extraction.text, make_map(extraction.text)  # before anything is locked
    there = session.execute(
        update(Version)
        .where(Version.id == version.id)
        .values(text_state=state or extraction.state, text_reason=extraction.reason or None)
        .returning(Version.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if there is None:
        return False
    if text:
        row = insert_or(session, VersionText).values(
            version_id=version.id, company_id=version.company_id, map=text_map, text=text
        )
        session.execute(
            row.on_conflict_do_update(index_elements=["version_id"], set_={"map": text_map, "text": text})
        )
    else:
        session.execute(delete(VersionText).where(VersionText.version_id == version.id))
    return True
