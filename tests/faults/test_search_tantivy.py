"""Tantivy indexes as they fail: writers killed at any moment, and a folder that cannot be made."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ecm.search.analysis import Analyzer
from ecm.search.errors import IndexUnavailable
from ecm.search.query import parse
from ecm.search.tantivy_engine import TantivyEngine
from tests.contracts.engine_contract import COMPANY, EVERYBODY, entry, find

BATCH = 5

# Each batch is in the index as a whole, or not at all.
WRITE_FOR_EVER = """
import itertools, random, sys
from pathlib import Path
from ecm.search.analysis import Analyzer
from ecm.search.tantivy_engine import TantivyEngine
from tests.contracts.engine_contract import COMPANY, entry

engine = TantivyEngine(Path(sys.argv[1]), Analyzer())
draw = random.Random(int(sys.argv[2]))
print("ready", flush=True)
for number in itertools.count():
    batch = f"batch{sys.argv[2]}x{number}"
    words = " ".join(f"слово{draw.randrange(3000)}" for _ in range(draw.choice([10, 400])))
    engine.write(COMPANY, [entry(f"{batch}-{one}", f"{batch} договір {words}") for one in range(5)])
    print(batch, flush=True)
"""


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer()


def test_kill_9_of_a_writer_loses_no_commit_and_damages_nothing(tmp_path: Path, analyzer: Analyzer) -> None:
    draw = random.Random(7)
    written: list[str] = []
    for number in range(20):
        written += write_and_kill(tmp_path, number, delay_s=draw.uniform(0, 0.6))
        engine = TantivyEngine(tmp_path, analyzer)
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
    assert written, "the writers were killed before they wrote"
    engine.write(COMPANY, [entry("last", "договір")])
    engine.check(COMPANY)
    assert len(find(engine, "договір")) == len(ids) + 1


def write_and_kill(folder: Path, number: int, delay_s: float) -> list[str]:
    """Kill a writing process some time after its start. The batches that it said were written."""
    command = [sys.executable, "-c", WRITE_FOR_EVER, str(folder), str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == "ready"
        time.sleep(delay_s)
        writer.send_signal(signal.SIGKILL)
        return [line.strip() for line in writer.stdout]


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
