"""Pictures of documents' pages: made once, kept in storage, counted against nobody.

The background makes a list's thumbnail and the first page; other pages and widths are drawn when somebody
asks for them first. What storage holds of a version stands under one prefix and goes with the version.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ecm import clock
from ecm.database import Database
from ecm.drawing import Drawing, DrawingBusy, DrawingPool, OfficeConverter
from ecm.drawing.families import OFFICE, is_drawn, is_quick
from ecm.drawing.interface import WIDTHS, Undrawable
from ecm.errors import NoSuchPage, PreviewPending, PreviewUnavailable
from ecm.jobs import add_job
from ecm.models import Version
from ecm.storage.errors import AlreadyExists
from ecm.storage.errors import NotFound as BlobNotFound
from ecm.storage.interface import CHUNK_BYTES, Storage

logger = logging.getLogger(__name__)

FIRST_WIDTHS = WIDTHS[:2]
"""What the background makes of a first page."""
WAIT_S = 5.0
"""How long somebody who asks for a page waits for a drawing process to be free."""
PENDING_MOST = timedelta(minutes=10)
"""A version that is pending longer than this is queued again when somebody asks: its job was given up."""
PREFIX = "previews/"
PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture of a page: a PNG of `width` pixels (narrower where the page is small, or very high)."""

    png: bytes
    page: int
    pages: int
    width: int

    @property
    def etag(self) -> str:
        """What tells this picture from any other."""
        return hashlib.sha256(self.png).hexdigest()[:32]


