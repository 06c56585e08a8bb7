"""Whoosh indexes as they fail: writers killed at any moment, and a disk that is full or forbidden."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ecm.search.analysis import Analyzer
from ecm.search.errors import IndexUnavailable
from ecm.search.whoosh_engine import WhooshEngine
from tests.contracts.engine_contract import COMPANY, entry, find
from tests.faults.killed_writers import kill_writers
from tests.search.places import WhooshPlace

LIMIT_BYTES = 64 * 1024

# Runs in a process of its own, with the folder as its argument.
WRITE_BEYOND_THE_LIMIT = """
import sys
from pathlib import Path
from ecm.search.analysis import Analyzer
from ecm.search.errors import IndexUnavailable
from ecm.search.whoosh_engine import WhooshEngine
from tests.contracts.engine_contract import COMPANY, entry

engine = WhooshEngine(Path(sys.argv[1]), Analyzer())
engine.write(COMPANY, [entry("small", "договір")])
large = " ".join(f"слово{number}" for number in range(20_000))
try:
    engine.write(COMPANY, [entry("large", large)], removed=["small"])
except IndexUnavailable:
    print("unavailable")
engine.write(COMPANY, [entry("after", "договір")])
"""


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer()


def test_kill_9_of_a_writer_loses_no_commit_and_damages_nothing(tmp_path: Path, analyzer: Analyzer) -> None:
    assert kill_writers(WhooshPlace(tmp_path, analyzer), times=10, most_delay_s=0.25)


def test_a_killed_writers_debris_is_swept_by_the_next(tmp_path: Path, analyzer: Analyzer) -> None:
    engine = WhooshEngine(tmp_path, analyzer)
    engine.write(COMPANY, [entry("1", "договір")])
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    (folder / "MAIN_0123456789abcdef.trm").write_bytes(b"half a segment")
    (folder / "manifest.new").write_bytes(b"half a manifest")
    (folder / "MAIN.tmp").mkdir()
    assert find(engine, "договір") == ["1"]
    engine.check(COMPANY)
    engine.write(COMPANY, [entry("2", "договір")])
    names = {path.name for path in folder.iterdir()}
    assert names.isdisjoint({"MAIN_0123456789abcdef.trm", "manifest.new", "MAIN.tmp"})
    assert find(engine, "договір") == ["1", "2"]


def test_a_writer_killed_before_its_first_commit_leaves_an_empty_index(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    engine = WhooshEngine(tmp_path, analyzer)
    engine.write(COMPANY)
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    (folder / "manifest").rename(folder / "manifest.new")
    engine.check(COMPANY)
    assert find(engine, "") == []
    engine.write(COMPANY, [entry("1", "договір")])
    assert find(engine, "договір") == ["1"]


def test_a_full_disk_is_index_unavailable_and_changes_nothing(tmp_path: Path, analyzer: Analyzer) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITE_BEYOND_THE_LIMIT, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        preexec_fn=limit_file_size,
    )
    assert done.stdout.split() == ["unavailable"]
    engine = WhooshEngine(tmp_path, analyzer)
    engine.check(COMPANY)
    assert find(engine, "договір") == ["after", "small"]
    assert find(engine, "слово1") == []


def limit_file_size() -> None:
    """Have the kernel refuse what makes a file longer: to a writer that is a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES))


def test_a_folder_that_cannot_be_made_is_index_unavailable(tmp_path: Path, analyzer: Analyzer) -> None:
    (tmp_path / "file").write_bytes(b"")
    engine = WhooshEngine(tmp_path / "file" / "index", analyzer)
    with pytest.raises(IndexUnavailable):
        engine.write(COMPANY, [entry("1", "договір")])


def test_many_open_indexes_hold_few_files(tmp_path: Path, analyzer: Analyzer) -> None:
    engine = WhooshEngine(tmp_path, analyzer, open_indexes=4)
    for number in range(30):
        engine.write(f"company-{number}", [entry("1", "договір")])
    before = psutil.Process().num_fds()
    for number in range(30):
        assert find(engine, "договір", company=f"company-{number}") == ["1"]
    assert psutil.Process().num_fds() <= before
