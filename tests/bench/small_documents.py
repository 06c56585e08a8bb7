"""Small documents through the library, against the same statements and files by hand."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ecm import Ecm
from ecm.models import Document
from tests.bench.bare_store import BareStore, open_engine
from tests.bench.library import MIB, opened, unlimited_firm
from tests.bench.measuring import Mark, Paired, Result, alternate, time_of
from tests.firms import Firm

NEEDED_BYTES = 1024 * MIB
SIZE_BYTES = 20 * 1024
FILENAME = "Договір поставки.pdf"
PER_ROUND = 20
WARM_UP_ROUNDS = 60
"""Until nearly all of the 256 folders of files have been used, as they have in any store that is in use."""


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it."""
    with opened(folder / "ecm") as app, bare_store(folder / "bare") as bare:
        firm = unlimited_firm(app)
        bare_cpu_s: list[float] = []
        our_cpu_s: list[float] = []
        paired = alternate(
            timed(lambda: bare.add(new_content(), FILENAME), bare_cpu_s),
            timed(lambda: add(app, firm, new_content()), our_cpu_s),
            rounds=10 if quick else 40,
            warm_up_rounds=5 if quick else WARM_UP_ROUNDS,
        )
    cpu = Paired(bare_cpu_s[-paired.rounds :], our_cpu_s[-paired.rounds :])
    return [
        Result(
            "20 KB documents on SQLite: speed against the same statements, commits and files by hand",
            paired.ratio,
            mark=Mark("at least", 0.7),
            details=paired.tell("a document by hand", "through the library", of=PER_ROUND),
        ),
        Result(
            "the same, of the processor's time alone",
            cpu.ratio,
            details=cpu.tell("a document by hand", "through the library", of=PER_ROUND),
        ),
    ]


def add(app: Ecm, firm: Firm, content: bytes) -> Document:
    """Stage a document and attach it, as an application would."""
    staged = app.stage(firm.olena, io.BytesIO(content), filename=FILENAME)
    with app.begin(firm.olena) as tx:
        return tx.documents.add(staged, card=firm.deal)


@contextmanager
def bare_store(folder: Path) -> Iterator[BareStore]:
    """A store by hand, with tables and a company as the library's."""
    with opened(folder) as app:
        firm = unlimited_firm(app)
    engine = open_engine(f"sqlite:///{folder}/ecm.db")
    yield BareStore(
        engine,
        folder / "files",
        company_id=firm.company.id,
        user_id=firm.olena.user_id,
        card_id=firm.deal.id,
    )
    engine.dispose()


def new_content() -> bytes:
    """20 KB that nobody had before, of a type that is told by its first bytes."""
    return b"%PDF-1.4\n" + os.urandom(SIZE_BYTES - 9)


def timed(store: Callable[[], object], cpu_s: list[float]) -> Callable[[], float]:
    """A round of documents; what it took of the processor is noted in `cpu_s`."""

    def round_s() -> float:
        started_s = time.process_time()
        seconds = time_of(store, times=PER_ROUND)
        cpu_s.append(time.process_time() - started_s)
        return seconds

    return round_s
