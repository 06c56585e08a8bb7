"""Staging a large file to disk, against a bare loop that makes the same bytes as durable."""

from __future__ import annotations

import os
from pathlib import Path

from tests.bench.durable import write_durably
from tests.bench.library import MIB, opened, unlimited_firm
from tests.bench.measuring import Mark, Result, alternate, time_of
from tests.bench.scratch import write_file

NEEDED_BYTES = 2 * 1024 * MIB


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it."""
    size_mib, rounds = (64, 5) if quick else (200, 15)
    source = write_file(folder / "source", size_mib * MIB)
    bare_file = folder / "bare"
    with opened(folder / "ecm") as app:
        firm = unlimited_firm(app)

        def ours() -> float:
            with source.open("rb", buffering=0) as file:
                staged = []
                seconds = time_of(
                    lambda: staged.append(app.stage(firm.olena, file, filename="креслення.bin"))
                )
            app.discard(staged[0])
            os.sync()
            return seconds

        def bare() -> float:
            with source.open("rb", buffering=0) as file:
                seconds = time_of(lambda: write_durably(file, bare_file))
            bare_file.unlink()
            os.sync()
            return seconds

        paired = alternate(bare, ours, rounds=rounds)
    return [
        Result(
            f"staging {size_mib} MB to disk: speed against a bare loop",
            paired.ratio,
            mark=Mark("at least", 0.8),
            details=paired.tell("bare", "staged"),
        )
    ]
