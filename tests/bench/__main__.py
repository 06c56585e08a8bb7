"""`python -m tests.bench [NAMES] [--quick] [--json FILE]`: run the benchmarks, and show what they found."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench import (
    analysis,
    cards,
    engines,
    extraction,
    found,
    growth,
    indexing,
    large_files,
    searching,
    small_documents,
    small_uploads,
    snippets,
    staging,
    tantivy,
)
from tests.bench.measuring import Result
from tests.bench.report import as_json, machine, table, tell_figure
from tests.bench.scratch import scratch_folder

Benchmark = Callable[[Path, bool], list[Result]]
BENCHMARKS: dict[str, tuple[Benchmark, int]] = {
    "staging": (staging.run, staging.NEEDED_BYTES),
    "small-documents": (small_documents.run, small_documents.NEEDED_BYTES),
    "large-files": (large_files.run, large_files.NEEDED_BYTES),
    "small-uploads": (small_uploads.run, small_uploads.NEEDED_BYTES),
    "growth": (growth.run, growth.NEEDED_BYTES),
    "cards": (cards.run, cards.NEEDED_BYTES),
    "search": (searching.run, searching.NEEDED_BYTES),
    "engines": (engines.run, engines.NEEDED_BYTES),
    "tantivy": (tantivy.run, tantivy.NEEDED_BYTES),
    "indexing": (indexing.run, indexing.NEEDED_BYTES),
    "analysis": (analysis.run, analysis.NEEDED_BYTES),
    "found": (found.run, found.NEEDED_BYTES),
    "extraction": (extraction.run, extraction.NEEDED_BYTES),
    "snippets": (snippets.run, snippets.NEEDED_BYTES),
}


def main() -> int:
    """Run those that were asked for, by default all. 1 when one misses a mark that is a gate."""
    asked = arguments(sys.argv[1:])
    results: dict[str, list[Result]] = {}
    for name in asked.names or BENCHMARKS:
        benchmark, needed_bytes = BENCHMARKS[name]
        started = time.monotonic()
        with scratch_folder(needed_bytes) as folder:
            results[name] = benchmark(folder, asked.quick)
            where = machine(folder)
        tell(f"{name}, in {time.monotonic() - started:.0f} s")
        for each in results[name]:
            tell(f"    {each.what}: {tell_figure(each)}")
    print(f"{where}{', --quick' if asked.quick else ''}\n\n{table(flat(results))}")
    if asked.json:
        asked.json.write_text(as_json(results, where))
    missed = [each.what for each in flat(results) if each.is_missed and each.mark and each.mark.is_gate]
    for what in missed:
        tell(f"missed: {what}")
    return 1 if missed else 0


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME",
                        help="which: " + ", ".join(BENCHMARKS))  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="less of everything: to see that it runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args(given)


def flat(results: dict[str, list[Result]]) -> list[Result]:
    """The results of all benchmarks."""
    return [each for found in results.values() for each in found]


def tell(line: str) -> None:
    """How it goes, for whoever waits."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
