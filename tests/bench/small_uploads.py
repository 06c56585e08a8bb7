"""Documents of 20 KB over HTTP: how long one takes, how many come in a second, and what the service weighs.

They are texts, and the background reads and indexes them at the same time on the same processors.
"""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.bench.client import Client
from tests.bench.large_files import wait_until
from tests.bench.library import MIB
from tests.bench.measuring import Mark, Result, percentile, quartiles
from tests.bench.scratch import ROOT
from tests.bench.services import OurService, bare_service, our_service
from tests.bench.texts import make_text
from tests.servers.processes import end_with_parent

NEEDED_BYTES = 2 * 1024 * MIB
SIZE_BYTES = 20 * 1024
FILENAME = "Лист.txt"
CLIENTS = 4
START_S = 30
IDLE_S = 5
INDEXED_S = 600


@dataclass
class Load:
    """What rounds of uploading showed: the documents a second of each, and how long each document took."""

    per_second: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)

    def add(self, latencies_s: Sequence[float], for_s: float) -> None:
        """One more round."""
        self.per_second.append(len(latencies_s) / for_s)
        self.latencies_s += latencies_s

    @property
    def rate(self) -> float:
        """Documents a second."""
        return statistics.median(self.per_second)

    def latency_ms(self, percent: int) -> float:
        """So many per cent of the documents took no longer."""
        return percentile(self.latencies_s, percent) * 1000

    def tell(self) -> str:
        """How it came about."""
        low, high = quartiles(self.per_second)
        return (
            f"{len(self.latencies_s)} documents in {len(self.per_second)} rounds, "
            f"half of which within {low:.0f}-{high:.0f} a second"
        )


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it."""
    rounds, for_s = (2, 2.0) if quick else (5, 6.0)
    template = folder / "template"
    template.write_bytes(make_text(1, SIZE_BYTES).encode()[:SIZE_BYTES])
    ours = our_service(folder / "ecm")
    path = f"/api/v1/deals/{ours.deal_id}/documents?filename={quote(FILENAME)}"
    bare = bare_service(folder / "bare")
    loads = {name: Load() for name in ("ours 1", "bare 1", f"ours {CLIENTS}", f"bare {CLIENTS}")}
    with ours.service, bare:
        fresh_bytes = idle_memory_bytes(ours)
        for number in range(-1, rounds):
            for clients in (1, CLIENTS):
                for name, port, where, headers in (
                    ("ours", ours.service.port, path, ours.authorization),
                    ("bare", bare.port, "/files", {}),
                ):
                    job = {"port": port, "path": where, "headers": headers, "template": str(template)}
                    latencies_s = upload_for(job, for_s if number >= 0 else 1.0, clients=clients)
                    if number >= 0:
                        loads[f"{name} {clients}"].add(latencies_s, for_s)
        indexed_per_second = index_the_rest(ours)
        used_bytes = idle_memory_bytes(ours)
    return [
        *upload_results(loads),
        *memory_results(fresh_bytes, used_bytes),
        Result(
            "texts of 20 KB that the background reads and indexes meanwhile and afterwards",
            indexed_per_second,
            "a second",
            details="after the uploads ended",
        ),
    ]


def upload_results(loads: dict[str, Load]) -> list[Result]:
    """How long documents took, and how many came."""
    one, four = loads["ours 1"], loads[f"ours {CLIENTS}"]
    bare_one, bare_four = loads["bare 1"], loads[f"bare {CLIENTS}"]
    what = "documents of 20 KB over HTTP, durable when answered"
    return [
        Result(
            f"{what}: half take no longer",
            one.latency_ms(50),
            "ms",
            mark=Mark("at most", 6, is_gate=False),
            details=f"one client; bare Flask view {bare_one.latency_ms(50):.2f} ms",
        ),
        Result(
            "95 of 100 take no longer",
            one.latency_ms(95),
            "ms",
            details=f"one client; bare Flask view {bare_one.latency_ms(95):.2f} ms",
        ),
        Result(
            "documents a second, one client",
            one.rate,
            "a second",
            mark=Mark("at least", 120, is_gate=False),
            details=f"{one.tell()}; bare Flask view {bare_one.rate:.0f}",
        ),
        Result(
            f"documents a second, {CLIENTS} clients",
            four.rate,
            "a second",
            mark=Mark("at least", 200, is_gate=False),
            details=f"{four.tell()}; p50 {four.latency_ms(50):.1f} ms, p95 {four.latency_ms(95):.1f} ms; "
            f"bare Flask view {bare_four.rate:.0f}",
        ),
    ]


def memory_results(fresh_bytes: int, used_bytes: int) -> list[Result]:
    """What the whole service weighs while it does nothing."""
    details = "PSS of all its processes"
    aim = Mark("at most", 200, is_gate=False)
    return [
        Result("memory of the service, idle after its start", fresh_bytes / MIB, "MiB", aim, details),
        Result("memory of the service, idle after the uploads", used_bytes / MIB, "MiB", aim, details),
    ]


def upload_for(job: dict[str, object], for_s: float, *, clients: int) -> list[float]:
    """Have so many processes upload at once for so long: how long each document took."""
    processes = [start_client({**job, "for_s": for_s}) for _ in range(clients)]
    try:
        for process in processes:
            if read_line(process) != "ready\n":
                raise RuntimeError("a client did not start")
        for process in processes:
            write_line(process, "go")
        told: list[float] = []
        for process in processes:
            output, _ = process.communicate(timeout=for_s + START_S)
            told += json.loads(output)
        return told
    finally:
        for process in processes:
            process.kill()
            process.wait()


def start_client(job: dict[str, object]) -> subprocess.Popen[str]:
    """A process that is about to upload."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.client"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=end_with_parent(signal.SIGKILL),
    )
    write_line(process, json.dumps(job))
    return process


def read_line(process: subprocess.Popen[str]) -> str:
    """The next thing that a client says."""
    assert process.stdout is not None
    return process.stdout.readline()


def write_line(process: subprocess.Popen[str], line: str) -> None:
    """Say something to a client."""
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def index_the_rest(ours: OurService) -> float:
    """Wait until search knows all: how many documents a second it came to know."""
    waiting = pending(ours)
    started = time.monotonic()
    wait_until(lambda: pending(ours) == 0, patience_s=INDEXED_S)
    return waiting / (time.monotonic() - started)


def pending(ours: OurService) -> int:
    """How many documents search does not know yet."""
    with Client(ours.service.port) as client:
        found = client.ask("GET", "/api/v1/search?q=", ours.authorization).json()
    return int(str(found["pending"]))


def idle_memory_bytes(ours: OurService) -> int:
    """What the service weighs once it has been asked for something and has come to rest."""
    with Client(ours.service.port) as client:
        assert client.ask("GET", "/readyz").status == 200
    time.sleep(IDLE_S)
    return ours.service.memory_bytes()
