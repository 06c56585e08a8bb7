"""The outbox keeps its promise: prompt, fair between companies, true after a rebuild, awaited."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from ecm import Ecm
from ecm.models import Version
from tests.contracts.engine_contract import entry
from tests.firms import Firm, index, put


@contextmanager
def working(app: Ecm) -> Iterator[None]:
    """A worker beside the test."""
    stop = threading.Event()
    thread = threading.Thread(target=app.worker.run, args=[stop])
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def titles(app: Ecm, firm: Firm, q: str) -> list[str]:
    return [hit.document.title for hit in app.search(firm.olena, q, sort="newest", per_page=1000)]


def flip_a_byte(folder: Path) -> None:
    """In the middle of the largest file."""
    largest = max(
        (path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 0x40
    largest.write_bytes(content)


def test_refresh_gives_what_was_written_and_takes_away_what_was_trashed(app: Ecm, alfa: Firm) -> None:
    with working(app):
        document = put(app, alfa.olena, alfa.deal, "договір".encode(), "a.txt")
        assert app.refresh(alfa.olena)
        assert titles(app, alfa, "договором") == ["a.txt"]
        with app.begin(alfa.olena) as tx:
            tx.documents.trash(tx.documents.get(document.id))
        assert app.refresh(alfa.olena)
        assert titles(app, alfa, "договором") == []


def test_refresh_says_so_when_nobody_works(app: Ecm, alfa: Firm) -> None:
    put(app, alfa.olena, alfa.deal, "договір".encode(), "a.txt")
    assert not app.refresh(alfa.olena, timeout_s=0.05)
    index(app)
    assert app.refresh(alfa.olena, timeout_s=0)


def test_another_companys_backlog_is_not_waited_for(app: Ecm, alfa: Firm, beta: Firm) -> None:
    put(app, beta.olena, beta.deal, "договір".encode(), "b.txt")
    assert app.refresh(alfa.olena, timeout_s=0)


@pytest.mark.parametrize("bound", ["ecm.indexing.EXTRACT_FOR_S", "ecm.index_entries.WRITE_FOR_S"])
def test_a_bulk_load_keeps_no_other_company_waiting(
    app: Ecm, alfa: Firm, beta: Firm, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecm.index_entries.READ_AT_ONCE", 1)
    monkeypatch.setattr(bound, 0)  # as if each text alone took longer than a group may
    for number in range(5):
        put(app, alfa.olena, alfa.deal, "договір".encode(), f"{number}.txt")
    put(app, beta.olena, beta.deal, "договір".encode(), "b.txt")
    assert app.indexing.work()
    assert app.indexing.work()
    assert titles(app, beta, "договір") == ["b.txt"], "it had one of the two turns"
    assert app.search(alfa.olena).pending == 4, "a group ends when its time is over"
    index(app)
    assert app.search(alfa.olena, "договір").total == 5


@pytest.mark.parametrize("harm", ["flipped byte", "missing"])
def test_a_rebuild_is_told_and_goes_from_the_newest_while_search_answers(
    app: Ecm,
    alfa: Firm,
    open_library: Callable[..., Ecm],
    tmp_path: Path,
    harm: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(6):
        put(app, alfa.olena, alfa.deal, "договір".encode(), f"{number}.txt")
    index(app)
    assert not app.indexing.lag(alfa.company.id).rebuilding
    app.close()
    if harm == "missing":
        shutil.rmtree(tmp_path / "index")
    else:
        flip_a_byte(tmp_path / "index")
    monkeypatch.setattr("ecm.index_turns.BATCH", 2)
    app = open_library()
    assert app.search(alfa.olena, "договір").total >= 0, "it answers, whatever it has"
    while app.indexing.rebuilding.verify_next():
        pass
    lag = app.indexing.lag(alfa.company.id)
    assert lag.rebuilding
    assert lag.pending >= 6, "all documents, and the check that search has asked for"
    assert len(titles(app, alfa, "договір")) < 6
    app.indexing.work()
    assert titles(app, alfa, "договір")[0] == "5.txt"
    put(app, alfa.olena, alfa.deal, "договір".encode(), "new.txt")
    app.indexing.work()
    assert "new.txt" in titles(app, alfa, "договір"), "what people change goes before the rebuild"
    index(app)
    lag = app.indexing.lag(alfa.company.id)
    assert (lag.rebuilding, lag.pending, len(titles(app, alfa, "договір"))) == (False, 0, 7)


def test_damage_is_noticed_by_the_worker_that_starts_and_mended_by_itself(
    app: Ecm, alfa: Firm, open_library: Callable[..., Ecm], tmp_path: Path
) -> None:
    put(app, alfa.olena, alfa.deal, "договір".encode(), "a.txt")
    index(app)
    app.close()
    flip_a_byte(tmp_path / "index")
    app = open_library()
    with working(app):
        for _ in range(1_000):
            if (
                titles(app, alfa, "договором") == ["a.txt"]
                and not app.indexing.lag(alfa.company.id).rebuilding
            ):
                break
            threading.Event().wait(0.02)
    assert titles(app, alfa, "договором") == ["a.txt"]
    assert list(app.fsck(alfa.company.id)) == []


def test_a_worker_looks_at_its_indexes_again_after_a_day(
    app: Ecm, alfa: Firm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(app, alfa.olena, alfa.deal, "договір".encode(), "a.txt")
    index(app)
    while app.indexing.rebuilding.verify_next():
        pass
    flip_a_byte(tmp_path / "index")
    assert not app.indexing.rebuilding.verify_next()
    assert not app.indexing.lag(alfa.company.id).rebuilding
    monkeypatch.setattr("ecm.rebuilding.VERIFY_EVERY_S", 0)
    assert not app.indexing.rebuilding.verify_next(), "the next round begins"
    assert app.indexing.rebuilding.verify_next()
    assert app.indexing.lag(alfa.company.id).rebuilding
    index(app)
    assert list(app.fsck(alfa.company.id)) == []


def test_search_answers_from_what_is_whole_until_a_damaged_index_is_made_anew(
    app: Ecm, alfa: Firm, open_library: Callable[..., Ecm], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("long.txt", "short.txt", "third.txt"):
        put(app, alfa.olena, alfa.deal, f"договір {name * 20 if name == 'long.txt' else ''}".encode(), name)
        index(app)
    app.close()
    flip_a_byte(tmp_path / "index")  # the largest file is of the one with the long text
    monkeypatch.setattr("ecm.index_turns.BATCH", 1)
    app = open_library()
    page = app.search(alfa.olena, "договором", sort="newest")
    assert ([found.document.title for found in page], page.rebuilding) == (["third.txt", "short.txt"], True)
    for _ in range(2):
        app.indexing.work()  # the check, then the newest
        page = app.search(alfa.olena, "договором")
        assert (page.total, page.rebuilding) == (2, True)
    index(app)
    page = app.search(alfa.olena, "договором")
    assert (page.total, page.rebuilding) == (3, False)
    assert list(app.fsck(alfa.company.id)) == []


def test_a_rebuild_makes_search_forget_what_is_gone(app: Ecm, alfa: Firm) -> None:
    put(app, alfa.olena, alfa.deal, "договір".encode(), "a.txt")
    index(app)
    engine, company = app.indexing.rebuilding._engine, str(alfa.company.id)
    engine.write(company, [entry("999999", "договір")])  # as after an older database was restored
    assert app.indexing.rebuilding.rebuild(alfa.company.id) == 1
    assert len(list(engine.ids(company))) == 2, "meanwhile search answers from what it has"
    index(app)
    assert len(list(engine.ids(company))) == 1
    assert list(app.fsck(alfa.company.id)) == []


def test_an_index_of_older_rules_is_made_anew(
    app: Ecm, alfa: Firm, open_library: Callable[..., Ecm], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(app, alfa.olena, alfa.deal, "договір".encode(), "a.txt")
    index(app)
    app.close()
    monkeypatch.setattr("ecm.search.folder_engine.ENTRY_TERMS", "terms of tomorrow")
    app = open_library()
    for _ in range(3):
        app.search(alfa.olena, "договір")  # which asks for the check, once
    assert app.search(alfa.olena).pending == 1
    index(app)
    assert titles(app, alfa, "договором") == ["a.txt"]


def states(app: Ecm) -> dict[str, str]:
    with app.database.transaction() as session:
        return {version.filename: version.text_state for version in session.scalars(select(Version))}


def test_texts_are_read_again_of_all_documents_or_of_those_that_failed(app: Ecm, alfa: Firm) -> None:
    put(app, alfa.olena, alfa.deal, "договір".encode(), "good.txt")
    put(app, alfa.olena, alfa.deal, b"%PDF-1.7\nbroken", "bad.pdf")
    index(app)
    assert states(app) == {"good.txt": "done", "bad.pdf": "failed"}
    assert app.indexing.rebuilding.reextract(alfa.company.id, failed_only=True) == 1
    assert states(app) == {"good.txt": "done", "bad.pdf": "pending"}
    index(app)
    assert app.indexing.rebuilding.reextract(alfa.company.id) == 2
    assert titles(app, alfa, "договором") == ["good.txt"], "what search knows stays until then"
    index(app)
    assert states(app) == {"good.txt": "done", "bad.pdf": "failed"}
    assert titles(app, alfa, "договором") == ["good.txt"]


def test_reading_again_leaves_other_companies_alone(app: Ecm, alfa: Firm, beta: Firm) -> None:
    for firm, number in itertools.product((alfa, beta), range(2)):
        put(app, firm.olena, firm.deal, "договір".encode(), f"{firm.company.name}{number}.txt")
    index(app)
    assert app.indexing.rebuilding.reextract(alfa.company.id) == 2
    assert app.search(beta.olena).pending == 0
    assert {name for name, state in states(app).items() if state == "pending"} == {"Альфа0.txt", "Альфа1.txt"}
