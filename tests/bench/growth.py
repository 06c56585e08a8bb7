"""Whether anything slows down as a company grows: a hold on its counters, and the first page of a deal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from ecm import Ecm
from ecm.ledger import SqlUsageLedger
from ecm.staging import new_key
from tests.bench.filling import MEASURED, SIZE_BYTES, fill
from tests.bench.library import MIB, opened, unlimited_firm
from tests.bench.measuring import Mark, Result, alternate
from tests.firms import Firm
from tests.servers.postgres import PostgresServer, find_binaries

NEEDED_BYTES = 6 * 1024 * MIB
SMALL = 1_000
WARM_UP_ROUNDS = 20


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it on both databases."""
    large, rounds = (100_000, 100) if quick else (1_000_000, 400)
    results = measure("SQLite", folder / "sqlite", large, rounds, lambda name: None)
    with PostgresServer(find_binaries()) as server:
        results += measure(
            "PostgreSQL", folder / "postgres", large, rounds, lambda name: server.create_database()
        )
    return results


def measure(
    engine: str, folder: Path, large: int, rounds: int, new_database: Callable[[str], str | None]
) -> list[Result]:
    """Compare a small company with a large one, each in a database of its own."""
    with ExitStack() as stack:
        sides = [
            stack.enter_context(company(folder / str(count), new_database(str(count)), count))
            for count in (SMALL, large)
        ]
        (small, small_firm), (grown, large_firm) = sides
        holds, pages = (
            alternate(
                partial(ask, grown, large_firm),
                partial(ask, small, small_firm),
                rounds=rounds,
                warm_up_rounds=WARM_UP_ROUNDS,
            )
            for ask in (hold, first_page)
        )
    return [
        Result(
            f"{what} on {engine}: {large:,} documents against {SMALL:,}",
            paired.ratio,
            mark=Mark("at most", 1.2),
            details=paired.tell("large", "small"),
        )
        for what, paired in (("reserve and settle", holds), ("first page of a deal's documents", pages))
    ]


@contextmanager
def company(folder: Path, database: str | None, documents: int) -> Iterator[tuple[Ecm, Firm]]:
    """The library on a database with a company of so many documents."""
    with opened(folder, database) as app:
        firm = unlimited_firm(app)
    fill(database or f"sqlite:///{folder}/ecm.db", firm, documents)
    with opened(folder, database) as app:
        yield app, firm


def hold(app: Ecm, firm: Firm) -> float:
    """Reserve, and trim the hold to what came. Giving it back is not measured."""
    ledger = SqlUsageLedger(
        app.database,
        firm.olena,
        app.leases,
        receiving_s=app.leases.upload_s,
        reclaim=lambda company_id: False,
    )
    key = new_key(firm.company.id)
    started = time.perf_counter()
    ledger.reserve(key, SIZE_BYTES)
    ledger.settle(key, SIZE_BYTES - 1)
    seconds = time.perf_counter() - started
    ledger.release(key)
    return seconds


def first_page(app: Ecm, firm: Firm) -> float:
    """What a deal's page asks for: the deal, and the first fifty of its sixty documents."""
    started = time.perf_counter()
    with app.begin(firm.olena) as tx:
        page = tx.documents.of_card(tx.deals.get(firm.deal.id))
    seconds = time.perf_counter() - started
    assert (len(page.items), page.total) == (50, MEASURED)
    return seconds
