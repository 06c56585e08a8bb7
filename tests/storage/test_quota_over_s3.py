"""The contract of storages, kept by S3 when its bytes are counted."""

from __future__ import annotations

import pytest

from tests.contracts.storage_contract import Place, StorageContract
from tests.servers.s3 import S3Server
from tests.storage.places import QuotaPlace, S3Place


class TestQuotaOverS3Storage(StorageContract):
    @pytest.fixture
    def place(self, s3_server: S3Server) -> Place:
        return QuotaPlace(S3Place(s3_server))
