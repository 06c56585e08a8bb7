"""From an upload to being found, and search, as a program has it: over HTTP from `ecm serve` with a token."""

from __future__ import annotations

import io
import itertools
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

from ecm import Ecm
from ecm.extraction.interface import Extraction
from ecm.version_texts import keep_text
from tests.bench.client import Client
from tests.bench.library import MIB, opened
from tests.bench.measuring import Mark, Result, percentile, quartiles
from tests.bench.services import OurService, our_service
from tests.bench.texts import make_text
from tests.firms import Firm, make_firm

NEEDED_BYTES = 2 * 1024 * MIB
SIZE_BYTES = 20 * 1024
SMALL_BYTES = 2 * 1024
KINDS = ("contract", "invoice", "act", "letter")
TAGS = ("оплата", "поставка", "терміново")
BULK = 200
BULK_CLIENTS = 4
LOOK_EVERY_S = 0.005
LOOK_FOR_MANY_EVERY_S = 0.05
PATIENCE_S = 120.0
REST_S = 5.0
RESTING_CPU_S, RESTS_WITHIN_S = 0.5, 120.0
QUERIES = (
    "рахунками",
    "рада",
    "накладні постачальника послуги",
    '"договір №"',
    "постач*",
    "{number}/2026",
)


@dataclass(frozen=True)
class Sizes:
    """How much of everything there is: documents in the company that is uploaded to and in the one that is
    searched, small companies, rounds, and seconds of rest."""

    around: int = 300
    searched: int = 2_500
    companies: int = 1_000
    single: int = 60
    bulks: int = 5
    queries: int = 600
    idle_s: float = 60.0


QUICK = Sizes(around=30, searched=100, companies=20, single=6, bulks=1, queries=36, idle_s=3.0)


@dataclass(frozen=True)
class Member:
    """Somebody of a company, who asks the service with a token."""

    service: OurService
    firm: Firm
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """Who asks."""
        return {"Authorization": f"Bearer {self.token}"}

    def connected(self) -> Client:
        """A connection to the service."""
        return Client(self.service.service.port)

    def upload(self, client: Client, seed: int, **more: str) -> str:
        """Store the text of this number. The document's id."""
        query = urlencode({"filename": f"Лист {seed}.txt", **more})
        path = f"/api/v1/deals/{self.firm.deal.id}/documents?{query}"
        body = make_text(seed, SIZE_BYTES).encode()[:SIZE_BYTES]
        return str(client.ask("POST", path, self.headers, body).json()["id"])

    def total(self, client: Client, q: str) -> int:
        """How many documents search finds."""
        path = f"/api/v1/search?q={quote(q)}&per_page=1&facets=0"
        return int(str(client.ask("GET", path, self.headers).json()["total"]))

    def wait(self, client: Client, q: str, total: int, every_s: float = LOOK_EVERY_S) -> None:
        """Look again and again until search finds so many. TimeoutError."""
        end = time.monotonic() + PATIENCE_S
        while self.total(client, q) != total:
            if time.monotonic() > end:
                raise TimeoutError(f"{q!r} does not find {total}")
            time.sleep(every_s)


