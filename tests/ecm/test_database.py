"""Writers on SQLite take turns, and each gets one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from ecm import database
from ecm.database import Database, open_engine
from ecm.errors import DatabaseBusy

ADD = text("INSERT INTO notes (word) VALUES ('слово')")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    opened = Database(open_engine(f"sqlite:///{tmp_path / 'notes.db'}"))
    with opened.transaction() as session:
        session.execute(text("CREATE TABLE notes (word TEXT)"))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def other_process(db: Database) -> Iterator[Connection]:
    """A writer that does not queue with ours: as one in another process."""
    stranger = open_engine(str(db.engine.url))
    with stranger.connect() as connection:
        yield connection
    stranger.dispose()


def count(db: Database) -> int:
    with db.transaction() as session:
        return session.scalar(text("SELECT count(*) FROM notes")) or 0


def test_many_threads_write_at_once_and_none_is_lost(db: Database) -> None:
    def write(_: int) -> None:
        with db.transaction() as session:
            session.execute(ADD)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(write, range(200)))
    assert count(db) == 200


def test_a_writer_waits_for_another_process(db: Database, other_process: Connection) -> None:
    other_process.execute(ADD)
    written = threading.Event()

    def write() -> None:
        with db.transaction() as session:
            session.execute(ADD)
        written.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert not written.wait(0.05)
    other_process.commit()
    thread.join(20)
    assert written.is_set()
    assert count(db) == 2


def test_a_writer_who_waited_too_long_is_told_so_and_holds_up_nobody(
    db: Database, other_process: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 20)
    other_process.execute(ADD)
    with pytest.raises(DatabaseBusy), db.transaction() as session:
        session.execute(ADD)
    other_process.rollback()
    with db.transaction() as session:
        session.execute(ADD)
    assert count(db) == 1


def test_what_reads_waits_as_long_as_before_once_something_was_written(db: Database) -> None:
    with db.transaction() as session:
        session.execute(ADD)
        assert session.scalar(text("PRAGMA busy_timeout")) == database.BUSY_TIMEOUT_MS
