"""A piece of a resumable upload on its way in: limited, watched and hashed as it passes."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from ecm.errors import ChecksumMismatch, Invalid, UploadTooLong
from ecm.models import Upload
from ecm.storage.interface import Source
from ecm.upload_lock import UploadLock

READ_BYTES = 64 * 1024
BLOCK_S = 10.0
"""What a slow client sends is made durable this often."""
ALGORITHMS = ("sha1", "sha256")


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a piece is to hash to. `algorithm` is one of ALGORITHMS; Invalid otherwise."""

    algorithm: str
    digest: bytes

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise Invalid("checksum", "one of " + ", ".join(ALGORITHMS))


class Piece:
    """The bytes of one request: no more than its upload lacks. UploadTooLong when there are.

    `ended` tells that there are none left. With `keeps_part` a source that breaks ends as well, and `error`
    is what it broke with; otherwise its error comes through.
    """

    def __init__(self, source: Source, lock: UploadLock, row: Upload, *, keeps_part: bool) -> None:
        self.ended = False
        self.error: Exception | None = None
        self._source = source
        self._lock = lock
        self._left_bytes = row.size_bytes - row.offset_bytes
        self._size_bytes = row.size_bytes
        self._keeps_part = keeps_part

    def read(self, size: int, /) -> bytes:
        try:
            with self._lock.waiting_for_client():
                chunk = self._source.read(min(size, READ_BYTES, self._left_bytes or 1))
        except Exception as error:
            if not self._keeps_part:
                raise
            self.error = error
            chunk = b""
        self._lock.check()  # waiting may have taken so long that another writes by now
        if len(chunk) > self._left_bytes:
            raise UploadTooLong(self._size_bytes)
        self._left_bytes -= len(chunk)
        self.ended = not chunk
        return chunk


class Block:
    """So much of a piece as is made durable in one step: what comes in BLOCK_S seconds."""

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._until: float | None = None

    def read(self, size: int, /) -> bytes:
        if self._until is not None and time.monotonic() >= self._until:
            return b""
        chunk = self._piece.read(size)
        self._until = self._until or time.monotonic() + BLOCK_S
        return chunk


class HashedPiece:
    """A piece that is hashed as it passes."""

    def __init__(self, piece: Piece, checksum: Checksum) -> None:
        self._piece = piece
        self._checksum = checksum
        self._hash = hashlib.new(checksum.algorithm, usedforsecurity=False)

    def read(self, size: int, /) -> bytes:
        chunk = self._piece.read(size)
        self._hash.update(chunk)
        return chunk

    def check(self) -> None:
        """ChecksumMismatch unless what has passed is what was promised."""
        if not secrets.compare_digest(self._hash.digest(), self._checksum.digest):
            raise ChecksumMismatch(self._checksum.algorithm)
