"""The places that storages under test keep their blobs in."""

from __future__ import annotations

import itertools
import os
import secrets
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
    """A prefix of its own in a bucket of a running server, for many tests: `clear` makes it empty again.

    boto3 takes a tenth of a second to make a client, so that storages are made once and handed out in turns.
    They know nothing of each other, as those of different processes.
    """

    bucket = "contract"
    storages = 3

    def __init__(self, server: S3Server) -> None:
        server.create_bucket(self.bucket)
        self._server = server
        self._prefix = f"files-{secrets.token_hex(6)}"
        self._turns = itertools.cycle([self._make() for _ in range(self.storages)])

    def open(self) -> Storage:
        return next(self._turns)

    def leftovers(self) -> list[str]:
        pieces = self._server.object_keys(self.bucket, f"{self._prefix}/.")
        return pieces + self._server.multipart_uploads(self.bucket, f"{self._prefix}/")

    def clear(self) -> None:
        storage = self.open()
        storage.collect(older_than_s=0)
        for info in storage.list():
            storage.delete(info.key)
        assert self._server.object_keys(self.bucket, f"{self._prefix}/") == []

    def _make(self) -> Storage:
        return S3Storage(
            self.bucket,
            self._prefix,
            endpoint_url=self._server.endpoint_url,
            access_key_id=self._server.access_key,
            secret_access_key=self._server.secret_key,
        )


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
