"""The reading side, written once for every backend: count, limit, hash, ranges.

A backend moves bytes; what they must be is checked here, as they pass.
"""

from __future__ import annotations

import hashlib
from types import TracebackType
from typing import Protocol, Self

from .errors import Corrupt
from .interface import CHUNK_BYTES, Source


class Counted:
    """A source that counts what passes, and raises Corrupt as soon as it is more than `limit_bytes`.

    `count_bytes` starts from what an upload has already. The excess is not passed on.
    """

    def __init__(self, key: str, source: Source, *, limit_bytes: int | None, count_bytes: int = 0) -> None:
        self.count_bytes = count_bytes
        self._key = key
        self._source = source
        self._limit_bytes = limit_bytes

    def read(self, size: int, /) -> bytes:
        chunk = self._source.read(size)
        self.count_bytes += len(chunk)
        if self._limit_bytes is not None and self.count_bytes > self._limit_bytes:
            raise Corrupt(self._key, "size", self._limit_bytes, f"{self.count_bytes} or more")
        return chunk


class Measured:
    """A source that counts and hashes, and at its end raises Corrupt unless it kept its promises.

    Who reads it up to the ``b""`` has whole and right bytes; `size_bytes` and `sha256` tell what they were.
    """

    def __init__(self, key: str, source: Source, *, size_bytes: int | None, sha256: str | None) -> None:
        self._key = key
        self._counted = Counted(key, source, limit_bytes=size_bytes)
        self._promised_bytes = size_bytes
        self._promised_sha256 = sha256.lower() if sha256 is not None else None
        self._hash = hashlib.sha256()

    @property
    def size_bytes(self) -> int:
        return self._counted.count_bytes

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def read(self, size: int, /) -> bytes:
        chunk = self._counted.read(size)
        if chunk:
            self._hash.update(chunk)
        else:
            self._check()
        return chunk

    def _check(self) -> None:
        if self._promised_bytes is not None and self.size_bytes != self._promised_bytes:
            raise Corrupt(self._key, "size", self._promised_bytes, self.size_bytes)
        if self._promised_sha256 is not None and self.sha256 != self._promised_sha256:
            raise Corrupt(self._key, "SHA-256", self._promised_sha256, self.sha256)


class Chained:
    """A source that gives all of one source, then all of another."""

    def __init__(self, first: Source, second: Source) -> None:
        self._sources = [first, second]

    def read(self, size: int, /) -> bytes:
        while self._sources:
            chunk = self._sources[0].read(size)
            if chunk:
                return chunk
            del self._sources[0]
        return b""


def read_fully(source: Source, size: int) -> bytes:
    """`size` bytes, or fewer only where the source ends before. Asks for no more than a chunk at once."""
    chunks: list[bytes] = []
    missing = size
    while missing:
        chunk = source.read(min(missing, CHUNK_BYTES))
        if not chunk:
            break
        chunks.append(chunk)
        missing -= len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class ClosableSource(Source, Protocol):
    """What a backend opened: it stands at a range's start."""

    def close(self) -> None: ...


class RangeReader:
    """A `BlobReader` over what a backend opened; closes that with itself."""

    def __init__(self, key: str, opened: ClosableSource, *, size_bytes: int, length_bytes: int) -> None:
        self.size_bytes = size_bytes
        self._key = key
        self._opened = opened
        self._remaining_bytes = length_bytes

    @property
    def remaining_bytes(self) -> int:
        return self._remaining_bytes

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, all that remain when negative; ``b""`` at the end of the range only.

        Corrupt when the backend gives fewer bytes than it said the blob has.
        """
        if size < 0:
            return read_fully(self, self._remaining_bytes)
        wanted = min(size, self._remaining_bytes)
        if wanted == 0:
            return b""
        chunk = self._opened.read(wanted)
        if not chunk:
            raise Corrupt(self._key, "what is left to read", f"{self._remaining_bytes} bytes", "its end")
        self._remaining_bytes -= len(chunk)
        return chunk

    def close(self) -> None:
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def measure_range(key: str, size_bytes: int, start: int, length_bytes: int | None) -> int:
    """How many bytes the range of a blob of `size_bytes` has; Corrupt when it reaches outside."""
    length = size_bytes - start if length_bytes is None else length_bytes
    if start < 0 or length < 0 or start + length > size_bytes:
        wanted = f"{start}-" if length_bytes is None else f"{start}-{start + length}"
        raise Corrupt(key, "range", f"within {size_bytes} bytes", wanted)
    return length
