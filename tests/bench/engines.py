"""Queries on the Whoosh engine: against Whoosh by itself, among a thousand companies, and what those take."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from ecm.search import query as queries
from ecm.search.analysis import Analyzer
from ecm.search.folder_engine import FolderEngine
from ecm.search.query import Query
from ecm.search.whoosh_engine import WhooshEngine
from tests.bench import raw_whoosh
from tests.bench.entries import VISIBLE_TERM, VISIBLE_TO, Corpus
from tests.bench.library import MIB
from tests.bench.measuring import Mark, Paired, Result, alternate, percentile, tell_time, time_of

NEEDED_BYTES = 2048 * MIB
WORDS, TOKENS = 20_000, 150
PER_PAGE = 20
SLOWER_THAN_RAW, SLOWER_AMONG_MANY = 1.15, 1.1
MARKS_MS = {1_000: 6.0, 10_000: 25.0}
COMPANIES = 1_000
MODERATE_DOCUMENTS = 100
BETWEEN, PAUSE_S = 5, 0.005
MEMORY_MARK_MIB = 300


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it."""
    corpus = Corpus(2_000 if quick else WORDS, 30 if quick else TOKENS)
    sizes = (200, 1_000) if quick else tuple(MARKS_MS)
    companies = 50 if quick else COMPANIES
    engine = WhooshEngine(folder / "index", Analyzer())
    results: list[Result] = []
    for documents in sizes:
        results += against_raw(folder, engine, corpus, documents, rounds=20 if quick else 60)
    results += among_many(folder, engine, corpus, str(sizes[0]), companies, rounds=20 if quick else 100)
    results += memory(folder, engine, str(sizes[0]), companies)
    engine.close()
    return results


