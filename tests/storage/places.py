"""The places that storages under test keep their blobs in."""

from __future__ import annotations

import os
from pathlib import Path

from ecm.storage.interface import Storage
from ecm.storage.local import LocalStorage
from ecm.storage.quota import QuotaStorage, UsageLedger
from ecm.storage.s3 import S3Storage
from tests.contracts.storage_contract import Place
from tests.servers.s3 import S3Server
from tests.storage.memory_ledger import MemoryLedger


class LocalPlace:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> Storage:
        return LocalStorage(self._folder)

    def leftovers(self) -> list[str]:
        return os.listdir(self._folder / ".uploads")


class S3Place:
    """A prefix in a bucket of a running server."""

    def __init__(self, server: S3Server, bucket: str, prefix: str = "files") -> None:
        self._server = server
        self._bucket = bucket
        self._prefix = prefix

    def open(self) -> Storage:
        return S3Storage.from_url(self._server.storage_url(self._bucket, self._prefix))

    def leftovers(self) -> list[str]:
        keys = self._server.object_keys(self._bucket, f"{self._prefix}/")
        pieces = [key for key in keys if key.startswith(f"{self._prefix}/.")]
        return pieces + self._server.multipart_uploads(self._bucket)


class QuotaPlace:
    """Another place, whose bytes are counted."""

    def __init__(self, inside: Place) -> None:
        self.ledger = MemoryLedger(limit_bytes=None)
        self._inside = inside

    def open(self) -> Storage:
        ledger: UsageLedger = self.ledger
        return QuotaStorage(self._inside.open(), ledger)

    def leftovers(self) -> list[str]:
        stored = {info.key: info.size_bytes for info in self._inside.open().list()}
        held = self.ledger.holds()
        wrong = [f"hold of {key}" for key in stored.keys() | held if stored.get(key) != held.get(key)]
        return wrong + self._inside.leftovers()