class Previews:
    """Makes, keeps and hands out the pictures of all companies."""

    def __init__(
        self, database: Database, storage: Storage, drawing: DrawingPool, office: OfficeConverter
    ) -> None:
        self._database = database
        self._storage = storage
        self._drawing = drawing
        self._office = office

    def read(self, version: Version, *, page: int = 1, width: int = 800) -> Preview:
        """The picture of a page (from 1) of a version that the actor was shown, of the next width of WIDTHS.

        PreviewPending: it is being made, ask again; NoSuchPage; PreviewUnavailable tells why there is none;
        Unavailable when storage is away.
        """
        width = next((each for each in WIDTHS if each >= width), WIDTHS[-1])
        if version.preview_state == "pending" and not is_quick(version.media_type):
            self._queue_forgotten(version)
            raise PreviewPending
        if version.preview_state in ("unsupported", "failed"):
            raise PreviewUnavailable(version.preview_state, version.preview_reason or "unsupported")
        pages = version.preview_pages
        if pages is not None:
            if page > pages:
                raise NoSuchPage(page, pages)
            if (png := self._load(picture_key(version, page, width))) is not None:
                return Preview(png, page, pages, width)
        return self._read_drawn(version, page, width)

    def make(self, company_id: int, version_id: int) -> None:
        """Make the first pictures of a version, and say in its row what came of it. A job: nothing to do when
        it is gone, or done. Raises what another try may mend."""
        with self._database.transaction() as session:
            version = _find(session, company_id, version_id)
        if version is not None and version.preview_state == "pending":
            self._draw(version, 1, FIRST_WIDTHS, wait_s=None)

    def forget(self, company_id: int, version_id: int) -> None:
        """Delete all pictures of a version that is gone. A job; idempotent."""
        with self._database.transaction() as session:
            if _find(session, company_id, version_id) is not None:
                return  # the SAVEPOINT that purged it was rolled back
        for blob in self._storage.list(version_prefix(company_id, version_id)):
            self._storage.delete(blob.key)

    def _read_drawn(self, version: Version, page: int, width: int) -> Preview:
        """Draw a page for somebody who waits."""
        widths = sorted({*FIRST_WIDTHS, width}) if page == 1 else [width]
        try:
            drawing, pngs = self._draw(version, page, widths, wait_s=WAIT_S)
        except DrawingBusy:
            raise PreviewPending from None
        if drawing.state != "done":
            raise PreviewUnavailable(drawing.state, drawing.reason)
        if width not in pngs:
            raise NoSuchPage(page, drawing.pages)
        return Preview(pngs[width], page, drawing.pages, width)

    def _draw(
        self, version: Version, page: int, widths: Sequence[int], *, wait_s: float | None
    ) -> tuple[Drawing, dict[int, bytes]]:
        """Draw a page, keep its pictures, and note what came of a first page. Returns pictures by width."""
        pngs: dict[int, bytes] = {}
        with tempfile.TemporaryDirectory(prefix="ecm-preview-") as name:
            folder = Path(name)
            try:
                path, media_type = self._fetch(version, folder)
                drawing = self._drawing.draw(
                    path, media_type, page=page, widths=widths, folder=folder, wait_s=wait_s
                )
            except Undrawable as error:
                is_missing = error.reason == "office_missing"
                drawing = Drawing("unsupported" if is_missing else "failed", 0, error.reason, error.detail)
            for width in widths:
                file = folder / f"{width}.png"
                if drawing.state == "done" and file.is_file():
                    pngs[width] = file.read_bytes()
        for width, png in pngs.items():
            self._keep(picture_key(version, page, width), io.BytesIO(png))
        self._note(version, page, drawing)
        return drawing, pngs

    def _fetch(self, version: Version, folder: Path) -> tuple[Path, str]:
        """A file in `folder` to draw pages of, and its type: the content, or the PDF that is made of it."""
        path = folder / "content"
        if version.media_type not in OFFICE:
            if not self._copy(version.storage_key, path):
                raise Undrawable("missing", "the content is not in storage")
            return path, version.media_type
        pdf_key = version_prefix(version.company_id, version.id) + "document.pdf"
        if self._copy(pdf_key, path):
            return path, PDF
        if version.preview_state == "ready":  # somebody waits, and LibreOffice takes its time
            self._queue(version)
            raise PreviewPending
        if not self._copy(version.storage_key, path):
            raise Undrawable("missing", "the content is not in storage")
        made = self._office.convert(path, version.media_type, folder)
        with made.open("rb") as file:
            self._keep(pdf_key, file)
        return made, PDF

    def _copy(self, key: str, path: Path) -> bool:
        """Copy a blob into a file. False when there is none."""
        try:
            with self._storage.open(key) as reader, path.open("wb") as file:
                shutil.copyfileobj(reader, file, CHUNK_BYTES)
        except BlobNotFound:
            return False
        return True

    def _load(self, key: str) -> bytes | None:
        try:
            with self._storage.open(key) as reader:
                return reader.read()
        except BlobNotFound:
            return None

    def _keep(self, key: str, source: io.BufferedIOBase) -> None:
        with contextlib.suppress(AlreadyExists):  # whoever was faster has drawn the same
            self._storage.put(key, source)

    def _note(self, version: Version, page: int, drawing: Drawing) -> None:
        """Write down what came of a first page. Pictures of a version that is gone meanwhile go as well."""
        state = "ready" if drawing.state == "done" else drawing.state
        values = {
            "preview_state": state,
            "preview_pages": drawing.pages if state == "ready" else None,
            "preview_reason": drawing.reason or None,
        }
        with self._database.transaction() as session:
            is_there = _find(session, version.company_id, version.id) is not None
            if is_there and page == 1:
                session.execute(
                    update(Version)
                    .where(Version.id == version.id)
                    .values(**values)
                    .execution_options(synchronize_session=False)
                )
        if not is_there:
            self.forget(version.company_id, version.id)

    def _queue(self, version: Version) -> None:
        with self._database.transaction() as session:
            session.execute(
                update(Version)
                .where(Version.id == version.id)
                .values(preview_state="pending")
                .execution_options(synchronize_session=False)
            )
            add_job(session, "preview", version.company_id, version.id)

    def _queue_forgotten(self, version: Version) -> None:
        if clock.now() - version.uploaded_at > PENDING_MOST:
            self._queue(version)


def first_state(media_type: str) -> str:
    """The `preview_state` of a version that was just uploaded. The background queues its first pictures when
    it reads its text, so that an upload has one statement less to wait for."""
    return "pending" if is_drawn(media_type) else "unsupported"


def end(session: Session, versions: Iterable[Version]) -> None:
    """Have the background delete the pictures of versions that go, in the transaction that deletes them."""
    for version in versions:
        if is_drawn(version.media_type):
            add_job(session, "forget_preview", version.company_id, version.id)


def version_prefix(company_id: int, version_id: int) -> str:
    """What the keys of a version's pictures begin with."""
    return f"{company_prefix(company_id)}{version_id}/"


def company_prefix(company_id: int) -> str:
    """What the keys of a company's pictures begin with."""
    return f"{PREFIX}{company_id}/"


def picture_key(version: Version, page: int, width: int) -> str:
    """The key of one picture."""
    return f"{version_prefix(version.company_id, version.id)}{page}-{width}.png"


def _find(session: Session, company_id: int, version_id: int) -> Version | None:
    return session.scalar(select(Version).where(Version.id == version_id, Version.company_id == company_id))
