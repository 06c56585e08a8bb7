"""Resumable uploads: bytes that come in pieces, over connections, processes and days.

The domain behind the tus protocol; its HTTP is in `ecm.api.uploads`. An upload is a row, an intent that
holds its whole length from the start, and the pieces that storage keeps. What was acknowledged is
durable: row and intent say so in one transaction, and a crash at any point leaves an upload that
goes on, or is finished by whoever asks for it next.

One request at a time writes to an upload: it holds the row's lock. A process that dies, or a client that
falls silent, loses it within seconds; whoever lost it can no longer keep a piece.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from ecm import clock
from ecm.access import Actor
from ecm.database import Database
from ecm.documents import check_kind, clean_tags
from ecm.errors import (
    Invalid,
    NotFound,
    OffsetMismatch,
    StagedFileExpired,
    UploadLocked,
    UploadTooLong,
)
from ecm.models import Card, Intent, Upload, Version
from ecm.settings import Leases
from ecm.staging import HEAD_BYTES, Staging, new_key
from ecm.storage.errors import AlreadyExists, Corrupt, StorageError
from ecm.storage.errors import NotFound as BlobNotFound
from ecm.storage.files import spooled
from ecm.storage.interface import CHUNK_BYTES, Source, Storage
from ecm.texts import clean_filename, clean_line
from ecm.unit_of_work import UnitOfWork
from ecm.upload_lock import UploadLock, hold_intent
from ecm.upload_pieces import Block, Checksum, HashedPiece, Piece

logger = logging.getLogger(__name__)

MOST_BYTES = 2**50
BLOCK_BYTES = 8 * 1024 * 1024
"""So much at most is made durable in one step, in the midst of a request too."""
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class ResumableUpload:
    """An upload as it stands: `offset_bytes` of `size_bytes` are safely there.

    `metadata` is what its creator wanted kept with it, as it came. `document_id` is set once it became a
    document. After `expires_at`, which each piece moves on, an unfinished one is gone, and a finished one
    forgotten.
    """

    id: str
    size_bytes: int
    offset_bytes: int
    filename: str
    metadata: str
    expires_at: datetime
    document_id: int | None


class Uploads:
    """The resumable uploads of all companies. An upload is its creator's alone: NotFound to anybody else."""

    def __init__(self, database: Database, storage: Storage, staging: Staging, leases: Leases) -> None:
        self._database = database
        self._storage = storage
        self._staging = staging
        self._leases = leases

    def create(
        self,
        actor: Actor,
        *,
        card: Card,
        size_bytes: int,
        filename: str,
        kind: str = "other",
        title: str | None = None,
        tags: Sequence[str] = (),
        metadata: str = "",
    ) -> ResumableUpload:
        """Begin an upload of exactly `size_bytes` that is to become a document on `card`.

        All of it is held at once: QuotaExceeded before a byte has come. An empty one is a document when this
        returns. Invalid names a wrong value; NotFound; Unavailable.
        """
        if not 0 <= size_bytes <= MOST_BYTES:
            raise Invalid("size_bytes", f"a number of bytes, {MOST_BYTES} at most")
        if card.company_id != actor.company_id or card.deleted_at is not None:
            raise NotFound(card.kind, card.id)
        told = {
            "kind": check_kind(kind),
            "title": None if title is None else clean_line("title", title),
            "tags": clean_tags(tags),
            "metadata": metadata,
        }
        key = new_key(actor.company_id)
        # Until the row is there, nobody can come back for these bytes: the short lease will do.
        state = self._staging.quota_storage(actor).begin(key, size_bytes=size_bytes)
        row = Upload(
            id=secrets.token_hex(16),
            company_id=actor.company_id,
            user_id=actor.user_id,
            card_id=card.id,
            filename=clean_filename(filename),
            upload_metadata=json.dumps(told, ensure_ascii=False),
            storage_key=key,
            storage_state=state,
            size_bytes=size_bytes,
            offset_bytes=0,
            expires_at=clock.now() + timedelta(seconds=self._leases.tus_s),
        )
        try:
            with self._database.transaction() as session:
                if not hold_intent(session, key, self._leases):
                    raise StagedFileExpired(row.filename)
                session.add(row)
        except BaseException:
            self._clear_pieces(key, state)
            self._staging.give_up(key)
            raise
        return self.get(actor, row.id) if size_bytes == 0 else _describe(row)

    def get(self, actor: Actor, id: str) -> ResumableUpload:
        """An upload. One whose bytes are all there but which a crash kept from becoming a document becomes
        one now, unless somebody is at it. NotFound, also for one that expired."""
        row = self._find(actor, id)
        if row.document_id is None and row.offset_bytes == row.size_bytes:
            try:
                with self._lock(row):
                    self._finish(actor, self._find(actor, id))
            except UploadLocked:
                return _describe(row)
            row = self._find(actor, id)
        return _describe(row)

    def append(
        self,
        actor: Actor,
        id: str,
        offset_bytes: int,
        source: Source,
        *,
        size_bytes: int | None = None,
        checksum: Checksum | None = None,
    ) -> ResumableUpload:
        """Add what `source` gives from `offset_bytes` on, and make the document when it was the last piece.

        What came before `source` broke is kept, and its error raised then. With a `checksum` the piece is
        kept only as a whole, when it is right: ChecksumMismatch. `size_bytes`, where known, lets a piece that
        is too long be refused at once: UploadTooLong. OffsetMismatch; UploadLocked while another
        piece comes in; NotFound, also when it was terminated meanwhile; Unavailable.
        """
        row = self._find(actor, id)
        _check_place(row, offset_bytes, size_bytes)
        if row.document_id is not None:
            if source.read(1):
                raise UploadTooLong(row.size_bytes)
            return _describe(row)
        with self._lock(row) as lock:
            row = self._find(actor, id)
            _check_place(row, offset_bytes, size_bytes)
            piece = Piece(source, lock, row, keeps_part=checksum is None)
            if checksum is None:
                self._receive(row, lock, piece)
            else:
                self._receive_checked(row, lock, piece, checksum)
            if piece.error is not None:
                raise piece.error
            row = self._find(actor, id)
            if row.offset_bytes == row.size_bytes:
                self._finish(actor, row)
        return _describe(self._find(actor, id))

    def terminate(self, actor: Actor, id: str) -> None:
        """Forget an upload: its bytes go, and what they held is free. A piece that is coming in is broken
        off. Of one that became a document only the upload is forgotten. NotFound."""
        row = self._find(actor, id)
        if row.document_id is None:
            self._staging.give_up(row.storage_key)
            return
        with self._database.transaction() as session:
            if found := session.get(Upload, row.id):
                session.delete(found)

    def _receive(self, row: Upload, lock: UploadLock, piece: Piece) -> None:
        """Keep what comes, block by block. A block is read before storage is asked to take it: a client
        that falls silent holds nothing up."""
        state, offset_bytes = row.storage_state, row.offset_bytes
        while not piece.ended:
            left_bytes = row.size_bytes - offset_bytes
            # One byte more than the upload lacks: the excess shows before the last block is kept.
            most_bytes = BLOCK_BYTES if left_bytes > BLOCK_BYTES else left_bytes + 1
            with spooled(Block(piece), most_bytes) as (block, length):
                if length:
                    state, offset_bytes = self._store(row, lock, state, block)

    def _receive_checked(self, row: Upload, lock: UploadLock, piece: Piece, checksum: Checksum) -> None:
        """Keep a piece as a whole if it is right. The state after it is all that tells of it."""
        hashed = HashedPiece(piece, checksum)
        self._store(row, lock, row.storage_state, hashed, hashed)

    def _store(
        self, row: Upload, lock: UploadLock, state: str, source: Source, hashed: HashedPiece | None = None
    ) -> tuple[str, int]:
        lock.check()
        try:
            appended = self._storage.append(row.storage_key, state, source)
        except (BlobNotFound, Corrupt) as error:
            raise self._broken(row) from error
        if hashed is not None:
            hashed.check()
        try:
            lock.keep(storage_state=appended.state, offset_bytes=appended.offset_bytes)
        except NotFound:
            self._clear_pieces(row.storage_key, appended.state)
            raise
        return appended.state, appended.offset_bytes

    def _finish(self, actor: Actor, row: Upload) -> None:
        """Publish the bytes, and make them a document. Every step may have been done before, by a process
        that died after it. The caller holds the lock."""
        if row.document_id is not None:
            return
        key = row.storage_key
        try:
            self._storage.finish(key, row.storage_state)
        except AlreadyExists:
            self._clear_pieces(key, row.storage_state)
        except (BlobNotFound, Corrupt) as error:
            raise self._broken(row) from error
        try:
            sha256, head = self._read_back(row)
            self._attach(actor, row, head, sha256)
        except BlobNotFound as error:
            raise self._broken(row) from error
        except StagedFileExpired:
            # A faster request made the document, or the upload was given up: the caller looks again.
            self._delete_unattached(key)

    def _attach(self, actor: Actor, row: Upload, head: bytes, sha256: str) -> None:
        told = json.loads(row.upload_metadata)
        with self._database.transaction() as session:
            tx = UnitOfWork(session, actor)
            staged = self._staging.staged(
                actor,
                row.storage_key,
                head,
                filename=row.filename,
                size_bytes=row.size_bytes,
                sha256=sha256,
            )
            document = tx.documents.add(
                staged,
                card=tx.cards.get(row.card_id),
                kind=told["kind"],
                title=told["title"],
                tags=told["tags"],
            )
            # This closed the intent, which only one can do: no lock is needed to say so.
            session.get_one(Upload, row.id).document_id = document.id

    def _read_back(self, row: Upload) -> tuple[str, bytes]:
        """The SHA-256 of the published bytes, and how they begin."""
        digest = hashlib.sha256()
        head = bytearray()
        with self._storage.open(row.storage_key) as reader:
            if reader.size_bytes != row.size_bytes:
                raise Corrupt(row.storage_key, "size", row.size_bytes, reader.size_bytes)
            while chunk := reader.read(CHUNK_BYTES):
                digest.update(chunk)
                head += chunk[: HEAD_BYTES - len(head)]
        return digest.hexdigest(), bytes(head)

    def _find(self, actor: Actor, id: str) -> Upload:
        """The row of an upload that is a document, or is still held."""
        row: Upload | None = None
        if _ID.fullmatch(id):
            query = (
                select(Upload)
                .join(Intent, Intent.storage_key == Upload.storage_key, isouter=True)
                .where(
                    Upload.id == id,
                    Upload.company_id == actor.company_id,
                    Upload.user_id == actor.user_id,
                    Upload.expires_at > clock.now(),
                    or_(Upload.document_id.is_not(None), Intent.state == "open"),
                )
            )
            with self._database.transaction() as session:
                row = session.scalar(query)
        if row is None:
            raise NotFound("upload", id[:64])
        return row

    def _lock(self, row: Upload) -> UploadLock:
        return UploadLock(self._database, self._leases, row)

    def _broken(self, row: Upload) -> NotFound:
        """What to raise when storage has lost the pieces of an upload: it can't go on."""
        if self._staging.give_up(row.storage_key):
            logger.error("the pieces of upload %s are lost; it was given up", row.id)
        return NotFound("upload", row.id)

    def _delete_unattached(self, key: str) -> None:
        """Delete bytes that can't be attached any more, unless they are a version's: whoever gave them up
        may have deleted them before they were published."""
        with self._database.transaction() as session:
            if session.scalar(select(Version.id).where(Version.storage_key == key)) is not None:
                return
        try:
            self._storage.delete(key)
        except StorageError:
            logger.warning("bytes of an upload that was given up are left in storage: %s", key, exc_info=True)

    def _clear_pieces(self, key: str, state: str) -> None:
        try:
            self._storage.abort(key, state)
        except StorageError:
            logger.warning("pieces of %s are left in storage for now", key, exc_info=True)


def _check_place(row: Upload, offset_bytes: int, size_bytes: int | None) -> None:
    """Whether a piece may go where it says."""
    if offset_bytes != row.offset_bytes:
        raise OffsetMismatch(offset_bytes=row.offset_bytes)
    if size_bytes is not None and offset_bytes + size_bytes > row.size_bytes:
        raise UploadTooLong(row.size_bytes)


def _describe(row: Upload) -> ResumableUpload:
    return ResumableUpload(
        id=row.id,
        size_bytes=row.size_bytes,
        offset_bytes=row.offset_bytes,
        filename=row.filename,
        metadata=json.loads(row.upload_metadata)["metadata"],
        expires_at=row.expires_at,
        document_id=row.document_id,
    )
