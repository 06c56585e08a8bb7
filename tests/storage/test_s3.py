"""The contract of storages, kept by S3."""

from __future__ import annotations

import pytest

from tests.contracts.storage_contract import Place, StorageContract
from tests.servers.s3 import S3Server
from tests.storage.places import S3Place


class TestS3Storage(StorageContract):
    @pytest.fixture
    def place(self, s3_server: S3Server) -> Place:
        return S3Place(s3_server)
