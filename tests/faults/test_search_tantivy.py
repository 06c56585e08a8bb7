"""Tantivy indexes as they fail: writers killed at any moment, and a folder that cannot be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecm.search.analysis import Analyzer
from ecm.search.errors import IndexUnavailable
from ecm.search.tantivy_engine import TantivyEngine
from tests.contracts.engine_contract import COMPANY, entry, find
from tests.faults.killed_writers import kill_writers
from tests.search.places import TantivyPlace


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer()


def test_kill_9_of_a_writer_loses_no_commit_and_damages_nothing(tmp_path: Path, analyzer: Analyzer) -> None:
    assert kill_writers(TantivyPlace(tmp_path, analyzer), times=20, most_delay_s=0.4)


def test_the_folder_does_not_grow_without_end(tmp_path: Path, analyzer: Analyzer) -> None:
    engine = TantivyEngine(tmp_path, analyzer)
    files: list[int] = []
    sizes: list[int] = []
    for number in range(150):
        engine.write(COMPANY, [entry(str(number % 20), f"договір слово{number}")])
        found = list(engine.folder_of(COMPANY).iterdir())
        files.append(len(found))
        sizes.append(sum(path.stat().st_size for path in found))
    assert max(files) < 70, "some eight segments of six files, and deletions"
    assert max(files[75:]) <= max(files[:75])
    assert max(sizes[75:]) < 2 * max(sizes[:75]), "files of dead segments are kept"
    assert len(find(engine, "договір")) == 20
    engine.check(COMPANY)


def test_a_folder_that_cannot_be_made_is_index_unavailable(tmp_path: Path, analyzer: Analyzer) -> None:
    (tmp_path / "file").write_bytes(b"")
    engine = TantivyEngine(tmp_path / "file" / "index", analyzer)
    with pytest.raises(IndexUnavailable):
        engine.write(COMPANY, [entry("1", "договір")])
