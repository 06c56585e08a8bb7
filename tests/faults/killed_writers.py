"""What `kill -9` of its writers does to an index, for every engine."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

from ecm.search.query import parse
from tests.contracts.engine_contract import COMPANY, EVERYBODY, Place, entry

BATCH = 5

# Runs in a process of its own, after the place's code, with a number as its argument. Each batch is
# in the index as a whole, or not at all.
WRITE_FOR_EVER = """
import itertools, random, sys
from tests.contracts.engine_contract import COMPANY, entry

draw = random.Random(int(sys.argv[1]))
for number in itertools.count():
    batch = f"batch{sys.argv[1]}x{number}"
    words = " ".join(f"слово{draw.randrange(3000)}" for _ in range(draw.choice([10, 400])))
    engine.write(COMPANY, [entry(f"{batch}-{one}", f"{batch} договір {words}") for one in range(5)])
    print(batch, flush=True)
"""


def kill_writers(place: Place, *, times: int, most_delay_s: float) -> int:
    """Kill so many writers, one after another, each at another moment: no batch that it said was written is
    lost, none is there by half, and the index is whole. How many entries there are in the end."""
    draw = random.Random(7)
    written: list[str] = []
    ids: list[str] = []
    for number in range(times):
        written += write_and_kill(place, number, delay_s=draw.uniform(0, most_delay_s))
        engine = place.open()
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
        engine.close()
    assert len(written) >= times, "the writers were killed before they wrote"
    engine.write(COMPANY, [entry("last", "договір")])
    engine.check(COMPANY)
    return engine.search(COMPANY, parse("договір"), visible_to=EVERYBODY).total


def write_and_kill(place: Place, number: int, delay_s: float) -> list[str]:
    """Kill a writing process some time after its first commit. The batches that it said were written."""
    command = [sys.executable, "-c", place.code + WRITE_FOR_EVER, str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline().strip()]
        assert all(told), "the writer did not start"
        time.sleep(delay_s)
        writer.send_signal(signal.SIGKILL)
        return told + [line.strip() for line in writer.stdout]
