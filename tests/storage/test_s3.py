"""The contract of storages, kept by S3."""

from __future__ import annotations

import pytest

from tests.contracts.storage_contract import Place, StorageContract
from tests.storage.places import S3Place


class TestS3Storage(StorageContract):
    @pytest.fixture
    def place(self, s3_place: S3Place) -> Place:
        return s3_place
