"""Queries on the tantivy engine, in one company of a hundred thousand documents: against bare tantivy."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from functools import partial
from itertools import product
from pathlib import Path

import tantivy
from tantivy import Occur

from ecm.search import query as queries
from ecm.search.analysis import Analyzer
from ecm.search.query import Query
from ecm.search.tantivy_engine import TantivyEngine
from tests.bench.engines import asked
from tests.bench.entries import VISIBLE_TERM, VISIBLE_TO, Corpus
from tests.bench.library import MIB
from tests.bench.measuring import Mark, Paired, Result, alternate, time_of

NEEDED_BYTES = 1024 * MIB
DOCUMENTS, BATCH = 100_000, 10_000
WORDS, TOKENS = 20_000, 60
PER_PAGE = 20
COMPANY = "1"
SLOWER_THAN_RAW_MS = 0.5


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it."""
    documents, rounds = (5_000, 40) if quick else (DOCUMENTS, 200)
    corpus = Corpus(2_000 if quick else WORDS, TOKENS)
    engine = TantivyEngine(folder / "index", Analyzer())
    filling_s = time_of(partial(fill, engine, corpus, documents))
    raw = RawSearcher(engine.folder_of(COMPANY), Analyzer())
    chosen = asked(corpus, documents)
    results = [compare(engine, raw, what, query, documents, rounds) for what, query in chosen.items()]
    results.append(
        Result(
            f"indexing on tantivy, {documents:,} texts of {TOKENS} words",
            documents / filling_s,
            "a second",
            details=f"analysis included; {BATCH:,} a commit, one process",
        )
    )
    engine.close()
    return [*results, memory(folder / "index", chosen, documents)]


def fill(engine: TantivyEngine, corpus: Corpus, documents: int) -> None:
    """Index so many entries."""
    for first in range(0, documents, BATCH):
        engine.write(COMPANY, corpus.entries(first, min(BATCH, documents - first)))


def compare(
    engine: TantivyEngine, raw: RawSearcher, what: str, query: Query, documents: int, rounds: int
) -> Result:
    """One query both ways: the first page and the total."""
    total, raw_total = find(engine, query), raw.search(query)[1]
    assert total == raw_total > 0, (what, total, raw_total)
    paired = alternate(
        partial(time_of, partial(find, engine, query)),
        partial(time_of, partial(raw.search, query)),
        rounds=rounds,
        warm_up_rounds=5,
    )
    return Result(
        f"query for {what} on tantivy, {documents:,} documents ({total:,} hits): time beyond raw",
        beyond_ms(paired),
        "ms",
        mark=Mark("at most", SLOWER_THAN_RAW_MS),
        details=paired.tell("ours", "raw"),
    )


def beyond_ms(paired: Paired) -> float:
    """By how much the first takes longer than the second: the difference of medians."""
    return (statistics.median(paired.first_s) - statistics.median(paired.second_s)) * 1000


def find(engine: TantivyEngine, query: Query) -> int:
    """Ask for the first page; how many hits there are."""
    return engine.search(COMPANY, query, visible_to=VISIBLE_TO, limit=PER_PAGE).total


class RawSearcher:
    """An index as tantivy itself searches it: its own scores of the same lemmas, and the same filter."""

    def __init__(self, folder: Path, analyzer: Analyzer) -> None:
        index = tantivy.Index.open(str(folder))
        self._schema = index.schema
        self._searcher = index.searcher()
        self._analyzer = analyzer

    def search(self, query: Query) -> tuple[list[str], int]:
        """The ids of the best hits, and the number of all."""
        visible = tantivy.Query.term_query(self._schema, "visible", VISIBLE_TERM, "basic")
        seen = tantivy.Query.const_score_query(visible, 0.0)
        wanted = tantivy.Query.boolean_query([(Occur.Must, self._translated(query)), (Occur.Must, seen)])
        result = self._searcher.search(wanted, limit=PER_PAGE)
        ids = [str(self._searcher.doc(address).get_first("id")) for _, address in result.hits]
        return ids, result.count  # type: ignore[attr-defined]

    def _translated(self, query: Query) -> tantivy.Query:
        match query:
            case queries.And(parts):
                return tantivy.Query.boolean_query([(Occur.Must, self._translated(part)) for part in parts])
            case queries.Word(text) | queries.Phrase(text):
                return self._side_by_side([position.lemmas for position in self._analyzer.words(text)])
            case queries.Prefix(text):
                return tantivy.Query.fuzzy_term_query(
                    self._schema, "forms_everywhere", text, distance=0, prefix=True
                )
        raise ValueError(query)

    def _side_by_side(self, positions: list[tuple[str, ...]]) -> tantivy.Query:
        field = "lemmas_everywhere"
        if len(positions) == 1:
            found = [tantivy.Query.term_query(self._schema, field, lemma, "freq") for lemma in positions[0]]
        else:
            ways = product(*positions)
            found = [tantivy.Query.phrase_query(self._schema, field, list(lemmas)) for lemmas in ways]
        if len(found) == 1:
            return found[0]
        return tantivy.Query.boolean_query([(Occur.Should, one) for one in found])


def memory(folder: Path, chosen: dict[str, Query], documents: int) -> Result:
    """How much a fresh process grows that opens the index and asks all of it."""
    typed = [tell(query) for query in chosen.values()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.tantivy", str(folder), *typed],
        stdout=subprocess.PIPE,
        check=True,
        timeout=600,
    )
    told = json.loads(done.stdout)
    size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Result(
        f"memory of a process that has the index of {documents:,} documents open",
        told["private"] / MIB,
        "MiB",
        details="its own (USS), beyond what it took before; with the pages of mapped files, which the system "
        f"may take back, {told['resident'] / MIB:.0f} MiB (RSS); the files have {size_bytes / MIB:.0f} MiB",
    )


def tell(query: Query) -> str:
    """A query as it is typed."""
    match query:
        case queries.And(parts):
            return " ".join(map(tell, parts))
        case queries.Word(text):
            return text
        case queries.Phrase(text):
            return f'"{text}"'
        case queries.Prefix(text):
            return f"{text}*"
    raise ValueError(query)


def ask_all(folder: Path, typed: list[str]) -> dict[str, int]:
    """Ask all of it; what that takes."""
    import psutil

    analyzer, process = Analyzer(), psutil.Process()
    analyzer.load()
    before = process.memory_full_info()
    engine = TantivyEngine(folder, analyzer)
    for q in typed:
        engine.search(COMPANY, queries.parse(q), visible_to=VISIBLE_TO, facets=("kind", "format", "year"))
    after = process.memory_full_info()
    return {"private": after.uss - before.uss, "resident": after.rss - before.rss}


if __name__ == "__main__":
    print(json.dumps(ask_all(Path(sys.argv[1]), sys.argv[2:])))