@dataclass
class Singles:
    """How long single documents took, one at a time: to be answered, to be found, to be found no more, and to
    be answered when the client asks to wait for search."""

    answered_s: list[float] = field(default_factory=list)
    found_s: list[float] = field(default_factory=list)
    gone_s: list[float] = field(default_factory=list)
    refreshed_s: list[float] = field(default_factory=list)


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it."""
    sizes = QUICK if quick else Sizes()
    ours = our_service(folder / "ecm")
    with opened(folder / "ecm") as app:
        uploader = fill(app, ours, "Бета", sizes.around, SIZE_BYTES)
        searcher = fill(app, ours, "Гамма", sizes.searched, SIZE_BYTES)
        many = [fill(app, ours, f"Фірма {number}", 3, SMALL_BYTES) for number in range(sizes.companies)]
        app.work_off()
    numbers = itertools.count(1_000_000)
    with ours.service:
        idle = idle_cpu_s(ours, sizes.idle_s)
        singles = measure_singles(uploader, numbers, sizes.single)
        bulks = [measure_bulk(uploader, numbers, each) for each in range(sizes.bulks)]
        searches_s = measure_searches(searcher, sizes)
    with ours.service:  # afresh, to see what the companies add
        before_bytes, after_bytes = measure_memory(searcher, many)
    return [
        *single_results(singles, sizes),
        bulk_result(bulks),
        *search_results(searches_s, sizes),
        Result(
            f"memory of the service after searches in {sizes.companies:,} companies",
            after_bytes / MIB,
            "MiB",
            details=f"PSS of all its processes; {before_bytes / MIB:.0f} MiB after a search in one",
        ),
        Result(
            "processor time of the service while nobody asks for anything",
            idle,
            "s a minute",
            details=f"all its processes, over {sizes.idle_s:.0f} s",
        ),
    ]


def fill(app: Ecm, ours: OurService, name: str, documents: int, size_bytes: int) -> Member:
    """A company with so many texts, which are read already and wait to be indexed."""
    firm = make_firm(app, name, tariff="extended")
    for seed in range(documents):
        text = make_text(seed, size_bytes)
        staged = app.stage(firm.olena, io.BytesIO(text.encode()), filename=f"Лист {seed}.txt")
        kind, tag = KINDS[seed % len(KINDS)], TAGS[seed % len(TAGS)]
        with app.begin(firm.olena) as tx:
            document = tx.documents.add(staged, card=tx.deals.get(firm.deal.id), kind=kind, tags=[tag])
            document.current.preview_state = "unsupported"
            keep_text(tx.session, document.current, Extraction("done", text))
    with app.begin() as tx:
        token = tx.tokens.add(tx.users.by_email(firm.olena.email or ""))
    return Member(ours, firm, token)


def idle_cpu_s(ours: OurService, for_s: float) -> float:
    """The processor time a minute that the service takes when it has nothing to do."""
    # After a start the service looks through the indexes of all companies.
    end, before = time.monotonic() + RESTS_WITHIN_S, -1.0
    while cpu_s(ours) - before > RESTING_CPU_S and time.monotonic() < end:
        before = cpu_s(ours)
        time.sleep(REST_S)
    before, started = cpu_s(ours), time.monotonic()
    time.sleep(for_s)
    return (cpu_s(ours) - before) * 60 / (time.monotonic() - started)


def cpu_s(ours: OurService) -> float:
    """The processor time of all processes of the service until now, with those that have ended."""
    return sum(sum(process.cpu_times()[:4]) for process in ours.service.processes())


def measure_singles(member: Member, numbers: Iterator[int], count: int) -> Singles:
    """One document at a time: uploaded and found, trashed and gone, uploaded and waited for."""
    singles = Singles()
    with member.connected() as client:
        for round in range(-3, count):
            number = next(numbers)
            started = time.perf_counter()
            id = member.upload(client, number)
            answered = time.perf_counter()
            member.wait(client, f"{number}/2026", 1)
            found = time.perf_counter()
            client.ask("DELETE", f"/api/v1/documents/{id}", member.headers)
            member.wait(client, f"{number}/2026", 0)
            gone = time.perf_counter()
            member.upload(client, next(numbers), refresh="wait")
            refreshed = time.perf_counter()
            if round >= 0:
                singles.answered_s.append(answered - started)
                singles.found_s.append(found - started)
                singles.gone_s.append(gone - found)
                singles.refreshed_s.append(refreshed - gone)
            time.sleep(0.05 + 0.01 * (round % 10))  # no step with any loop of the service
    return singles


def measure_bulk(member: Member, numbers: Iterator[int], round: int) -> float:
    """The documents a second, from the first upload until all of many are found."""
    tag = f"партія{round}"
    seeds = [next(numbers) for _ in range(BULK)]

    def upload(some: list[int]) -> None:
        with member.connected() as client:
            for seed in some:
                member.upload(client, seed, tags=tag)

    threads = [threading.Thread(target=upload, args=[seeds[i::BULK_CLIENTS]]) for i in range(BULK_CLIENTS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with member.connected() as client:
        member.wait(client, f"tag:{tag}", BULK, LOOK_FOR_MANY_EVERY_S)
    return BULK / (time.perf_counter() - started)


def measure_searches(member: Member, sizes: Sizes) -> dict[str, list[float]]:
    """How long searches took, by query: as the API answers them by default, with snippets and facets."""
    took_s: dict[str, list[float]] = {q: [] for q in QUERIES}
    with member.connected() as client:
        for round in range(-3, sizes.queries // len(QUERIES)):
            for q in QUERIES:
                text = q.format(number=(round * 37) % sizes.searched)
                started = time.perf_counter()
                found = client.ask("GET", f"/api/v1/search?q={quote(text)}", member.headers)
                if round >= 0:
                    took_s[q].append(time.perf_counter() - started)
                assert found.json()["items"], text
    return took_s


def measure_memory(one: Member, many: list[Member]) -> tuple[int, int]:
    """What the service weighs after a search in one company, and after one in each of many."""
    with one.connected() as client:
        assert one.total(client, "договір") > 0
        time.sleep(REST_S)
        before_bytes = one.service.service.memory_bytes()
        for member in many:
            assert member.total(client, "договір") == 3
    time.sleep(REST_S)
    return before_bytes, one.service.service.memory_bytes()


def single_results(singles: Singles, sizes: Sizes) -> list[Result]:
    """What single documents took."""
    where = f"a text of 20 KB in a company of {sizes.around}; {sizes.single} times"
    return [
        time_result(
            "upload to found over HTTP",
            singles.found_s,
            f"{where}; the upload itself {statistics.median(singles.answered_s) * 1000:.1f} ms",
            Mark("at most", 300, is_gate=False),
        ),
        time_result("trashed to found no more", singles.gone_s, where),
        time_result("upload with `?refresh=wait`", singles.refreshed_s, where),
    ]


def bulk_result(bulks: list[float]) -> Result:
    """What many documents took."""
    low, high = quartiles(bulks)
    return Result(
        f"{BULK} texts of 20 KB uploaded by {BULK_CLIENTS} clients, until all are found",
        statistics.median(bulks),
        "a second",
        Mark("at least", 30, is_gate=False),
        f"{len(bulks)} rounds, half of which within {low:.0f}-{high:.0f} a second",
    )


def search_results(took_s: dict[str, list[float]], sizes: Sizes) -> list[Result]:
    """What searches took: all together, and query by query."""
    by_query = ", ".join(f"{q} {statistics.median(times) * 1000:.1f}" for q, times in took_s.items())
    return [
        time_result(
            f"search over HTTP in {sizes.searched:,} documents, with snippets and facets",
            [each for times in took_s.values() for each in times],
            f"by query: {by_query} ms",
            Mark("at most", 10, is_gate=False),
        )
    ]


def time_result(what: str, times_s: list[float], details: str, mark: Mark | None = None) -> Result:
    """The median of some times, with the 95th per cent beside it."""
    ninety_five = percentile(times_s, 95) * 1000
    return Result(
        f"{what}: half take no longer",
        statistics.median(times_s) * 1000,
        "ms",
        mark,
        f"95 of 100 within {ninety_five:.1f} ms; {details}",
    )
