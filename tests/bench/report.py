"""What a run shows: a table to be read, and to be pasted into docs/benchmarks.md; or JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.bench.measuring import Mark, Result
from tests.bench.scratch import GIB, filesystem

SIGNS = {"at least": "≥", "at most": "≤"}


def table(results: Sequence[Result]) -> str:
    """All results as a table in Markdown."""
    lines = ["| what | measured | mark | how it came about |", "|---|---|---|---|"]
    for result in results:
        missed = " **missed**" if result.is_missed else ""
        mark = tell_mark(result.mark, result.unit)
        lines.append(f"| {result.what} | {tell_figure(result)} | {mark}{missed} | {result.details} |")
    return "\n".join(lines)


def tell_figure(result: Result) -> str:
    """A figure with its unit, to about three places."""
    value = result.value
    number = f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return f"{number} {result.unit}".strip()


def tell_mark(mark: Mark | None, unit: str) -> str:
    """A mark in short."""
    if mark is None:
        return ""
    told = f"{SIGNS[mark.bound]} {mark.value:g} {unit}".strip()
    return told if mark.is_gate else f"aim {told}"


def as_json(results: Mapping[str, Sequence[Result]], where: str) -> str:
    """All results, by benchmark, for a program to read."""
    by_name = {
        name: [{**asdict(each), "is_missed": each.is_missed} for each in found]
        for name, found in results.items()
    }
    return json.dumps({"machine": where, "results": by_name}, ensure_ascii=False, indent=2)


def machine(folder: Path) -> str:
    """What the figures were measured on."""
    memory = psutil.virtual_memory().total / GIB
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, "
        f"{filesystem(folder)}, Python {platform.python_version()}, {platform.system()} {platform.release()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
