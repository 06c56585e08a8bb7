"""Snippets for a page of hits, against one bare regular expression over the same texts."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass
from pathlib import Path

from ecm.found_rows import FoundRows
from ecm.found_snippets import make_snippets
from ecm.search.analysis import Analyzer
from ecm.search.query import parse
from ecm.search.snippets import LENGTH_CHARS, Highlighter, Reading
from ecm.search.text_map import MAPPED_CHARS, TextMap, make_map
from tests.bench.library import MIB, opened, unlimited_firm
from tests.bench.measuring import Mark, Result, alternate, quartiles, tell_time, time_of
from tests.bench.texts import make_text
from tests.firms import put

NEEDED_BYTES = 64 * MIB
PER_PAGE = 20
SIZES = {"6 KB": 6 * 1024, "100 KB": 100 * 1024}
LATE = "Ухвалено кошторис."
MARK = Mark("at most", 1.0)


@dataclass(frozen=True, slots=True)
class Case:
    """A query, and the words that a bare regular expression looks for."""

    what: str
    q: str
    bare: str


CASES = (
    Case("a word that is frequent", "рахунками", "рахун"),
    Case("a word near the end", "кошторису", "коштор"),
    Case("a word that the titles alone have", "відсутнє", "відсутн"),
    Case("a prefix", "постач*", "постач"),
    Case("three words", "накладні постачальника послуги", "накладн|постачальник|послуг"),
    Case("a phrase near the end", '"ухвалити кошторис"', "ухвал"),
)


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it."""
    rounds = 40 if quick else 400
    analyzer = Analyzer()
    analyzer.load()
    results = []
    for size, size_bytes in SIZES.items():
        texts = [f"{make_text(seed, size_bytes - 40)}\n{LATE}" for seed in range(PER_PAGE)]
        results += [compare(analyzer, case, size, texts, rounds) for case in CASES]
        results.append(measure_maps(size, texts))
    results.append(measure_page(folder, rounds // 4))
    return results


def compare(analyzer: Analyzer, case: Case, size: str, texts: list[str], rounds: int) -> Result:
    """A page of snippets, as search makes it: of texts in memory, with their maps."""
    query = parse(case.q)
    maps = [make_map(text) for text in texts]
    bare = re.compile(rf"\b(?:{case.bare})\w*", re.IGNORECASE)

    def ours() -> None:
        highlighter = Highlighter(query, analyzer)
        readings = [read(highlighter, text, data) for text, data in zip(texts, maps, strict=True)]
        while wanting := [
            (reading, text[reading.wanted.start : reading.wanted.end])
            for reading, text in zip(readings, texts, strict=True)
            if reading.wanted is not None
        ]:
            highlighter.look(wanting)
        highlighter.show(reading.fragment for reading in readings)

    def scan() -> None:
        for text in texts:
            start = match.start() if (match := bare.search(text)) else 0
            text[start : start + LENGTH_CHARS]

    paired = alternate(lambda: time_of(ours), lambda: time_of(scan), rounds=rounds, warm_up_rounds=5)
    return Result(
        f"snippets for {PER_PAGE} hits of {size}, {case.what}",
        statistics.median(paired.first_s) * 1000,
        "ms",
        MARK,
        f"the fastest round {tell_time(min(paired.first_s))}; "
        + paired.tell("ours", "the first match of one bare regular expression"),
    )


def read(highlighter: Highlighter, text: str, data: bytes | None) -> Reading:
    """The search for the best fragment of a text by its map, or of a short one."""
    return highlighter.read_whole(text) if data is None else highlighter.read(TextMap(data))


def measure_maps(size: str, texts: list[str]) -> Result:
    """What it takes to make a map, and to keep it."""
    times = [time_of(lambda text=text: make_map(text)) for text in texts for _ in range(5)]
    low, high = quartiles(times)
    share = statistics.mean(len(make_map(text) or b"") / len(text.encode()) for text in texts)
    return Result(
        f"the map of a text of {size}, made by the worker",
        statistics.median(times) * 1000,
        "ms",
        details=f"half within {tell_time(low)}-{tell_time(high)}; it takes {share:.1%} of the text's bytes",
    )


def measure_page(folder: Path, rounds: int) -> Result:
    """A page of snippets of texts of 100 KB out of the database, against reading those texts as a whole."""
    with opened(folder) as app:
        firm = unlimited_firm(app)
        for seed in range(PER_PAGE):
            text = f"{make_text(seed, SIZES['100 KB'])}\n{LATE}"
            put(app, firm.olena, firm.deal, text.encode(), f"{seed}.txt")
        app.work_off()
        found = FoundRows(app.database)
        hits = app.search(firm.olena, "кошторис", per_page=PER_PAGE).items
        ids = [hit.document.id for hit in hits]
        versions = {hit.document.current.id: (0, MAPPED_CHARS) for hit in hits}
        assert len(ids) == PER_PAGE
        analyzer = Analyzer()
        query = parse("кошторис")

        def ours() -> None:
            rows = found.load(firm.olena, ids, head_chars=MAPPED_CHARS)
            make_snippets(Highlighter(query, analyzer), firm.olena, found, rows)

        def whole() -> None:
            found.load(firm.olena, ids)
            found.pieces(firm.olena, versions)

        paired = alternate(lambda: time_of(ours), lambda: time_of(whole), rounds=rounds, warm_up_rounds=3)
    return Result(
        f"rows and snippets for {PER_PAGE} hits of 100 KB, a word near the end, out of the database",
        statistics.median(paired.first_s) * 1000,
        "ms",
        details=paired.tell("ours", "the rows, and all of the texts, without a look into them"),
    )
