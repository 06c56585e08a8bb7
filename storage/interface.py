"""The seam: what a place for bytes must do, on one page.

A blob is written once under a key and never changed. Every backend keeps these promises, and
``tests/contracts/storage_contract.py`` holds each of them to it:

* When `put` or `finish` returns, the blob survives a power cut. Until then nothing stands under
  the key: no reader ever sees half a blob, and a failed write leaves nothing behind.
* After `Unavailable` nobody can know whether the last step took place: the answer may be what was lost,
  and a service that hung may still come to it. `delete` the key before its bytes are no longer counted.
* `delete` is idempotent. `list` shows whole blobs only.
* Errors are those of `errors`; a driver's own never come through. What a source raises does, as it is.
* Every method may be called from any thread, and several processes may share one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from .errors import InvalidKey

CHUNK_BYTES = 256 * 1024
"""How much is asked of a source at once. Memory never grows with a blob.

Small enough that even a slow client fills one within seconds: only between two can a lease be renewed.
"""

KEY_PATTERN = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)*", re.ASCII)
"""Keys are made by us, never of what people type: lower-case segments divided by slashes."""

KEY_MAX_CHARS = 255
"""No key is longer: what a file name may be everywhere, and little enough for a prefix before it."""


def check_key(key: str) -> None:
    """InvalidKey unless `key` is of the form above. (`fullmatch`: `$` would allow a line's end.)

    A key is not to be a folder of another (`a` and `a/b`): backends may refuse the later one.
    """
    if len(key) > KEY_MAX_CHARS or KEY_PATTERN.fullmatch(key) is None:
        raise InvalidKey(key)


class Source(Protocol):
    """Anything to read bytes from; `read` answers ``b""`` at the end."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """What is known of a stored blob. `sha256` (hex) is None where only reading would tell."""

    key: str
    size_bytes: int
    modified_at: datetime
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do beyond the contract; declared, never faked.

    `seekable_files`: what `open` hands out has a `fileno` and stands at the range's start, so a server may
    send it by the kernel; it can `seek` and `tell` too, in positions of the whole blob.
    `presigned_urls`: the backend is a `PresignsUrls` too.
    """

    seekable_files: bool = False
    presigned_urls: bool = False


class BlobReader(Protocol):
    """An open blob, or a range of one. The caller closes it, best by ``with``.

    `size_bytes` is the size of the whole blob, `remaining_bytes` what `read` has still to give.
    """

    size_bytes: int

    @property
    def remaining_bytes(self) -> int: ...
    def read(self, size: int = -1, /) -> bytes: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Appended:
    """What `append` answers: the upload's new state, and how many bytes the upload has in all."""

    state: str
    offset_bytes: int


class Storage(Protocol):
    """A place for blobs. See the module's page for the promises."""

    @property
    def capabilities(self) -> Capabilities: ...

    def put(
        self, key: str, source: Source, *, size_bytes: int | None = None, sha256: str | None = None
    ) -> BlobInfo:
        """Store all that `source` gives under `key`; the answer has the SHA-256.

        `size_bytes` and `sha256` are promises about the content: when they don't hold, Corrupt, and
        nothing is kept; a source that gives more than `size_bytes` is not read to its end.
        AlreadyExists when the key is taken, also by a writer that was faster. The source is not closed.
        """

    def open(self, key: str, *, start: int = 0, length_bytes: int | None = None) -> BlobReader:
        """Open a blob from byte `start`, for `length_bytes` or to its end. NotFound; Corrupt when the
        range reaches outside of the blob (the empty range at its very end does not)."""

    def stat(self, key: str) -> BlobInfo:
        """What is known of a blob without reading it. NotFound."""

    def delete(self, key: str) -> None:
        """Make the key free. A key that is free already is no error."""

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """All whole blobs whose key starts with `prefix`, in the order of their keys."""

    # Uploads that come in pieces, perhaps from several processes over several days. An upload's
    # state is a string that the caller keeps; a state that was not kept never happened. To go on from
    # a state says that it was kept: the states before it are of no use then. NotFound when the pieces
    # are gone: the upload was aborted or finished meanwhile.

    def begin(self, key: str, *, size_bytes: int) -> str:
        """Start an upload of exactly `size_bytes` and return its first state."""

    def append(self, key: str, state: str, source: Source) -> Appended:
        """Add all that `source` gives, durably. Going on from the old state instead of the returned
        one forgets the piece. One append an upload at a time. Corrupt when more comes than was begun
        with; then the old state is the one to go on from."""

    def finish(self, key: str, state: str) -> BlobInfo:
        """Publish a complete upload under its key. `sha256` in the answer may be None: who needs
        it reads the blob once. Corrupt when bytes are missing, AlreadyExists when the key is taken,
        be it by this very upload, finished before: then, too, only `abort` clears its pieces away."""

    def abort(self, key: str, state: str) -> None:
        """Forget an upload and all its pieces, those of forgotten states too. Idempotent; a
        finished upload's blob is not touched."""

    def collect(self, *, older_than_s: float) -> int:
        """Remove what dead writers left, and answer how many leftovers that were.

        A leftover is a half-written blob or upload that got no byte for `older_than_s` seconds; to be
        longer than the lease of an upload that may still go on."""


class PresignsUrls(Protocol):
    """A backend whose blobs a browser may fetch directly (`Capabilities.presigned_urls`)."""

    def presigned_url(self, key: str, *, expires_s: int, filename: str, media_type: str) -> str:
        """A link that hands the blob out as an attachment called `filename` for `expires_s` seconds."""
