"""A usage ledger in memory, exact under threads."""

from __future__ import annotations

import threading

from ecm.storage.errors import AlreadyExists, NotFound, QuotaExceeded


class MemoryLedger:
    """Holds under one limit. `calls` tells what was asked, in order."""

    def __init__(self, *, limit_bytes: int | None, renew_every_s: float = 10.0) -> None:
        self.renew_every_s = renew_every_s
        self.limit_bytes = limit_bytes
        self.calls: list[tuple[str, int | None]] = []
        self._holds: dict[str, int] = {}
        self._settled: set[str] = set()
        self._lock = threading.Lock()

    def holds(self) -> dict[str, int]:
        with self._lock:
            return dict(self._holds)

    def held_bytes(self) -> int:
        return sum(self.holds().values())

    def expire(self, key: str) -> None:
        """End a hold's lease, as a sweep would."""
        with self._lock:
            del self._holds[key]

    def reserve(self, key: str, size_bytes: int) -> None:
        with self._lock:
            self.calls.append(("reserve", size_bytes))
            if key in self._holds:
                raise AlreadyExists(key)
            self._check(size_bytes)
            self._holds[key] = size_bytes

    def grow(self, key: str, by_bytes: int) -> None:
        with self._lock:
            self.calls.append(("grow", by_bytes))
            self._find(key)
            self._check(by_bytes)
            self._holds[key] += by_bytes

    def renew(self, key: str) -> None:
        with self._lock:
            self.calls.append(("renew", None))
            self._find(key)

    def settle(self, key: str, size_bytes: int) -> None:
        with self._lock:
            self.calls.append(("settle", size_bytes))
            self._find(key)
            self._holds[key] = size_bytes
            self._settled.add(key)

    def release(self, key: str) -> None:
        with self._lock:
            self.calls.append(("release", None))
            self._holds.pop(key, None)
            self._settled.discard(key)

    def _find(self, key: str) -> None:
        if key not in self._holds:
            raise NotFound(key)

    def _check(self, more_bytes: int) -> None:
        if self.limit_bytes is None:
            return
        held = sum(self._holds.values())
        if held + more_bytes > self.limit_bytes:
            used = sum(size for key, size in self._holds.items() if key in self._settled)
            raise QuotaExceeded(
                scope="company",
                limit_bytes=self.limit_bytes,
                used_bytes=used,
                reserved_bytes=held - used,
                requested_bytes=more_bytes,
            )
