"""Search in a company of a thousand documents: the whole of it, against the bare query of the engine."""

from __future__ import annotations

import io
import statistics
from pathlib import Path

from ecm import Ecm
from ecm.access import visible_terms
from ecm.search import query as queries
from ecm.search.analysis import Analyzer
from ecm.search.whoosh_engine import WhooshEngine
from tests.bench.library import MIB, opened, unlimited_firm
from tests.bench.measuring import Result, alternate, time_of
from tests.bench.texts import make_text
from tests.firms import Firm

NEEDED_BYTES = 1024 * MIB
DOCUMENTS = 1_000
TEXT_BYTES = 6 * 1024
PER_PAGE = 20
QUERIES = {
    "a frequent word": "рахунками",
    "a rare word": "рада",
    "three words": "накладні постачальника послуги",
    "a phrase": '"договір №"',
    "a prefix": "постач*",
    "the number of one document": "{number}",
}


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it."""
    documents, rounds = (200, 40) if quick else (DOCUMENTS, 200)
    with opened(folder) as app:
        firm = unlimited_firm(app)
        for seed in range(documents):
            put_text(app, firm, seed)
        app.work_off()
        engine = WhooshEngine(folder / "index", Analyzer())
        results = [
            compare(app, engine, firm, what, q.format(number=f"{documents // 2}/2026"), documents, rounds)
            for what, q in QUERIES.items()
        ]
        engine.close()
    return results


def put_text(app: Ecm, firm: Firm, seed: int) -> None:
    """Store a text as a document."""
    content = io.BytesIO(make_text(seed, TEXT_BYTES).encode())
    staged = app.stage(firm.olena, content, filename=f"Договір {seed}.txt")
    with app.begin(firm.olena) as tx:
        tx.documents.add(staged, card=firm.deal, kind="contract")


def compare(
    app: Ecm, engine: WhooshEngine, firm: Firm, what: str, q: str, documents: int, rounds: int
) -> Result:
    """One query, both ways."""
    query = queries.parse(q)
    company, visible = str(firm.company.id), visible_terms(firm.olena)

    def ask_engine() -> None:
        engine.search(company, query, visible_to=visible, limit=PER_PAGE)

    def ask() -> None:
        app.search(firm.olena, q, per_page=PER_PAGE)

    total = app.search(firm.olena, q).total
    assert total == engine.search(company, query, visible_to=visible).total > 0, (what, total)
    paired = alternate(lambda: time_of(ask), lambda: time_of(ask_engine), rounds=rounds, warm_up_rounds=5)
    return Result(
        f"search for {what} in {documents:,} documents ({total:,} hits), with rows and snippets",
        statistics.median(paired.first_s) * 1000,
        "ms",
        details=f"{paired.ratio:.1f} times the engine's own query: "
        + paired.tell("search", "the engine alone"),
    )
