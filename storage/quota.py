"""Exact quotas around any storage: bytes are counted before they move, and while they do.

Who counts is a `UsageLedger`, bound to one uploader; who stores is the storage inside. This module
only brings the two together in an order that a crash at any point leaves mendable: a hold may outlive
its bytes for a while, bytes never outlive their hold.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from .errors import NotFound, QuotaExceeded, StorageError, Unavailable
from .interface import Appended, BlobInfo, BlobReader, Capabilities, Source, Storage, check_key
from .streams import read_fully

logger = logging.getLogger(__name__)

FIRST_STEP_BYTES = 1024 * 1024
LAST_STEP_BYTES = 8 * FIRST_STEP_BYTES


@dataclass(frozen=True, slots=True)
class Tariff:
    """A named rule on stored bytes: `limit_bytes` for a whole company, for each user, or none at all."""

    code: str
    scope: Literal["company", "user", "unlimited"]
    limit_bytes: int | None

    def __post_init__(self) -> None:
        if (self.scope == "unlimited") != (self.limit_bytes is None):
            raise ValueError("a tariff has a limit unless its scope is `unlimited`")
        if self.limit_bytes is not None and self.limit_bytes < 0:
            raise ValueError("a tariff's limit is not negative")


class UsageLedger(Protocol):
    """Who knows how many bytes one uploader holds, and how many more the tariff allows.

    Every method takes effect at once and for all processes, in a transaction of its own. A hold is
    known by its blob's key, and its lease keeps it alive while bytes flow; what a ledger raises for a
    hold whose lease has ended (best a leaf of StorageError) ends the upload, and its bytes go.
    """

    renew_every_s: float
    """`renew` is called about this often while bytes flow; well under the lease."""

    def reserve(self, key: str, size_bytes: int) -> None:
        """Open a hold of `size_bytes` before any byte moves. QuotaExceeded; AlreadyExists when the key
        has a hold."""

    def grow(self, key: str, by_bytes: int) -> None:
        """Add to a hold, before those bytes are written. QuotaExceeded leaves the hold as it was."""

    def renew(self, key: str) -> None:
        """Start the lease of a hold anew."""

    def settle(self, key: str, size_bytes: int) -> None:
        """Trim a hold to the exact size: the bytes are durable."""

    def release(self, key: str) -> None:
        """Give a hold back: its bytes are gone. Idempotent."""


class QuotaStorage:
    """A `Storage` that stores in another what a ledger allows. Made for one uploader, cheap to make.

    What is raised is what the storage inside, the ledger or the source raised. When it cannot be made
    sure that the bytes of a failed write are gone, the hold stays: who sweeps holds deletes them first.
    """

    def __init__(self, storage: Storage, ledger: UsageLedger) -> None:
        self._storage = storage
        self._ledger = ledger

    @property
    def capabilities(self) -> Capabilities:
        return replace(self._storage.capabilities, presigned_urls=False)

    def put(
        self, key: str, source: Source, *, size_bytes: int | None = None, sha256: str | None = None
    ) -> BlobInfo:
        check_key(key)
        flowing: Source = RenewingSource(source, self._ledger, key)
        if size_bytes is None:
            flowing = GrowingSource(flowing, self._ledger, key)
        self._ledger.reserve(key, size_bytes or 0)
        try:
            info = self._storage.put(key, flowing, size_bytes=size_bytes, sha256=sha256)
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, Unavailable):
                self._give_back(key)  # nothing was left, and what may stand there is another's
            else:
                self._take_back(key)
            raise
        return self._settle(key, info)

    def open(self, key: str, *, start: int = 0, length_bytes: int | None = None) -> BlobReader:
        return self._storage.open(key, start=start, length_bytes=length_bytes)

    def stat(self, key: str) -> BlobInfo:
        return self._storage.stat(key)

    def delete(self, key: str) -> None:
        self._storage.delete(key)
        self._ledger.release(key)

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        return self._storage.list(prefix)

    def begin(self, key: str, *, size_bytes: int) -> str:
        check_key(key)
        self._ledger.reserve(key, size_bytes)
        try:
            return self._storage.begin(key, size_bytes=size_bytes)
        except BaseException:
            self._give_back(key)
            raise

    def append(self, key: str, state: str, source: Source) -> Appended:
        return self._storage.append(key, state, RenewingSource(source, self._ledger, key))

    def finish(self, key: str, state: str) -> BlobInfo:
        return self._settle(key, self._storage.finish(key, state))

    def abort(self, key: str, state: str) -> None:
        self._storage.abort(key, state)
        try:
            self._storage.stat(key)
        except NotFound:
            self._ledger.release(key)

    def collect(self, *, older_than_s: float) -> int:
        return self._storage.collect(older_than_s=older_than_s)

    def _settle(self, key: str, info: BlobInfo) -> BlobInfo:
        try:
            self._ledger.settle(key, info.size_bytes)
        except BaseException:
            self._take_back(key)
            raise
        return info

    def _take_back(self, key: str) -> None:
        """After a failed write, while its error is on the way: bytes first, then the hold."""
        try:
            self._storage.delete(key)
        except StorageError:
            logger.warning("the bytes of a failed write may be left; its hold stays: %s", key, exc_info=True)
        else:
            self._give_back(key)

    def _give_back(self, key: str) -> None:
        try:
            self._ledger.release(key)
        except Exception:
            logger.exception("the hold of a failed write stays: %s", key)


class RenewingSource:
    """A source that keeps the lease of its hold alive as bytes flow."""

    def __init__(self, source: Source, ledger: UsageLedger, key: str) -> None:
        self._source = source
        self._ledger = ledger
        self._key = key
        self._renew_at = time.monotonic() + ledger.renew_every_s

    def read(self, size: int, /) -> bytes:
        chunk = self._source.read(size)
        if time.monotonic() >= self._renew_at:
            self._ledger.renew(self._key)
            self._renew_at = time.monotonic() + self._ledger.renew_every_s
        return chunk


class GrowingSource:
    """A source of unknown size, whose hold grows before its bytes are handed on.

    It reads ahead by one step of 1 MiB, so that the hold of a small upload is exact from the start; a
    longer one asks in steps that grow, and near the limit for just the bytes at hand.
    """

    def __init__(self, source: Source, ledger: UsageLedger, key: str) -> None:
        self._source = source
        self._ledger = ledger
        self._key = key
        self._ahead = memoryview(b"")
        self._held_bytes = 0  # beyond what was read
        self._step_bytes = FIRST_STEP_BYTES
        self._ended = False

    def read(self, size: int, /) -> bytes:
        if not self._ahead and not self._ended:
            block = read_fully(self._source, FIRST_STEP_BYTES)
            self._ended = len(block) < FIRST_STEP_BYTES
            self._hold(len(block))
            self._ahead = memoryview(block)
        chunk = bytes(self._ahead[:size])
        self._ahead = self._ahead[size:]
        return chunk

    def _hold(self, more_bytes: int) -> None:
        self._held_bytes -= more_bytes
        if self._held_bytes >= 0:
            return
        missing = -self._held_bytes
        step = missing if self._ended else max(missing, self._step_bytes)
        try:
            self._ledger.grow(self._key, step)
        except QuotaExceeded:
            if step == missing:
                raise
            step = missing
            self._ledger.grow(self._key, step)
            self._step_bytes = 0  # near the limit: nothing ahead any more
        else:
            self._step_bytes = min(2 * self._step_bytes, LAST_STEP_BYTES)
        self._held_bytes += step