def asked(corpus: Corpus, documents: int) -> dict[str, Query]:
    """What is asked for: the words of the corpus are the more frequent the earlier they stand in it."""
    words = corpus.words
    typed = {
        "a frequent word": words[0],
        "a rare word": words[len(words) // 8],
        "three words": f"{words[3]} {words[20]} {words[100]}",
        "a phrase": f'"{words[0]} {words[1]}"',
        "a prefix": f"{words[10][:5]}*",
        "the number of one document": f"{documents // 2}/2026",
    }
    return {what: queries.parse(q) for what, q in typed.items()}


def against_raw(
    folder: Path, engine: WhooshEngine, corpus: Corpus, documents: int, rounds: int
) -> list[Result]:
    """Each query both ways, in a company of so many documents."""
    company, raw_folder = str(documents), folder / f"raw-{documents}"
    engine.write(company, corpus.entries(0, documents))
    raw_whoosh.write(raw_folder, corpus.entries(0, documents), procs=2, multisegment=True, limitmb=256)
    raw = raw_whoosh.RawSearcher(raw_folder)
    results, times_s = [], []
    for what, query in asked(corpus, documents).items():
        total, raw_total = find(engine, company, query), raw.search(query, VISIBLE_TERM, PER_PAGE)[1]
        assert total == raw_total > 0, (what, total, raw_total)
        paired = alternate(
            partial(time_of, partial(find, engine, company, query)),
            partial(time_of, partial(raw.search, query, VISIBLE_TERM, PER_PAGE)),
            rounds=rounds,
            warm_up_rounds=3,
        )
        times_s.append(paired.first_s)
        results.append(
            Result(
                f"query for {what} on Whoosh, {documents:,} documents ({total:,} hits): time against raw",
                paired.ratio,
                mark=Mark("at most", SLOWER_THAN_RAW),
                details=paired.tell("ours", "raw"),
            )
        )
    raw.close()
    all_s = [seconds for of_query in times_s for seconds in of_query]
    each = ", ".join(
        f"{what} {tell_time(percentile(of_query, 95))}"
        for what, of_query in zip(asked(corpus, documents), times_s, strict=True)
    )
    mark = Mark("at most", MARKS_MS[documents]) if documents in MARKS_MS else None
    return [
        *results,
        Result(
            f"the same queries, {documents:,} documents: 95 of 100 take no longer",
            percentile(all_s, 95) * 1000,
            "ms",
            mark=mark,
            details=f"p95 of each: {each}",
        ),
    ]


def among_many(
    folder: Path, engine: WhooshEngine, corpus: Corpus, company: str, companies: int, rounds: int
) -> list[Result]:
    """One company's queries on an engine that answers for others meanwhile, and on one that does for none."""
    engine.write("moderate", corpus.entries(0, MODERATE_DOCUMENTS))
    one, many = folder / "one", folder / "many"
    copy_index(engine, company, one / company)
    copy_index(engine, company, many / company)
    names = [f"c{number}" for number in range(companies - 1)]
    for name in names:
        copy_index(engine, "moderate", many / name)
    alone, crowded = WhooshEngine(one, Analyzer()), WhooshEngine(many, Analyzer())
    others = cycle(names)
    chosen = asked(corpus, int(company))
    for name, query in zip(names, cycle(chosen.values()), strict=False):
        find(crowded, name, query)

    def ask(engine: WhooshEngine, query: Query, other: Callable[[], str], pause_s: float) -> float:
        # Other queries on both sides: nobody asks the same twice in a row, alone or not.
        for between in islice(cycle(each for each in chosen.values() if each is not query), BETWEEN):
            find(engine, other(), between)
        time.sleep(pause_s)
        return time_of(lambda: find(engine, company, query))

    def compare(pause_s: float) -> Paired:
        together = Paired()
        for query in chosen.values():
            paired = alternate(
                partial(ask, crowded, query, partial(next, others), pause_s),
                partial(ask, alone, query, lambda: company, pause_s),
                rounds=rounds,
                warm_up_rounds=3,
            )
            together.first_s.extend(paired.first_s)
            together.second_s.extend(paired.second_s)
        return together

    paused, hurried = compare(PAUSE_S), compare(0)
    crowded.close()
    alone.close()
    between = (
        f"{int(company):,} documents, others {MODERATE_DOCUMENTS}; {BETWEEN} of their queries between two"
    )
    return [
        Result(
            f"the same with {companies:,} companies on the machine: time against one company alone",
            paused.ratio,
            mark=Mark("at most", SLOWER_AMONG_MANY),
            details=f"{between} of it, and {tell_time(PAUSE_S)}; {paused.tell('among others', 'alone')}",
        ),
        Result(
            "the same without a pause, so that the processor's caches hold one company alone",
            hurried.ratio,
            details=f"{between} of it; {hurried.tell('among others', 'alone')}",
        ),
    ]


def memory(folder: Path, engine: WhooshEngine, company: str, companies: int) -> list[Result]:
    """How much a fresh process grows that searches so many companies, all alike, and keeps them open."""
    crowd = folder / "crowd"
    for number in range(companies):
        copy_index(engine, company, crowd / f"c{number}", copy=os.link)
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.engines", str(crowd), str(companies)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=600,
    )
    told = json.loads(done.stdout)
    return [
        Result(
            f"memory of a process that has {companies:,} companies of {int(company):,} documents open",
            told["private"] / MIB,
            "MiB",
            mark=Mark("at most", MEMORY_MARK_MIB),
            details=f"its own (USS), beyond what it took before; {told['open']:,} stay open, with "
            f"{told['descriptors']:,} descriptors; with the pages of files that the system may take back at "
            f"any time {told['resident'] / MIB:.0f} MiB (RSS)",
        )
    ]


def find(engine: WhooshEngine, company: str, query: Query) -> int:
    """Ask for the first page; how many there are."""
    return engine.search(company, query, visible_to=VISIBLE_TO, limit=PER_PAGE).total


def copy_index(
    engine: FolderEngine, company: str, target: Path, copy: Callable[[Path, Path], object] = shutil.copyfile
) -> None:
    """Give another company the same index."""
    target.mkdir(parents=True)
    for path in engine.folder_of(company).iterdir():
        copy(path, target / path.name)


def search_all(folder: Path, companies: int) -> dict[str, int]:
    """Search each company once, with facets; what that takes."""
    import psutil

    engine = WhooshEngine(folder, Analyzer())
    process = psutil.Process()
    query = queries.parse("2026")
    engine.search("c0", query, visible_to=VISIBLE_TO, facets=("kind", "format", "year"))
    before, descriptors = process.memory_full_info(), process.num_fds()
    for number in range(companies):
        engine.search(f"c{number}", query, visible_to=VISIBLE_TO, facets=("kind", "format", "year"))
    after = process.memory_full_info()
    return {
        "private": after.uss - before.uss,
        "resident": after.rss - before.rss,
        "descriptors": process.num_fds() - descriptors,
        "open": engine.open_count,
    }


if __name__ == "__main__":
    print(json.dumps(search_all(Path(sys.argv[1]), int(sys.argv[2]))))
