"""``kill -9`` of the worker while it fills an index, twenty times an engine, in mid-batch and in mid-commit.

A process that has loaded everything forks a worker for each round; the worker kills itself at the moment that
it was told.
"""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

import ecm
from ecm import Ecm, clock
from ecm.models import IndexQueue
from tests.firms import Firm, make_firm, put

KILLS = 20
ADDED = 12
KILLED = "-9"

# Arguments: the database, the storage, the search. Each line on standard input is a round: the moment and
# a number, of the entry before which to die, or of milliseconds after the last entry went in.
WORKERS = """
import os, signal, sys, threading, time
import ecm
from ecm.search.analysis import Analyzer
from ecm.wiring import open_search

database, storage, search = sys.argv[1:]
analyzer = Analyzer()
analyzer.load()
engine_class = type(open_search(search, analyzer))
write = engine_class.write

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def work(moment, number):
    def write_and_die(engine, company, entries=(), removed=()):
        def doomed():
            for place, entry in enumerate(entries):
                if moment == "batch" and place == number:
                    die()
                yield entry
            if moment == "commit":
                threading.Thread(target=lambda: (time.sleep(number / 1000), die())).start()
        write(engine, company, doomed(), removed)
    engine_class.write = write_and_die
    ecm.open(database=database, storage=storage, search=search, analyzer=analyzer).work_off()

for line in sys.stdin:
    moment, number = line.split()
    child = os.fork()
    if child == 0:
        work(moment, float(number))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@contextmanager
def workers(*where: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WORKERS, *where]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_kill_9_of_the_worker_leaves_nothing_unindexed_and_an_index_that_opens(
    tmp_path: Path, migrated_sqlite: Path, engine: str
) -> None:
    database = tmp_path / "ecm.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    where = (f"sqlite:///{database}", f"file:{tmp_path / 'files'}", f"{engine}:{tmp_path / 'index'}")
    numbers, dice = itertools.count(), random.Random(9)
    alive: dict[str, str] = {}
    with (
        ecm.open(database=where[0], storage=where[1], search=where[2]) as app,
        workers(*where) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        alfa = make_firm(app, "Альфа")
        for kill in range(KILLS):
            change(app, alfa, alive, numbers, dice)
            moment = f"batch {dice.randrange(6)}" if kill % 2 else f"commit {dice.uniform(0, 15):.3f}"
            process.stdin.write(moment + "\n")
            process.stdin.flush()
            # A worker may be done a moment before its end comes.
            assert process.stdout.readline().strip() in ((KILLED,) if kill % 2 else (KILLED, "0"))
            let_leases_end(app)
            assert app.search(alfa.olena, "договором").pending >= 0  # it opens, whatever it holds
        app.work_off()
        assert list(app.fsck(alfa.company.id)) == []
        assert {hit.document.title for hit in app.search(alfa.olena, "договором", per_page=1000)} == set(
            alive
        )
        for title in dice.sample(sorted(alive), 10):
            (hit,) = app.search(alfa.olena, title)
            assert str(hit.document.id) == alive[title]


def change(app: Ecm, firm: Firm, alive: dict[str, str], numbers: Iterator[int], dice: random.Random) -> None:
    """Some documents more, and some of the earlier ones into the trash."""
    for number in itertools.islice(numbers, ADDED):
        words = " ".join(f"слово{dice.randrange(2000)}" for _ in range(dice.choice((5, 300))))
        document = put(app, firm.olena, firm.deal, f"Договір {words}".encode(), f"номер{number}.txt")
        alive[document.title] = str(document.id)
    with app.begin(firm.olena) as tx:
        for title in dice.sample(sorted(alive), 2):
            tx.documents.trash(tx.documents.get(alive.pop(title)))


def let_leases_end(app: Ecm) -> None:
    """As time does."""
    with app.database.transaction() as session:
        session.execute(update(IndexQueue).values(lease_until=clock.now() - timedelta(seconds=1)))
