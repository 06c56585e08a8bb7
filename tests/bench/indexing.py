"""Indexing of ready text by two processes: ours against Whoosh's own writer, tuned."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import count
from pathlib import Path

from ecm.search.analysis import Analyzer
from ecm.search.query import All
from ecm.search.whoosh_engine import WhooshEngine
from tests.bench import raw_whoosh
from tests.bench.entries import VISIBLE_TO, Corpus
from tests.bench.library import MIB
from tests.bench.measuring import Mark, Result, alternate

NEEDED_BYTES = 1024 * MIB
WORDS, TOKENS = 20_000, 250
ENTRIES = 3_000
GROUP = 100  # of a commit: what a worker's turn of half a second holds, about
PROCESSES = 2


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it."""
    entries, rounds = (200, 1) if quick else (ENTRIES, 3)
    words, tokens = (2_000, 100) if quick else (WORDS, TOKENS)
    numbers = count()
    corpus = Corpus(words, tokens)
    # Each side makes the entries on the way, and has the same words to analyse for the first time.
    raw_whoosh.analyzer().load()

    def ours() -> float:
        place = folder / f"ours-{next(numbers)}"
        arguments = [str(place), str(words), str(tokens), str(entries // PROCESSES)]
        started = time.perf_counter()
        workers = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.bench.indexing", *arguments, str(number)],
                stdout=subprocess.PIPE,
                stdin=subprocess.PIPE,
                text=True,
            )
            for number in range(PROCESSES)
        ]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        started = time.perf_counter()
        for worker in workers:
            worker.communicate("go\n")
        seconds = time.perf_counter() - started
        assert not any(worker.returncode for worker in workers)
        engine = WhooshEngine(place, Analyzer())
        totals = [
            engine.search(str(number), All(), visible_to=VISIBLE_TO).total for number in range(PROCESSES)
        ]
        assert sum(totals) == entries, totals
        return seconds

    def raw() -> float:
        place = folder / f"raw-{next(numbers)}"
        started = time.perf_counter()
        raw_whoosh.write(place, corpus.entries(0, entries), procs=PROCESSES, multisegment=True, limitmb=512)
        return time.perf_counter() - started

    paired = alternate(raw, ours, rounds=rounds, warm_up_rounds=0)
    rate = entries / sorted(paired.second_s)[len(paired.second_s) // 2]
    return [
        Result(
            "indexing ready text by two processes on Whoosh: speed against its own writer, tuned",
            paired.ratio,
            mark=Mark("at least", 0.9),
            details=f"{entries:,} texts of {tokens} words, {rate:.0f} a second; ours a company a process, in "
            f"durable commits of {GROUP}; raw in one commit, procs=2, multisegment=True, limitmb=512; "
            + paired.tell("raw", "ours"),
        )
    ]


def work(folder: Path, words: int, tokens: int, entries: int, number: int) -> None:
    """Index a company's part, in groups."""
    corpus = Corpus(words, tokens)
    analyzer = Analyzer()
    analyzer.load()
    engine = WhooshEngine(folder, analyzer)
    print("ready", flush=True)
    sys.stdin.readline()
    first = number * entries
    for start in range(0, entries, GROUP):
        engine.write(str(number), corpus.entries(first + start, min(GROUP, entries - start)))


if __name__ == "__main__":
    work(Path(sys.argv[1]), *map(int, sys.argv[2:]))
