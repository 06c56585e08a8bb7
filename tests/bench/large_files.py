"""Large files over HTTP: up against a bare Flask view, down against `send_file`, on the same web server."""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from tests.bench.client import Client
from tests.bench.library import MIB
from tests.bench.measuring import Mark, Result, alternate, quartiles, tell_time, time_of
from tests.bench.scratch import write_file
from tests.bench.services import MemoryWatch, OurService, Service, bare_service, our_service

NEEDED_BYTES = 6 * 1024 * MIB
FILENAME = "Креслення.bin"
RANGE_BYTES = 1024
RANGES = 20
SETTLE_S = 60
WATCHED_ROUNDS = 2


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it."""
    size_mib, rounds = (128, 4) if quick else (1024, 8)
    source = write_file(folder / "source", size_mib * MIB)
    ours = our_service(folder / "ecm")
    bare = bare_service(folder / "bare")
    with ours.service, bare:
        check(ours, bare, source)
        before_bytes = ours.service.memory_bytes()
        sides = Sides(ours, bare, source)
        up = alternate(sides.bare_up, sides.our_up, rounds=rounds)
        sides.keep_one_each()
        down = alternate(sides.bare_down, sides.our_down, rounds=2 * rounds)
        range_s = [sides.our_range() for _ in range(RANGES)]
        with MemoryWatch(ours.service) as memory:  # apart: looking slows down what is looked at
            for _ in range(WATCHED_ROUNDS):
                sides.our_up()
                sides.our_down()
    grown_mib = (memory.most_bytes - before_bytes) / MIB
    name = f"{size_mib // 1024} GiB" if size_mib >= 1024 else f"{size_mib} MiB"
    low, high = quartiles(range_s)
    return [
        Result(
            f"{name} up over HTTP: speed against a bare Flask view that hashes it to disk",
            up.ratio,
            mark=Mark("at least", 0.7),
            details=up.tell("bare", "service"),
        ),
        Result(
            f"{name} down over HTTP: speed against `send_file`",
            down.ratio,
            mark=Mark("at least", 0.8),
            details=down.tell("bare", "service"),
        ),
        Result(
            "memory of the service: how much it grew meanwhile",
            grown_mib,
            "MiB",
            mark=Mark("at most", 64),
            details=f"{before_bytes / MIB:.0f} MiB before (PSS of all its processes), looked at every 50 ms "
            f"while it went up and down {WATCHED_ROUNDS} times more",
        ),
        Result(
            f"a Range of 1 KB at the end of {name}",
            statistics.median(range_s) * 1000,
            "ms",
            mark=Mark("at most", 20),
            details=f"{RANGES} on connections of their own, half within {tell_time(low)}-{tell_time(high)}",
        ),
    ]


class Sides:
    """Both services, and what a client does with each. Each call returns the seconds that count."""

    def __init__(self, ours: OurService, bare: Service, source: Path) -> None:
        self._ours = ours
        self._bare = bare
        self._source = source
        self._size_bytes = source.stat().st_size
        self._our_document = ""
        self._bare_file = ""

    def our_up(self) -> float:
        """Upload to the service; what was uploaded goes away again, unmeasured."""
        path = f"/api/v1/deals/{self._ours.deal_id}/documents?filename={quote(FILENAME)}"
        seconds, document = upload(self._ours.service.port, path, self._ours.authorization, self._source)
        if not self._our_document:
            self._our_document = document
            return seconds
        wait_until_read(self._ours, document)
        remove(self._ours.service.port, f"/api/v1/documents/{document}?purge=1", self._ours.authorization)
        return seconds

    def bare_up(self) -> float:
        """Upload to the bare view."""
        seconds, name = upload(self._bare.port, "/files", {}, self._source)
        if not self._bare_file:
            self._bare_file = name
            return seconds
        remove(self._bare.port, f"/files/{name}", {})
        return seconds

    def keep_one_each(self) -> None:
        """The first of each was kept to be downloaded; see that it is at rest."""
        wait_until_read(self._ours, self._our_document)
        os.sync()

    def our_down(self) -> float:
        """Download from the service."""
        return self._download(self._ours.service.port, self._content_path, self._ours.authorization)

    def bare_down(self) -> float:
        """Download by `send_file`."""
        return self._download(self._bare.port, f"/files/{self._bare_file}", {})

    def our_range(self) -> float:
        """The last kilobyte, connecting included."""
        start = self._size_bytes - RANGE_BYTES
        headers = {**self._ours.authorization, "Range": f"bytes={start}-{self._size_bytes - 1}"}
        started = time.perf_counter()
        with Client(self._ours.service.port) as client:
            answer = client.ask("GET", self._content_path, headers)
        seconds = time.perf_counter() - started
        with self._source.open("rb") as file:
            file.seek(start)
            assert (answer.status, answer.body) == (206, file.read())
        return seconds

    @property
    def _content_path(self) -> str:
        return f"/api/v1/documents/{self._our_document}/content"

    def _download(self, port: int, path: str, headers: dict[str, str]) -> float:
        with Client(port) as client:

            def get() -> None:
                answer = client.ask("GET", path, headers, keep=False)
                assert (answer.status, answer.size_bytes) == (200, self._size_bytes)

            return time_of(get)


def upload(port: int, path: str, headers: dict[str, str], source: Path) -> tuple[float, str]:
    """Upload a file on a connection of its own: how long it took, and the id of what it became."""
    with Client(port) as client, source.open("rb") as file:
        started = time.perf_counter()
        answer = client.ask("POST", path, headers, file)
        seconds = time.perf_counter() - started
    return seconds, str(answer.json()["id"])


def remove(port: int, path: str, headers: dict[str, str]) -> None:
    """Delete what was uploaded, and let the disk come to rest."""
    with Client(port) as client:
        answer = client.ask("DELETE", path, headers)
    assert answer.status == 204, answer
    os.sync()


def wait_until_read(ours: OurService, document: str) -> None:
    """Wait for the background: its copying to look for text is no part of what is compared."""
    wait_until(lambda: document_facts(ours, document)["text_state"] != "pending")


def wait_until(is_done: Callable[[], bool], *, patience_s: float = SETTLE_S) -> None:
    """Look again and again. TimeoutError."""
    end = time.monotonic() + patience_s
    while not is_done():
        if time.monotonic() > end:
            raise TimeoutError(f"not done after {patience_s} s")
        time.sleep(0.05)


def document_facts(ours: OurService, document: str) -> dict[str, object]:
    """What the service says of a document."""
    with Client(ours.service.port) as client:
        return client.ask("GET", f"/api/v1/documents/{document}", ours.authorization).json()


def check(ours: OurService, bare: Service, source: Path) -> None:
    """Both sides hand back what they were given; and their code is loaded once that has been seen."""
    small = source.with_name("small")
    small.write_bytes(os.urandom(MIB))
    digest = hashlib.sha256(small.read_bytes()).hexdigest()
    sides = Sides(ours, bare, small)
    sides.our_up()
    sides.bare_up()
    sides.keep_one_each()
    with Client(ours.service.port) as client:
        content = client.ask("GET", sides._content_path, ours.authorization).body
    with Client(bare.port) as client:
        sent = client.ask("GET", f"/files/{sides._bare_file}").body
    assert hashlib.sha256(content).hexdigest() == hashlib.sha256(sent).hexdigest() == digest
    sides.our_range()
