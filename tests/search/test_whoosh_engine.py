"""The contract of engines, kept by Whoosh."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecm.search.analysis import Analyzer
from ecm.search.whoosh_engine import WhooshEngine
from tests.contracts.engine_contract import EngineContract, Place
from tests.search.places import WhooshPlace


class TestWhooshEngine(EngineContract):
    @pytest.fixture
    def place(self, tmp_path: Path, analyzer: Analyzer) -> Place:
        return WhooshPlace(tmp_path / "index", analyzer)


def test_the_engine_takes_a_folder_that_is_not_there_yet(tmp_path: Path, analyzer: Analyzer) -> None:
    engine = WhooshEngine(tmp_path / "not" / "there", analyzer)
    engine.check("1")
    engine.write("1")
    assert list(engine.ids("1")) == []
