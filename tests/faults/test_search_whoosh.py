"""Whoosh indexes as they fail: writers killed at any moment, and a disk that is full or forbidden."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from ecm.search.analysis import Analyzer
from ecm.search.errors import IndexUnavailable
from ecm.search.query import parse
from ecm.search.whoosh_engine import WhooshEngine
from tests.contracts.engine_contract import COMPANY, EVERYBODY, entry, find

BATCH = 5
LIMIT_BYTES = 64 * 1024

# Each runs in a process of its own, with the folder and a number as its arguments.
WRITE_FOR_EVER = """
import itertools, random, sys
from pathlib import Path
from ecm.search.analysis import Analyzer
from ecm.search.whoosh_engine import WhooshEngine
from tests.contracts.engine_contract import COMPANY, entry

engine = WhooshEngine(Path(sys.argv[1]), Analyzer())
draw = random.Random(int(sys.argv[2]))
for number in itertools.count():
    batch = f"batch{sys.argv[2]}x{number}"
    words = " ".join(f"слово{draw.randrange(3000)}" for _ in range(draw.choice([10, 400])))
    engine.write(COMPANY, [entry(f"{batch}-{one}", f"{batch} договір {words}") for one in range(5)])
    print(batch, flush=True)
"""

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
    draw = random.Random(7)
    written: list[str] = []
    for number in range(10):
        written += write_and_kill(tmp_path, number, delay_s=draw.uniform(0, 0.25))
        engine = WhooshEngine(tmp_path, analyzer)
        engine.check(COMPANY)
        ids = list(engine.ids(COMPANY))
        assert len(ids) == len(set(ids))
        assert len(ids) % BATCH == 0, "half a batch"
        batches = {entry_id.rpartition("-")[0] for entry_id in ids}
        assert batches >= set(written)
        assert len(batches) <= len(written) + 1, "more than the one that was committed and not yet told"
        written = sorted(batches)
        for batch in draw.sample(written, min(5, len(written))):
            assert engine.search(COMPANY, parse(batch), visible_to=EVERYBODY).total == BATCH
        assert engine.search(COMPANY, parse("договір"), visible_to=EVERYBODY).total == len(ids)
    assert len(written) > 20, "the writers were killed before they wrote"
    engine.write(COMPANY, [entry("last", "договір")])
    assert find(engine, "", offset=len(ids)) != []


def write_and_kill(folder: Path, number: int, delay_s: float) -> list[str]:
    """Kill a writing process some time after its second commit. The batches that it said were written."""
    command = [sys.executable, "-c", WRITE_FOR_EVER, str(folder), str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline().strip() for _ in range(2)]
        assert all(told), "the writer did not start"
        time.sleep(delay_s)
        writer.send_signal(signal.SIGKILL)
        told += [line.strip() for line in writer.stdout]
    return told


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
