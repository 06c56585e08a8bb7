"""The contract of storages, kept by S3 when its bytes are counted."""

from __future__ import annotations

import pytest

from tests.contracts.storage_contract import Place, StorageContract
from tests.storage.places import QuotaPlace, S3Place


class TestQuotaOverS3Storage(StorageContract):
    @pytest.fixture
    def place(self, s3_place: S3Place) -> Place:
        return QuotaPlace(s3_place)
