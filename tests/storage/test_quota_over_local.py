"""The contract of storages, kept by the local disk when its bytes are counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.storage_contract import Place, StorageContract
from tests.storage.places import LocalPlace, QuotaPlace


class TestQuotaOverLocalStorage(StorageContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        return QuotaPlace(LocalPlace(tmp_path / "files"))
