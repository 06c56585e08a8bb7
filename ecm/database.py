"""Engines: how SQLite and PostgreSQL are opened so that transactions mean the same on both."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, TableClause, create_engine, event, func, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import ConnectionPoolEntry

from ecm.errors import ChangedMeanwhile, DatabaseBusy, SessionRefused, SettingError
from ecm.models import Base

BUSY_TIMEOUT_MS = 30_000
ASK_EVERY_S = 0.0005
"""How often who wants to write asks whether another process is done: a small commit takes about as long."""
_READS = ("SELECT", "PRAGMA", "EXPLAIN", "VALUES")
_PREPARED = "ecm_prepared"


def open_engine(url: str) -> Engine:
    """An engine of ours for `url`, prepared. SettingError when it cannot be one."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise SettingError("database", url, "a file: processes and threads share the database")
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            return prepare_engine(create_engine(parsed, pool_size=10, max_overflow=100))
        return create_engine(parsed, pool_size=10, max_overflow=30, pool_pre_ping=True)
    except (OSError, ImportError) as error:
        raise SettingError("database", url, f"a database that can be opened ({error})") from error


def prepare_engine(engine: Engine) -> Engine:
    """Give an SQLite engine real transactions and SAVEPOINTs; others are returned as they are. Idempotent.

    Left alone, Python's driver starts no transaction for a SAVEPOINT, and a row written inside one
    survives the outer rollback. Here a transaction begins with its first write or SAVEPOINT, and
    takes the write lock at once, so that it can't fail half-way on another writer; what is read
    before that holds no lock. Connections use WAL, fsync every commit, and check foreign keys.
    """
    if engine.dialect.name == "sqlite" and not is_prepared(engine):
        event.listen(engine, "checkout", _configure)
        event.listen(engine, "before_cursor_execute", _WriteTurns())
    return engine


def is_prepared(engine: Engine) -> bool:
    """Whether `prepare_engine` has done its work on this SQLite engine."""
    return event.contains(engine, "checkout", _configure)


def _configure(dbapi_connection: Any, record: ConnectionPoolEntry, proxy: object) -> None:
    if record.info.get(_PREPARED):
        return
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    record.info[_PREPARED] = True


class _WriteTurns:
    """Begins an engine's transactions that write: threads queue, and the first of them asks again and again.

    Left to itself SQLite sleeps longer each time it finds another writer, up to a tenth of a second, and
    whoever comes meanwhile is faster: with four writers without pause one of them waited for seconds.
    """

    def __init__(self) -> None:
        self._queue = threading.Lock()

    def __call__(
        self,
        connection: Connection,
        cursor: Any,
        statement: str,
        parameters: object,
        context: object,
        executemany: bool,
    ) -> None:
        """To be called before each statement."""
        if not cursor.connection.in_transaction and not statement.lstrip()[:7].upper().startswith(_READS):
            self._begin(cursor)

    def _begin(self, cursor: Any) -> None:
        end = time.monotonic() + BUSY_TIMEOUT_MS / 1000
        is_first = self._queue.acquire(timeout=BUSY_TIMEOUT_MS / 1000)
        try:
            cursor.execute("PRAGMA busy_timeout=0")
            while True:
                try:
                    cursor.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as error:
                    is_taken = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                    if not is_taken or time.monotonic() >= end:
                        raise
                time.sleep(ASK_EVERY_S)
        finally:
            if is_first:
                self._queue.release()
            cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


class Database:
    """The library's own door to the database: short transactions that commit at the end."""

    def __init__(self, engine: Engine) -> None:
        self.engine = prepare_engine(engine)
        self.sessions = sessionmaker(engine, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether writers take turns on the whole file."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end and rolls back on an error. DatabaseBusy when locked out;
        ChangedMeanwhile when a row that was to change is gone."""
        with translated(), self.sessions.begin() as session:
            yield session

    def refuse_foreign_session(self, session: Session) -> None:
        """SessionRefused when an application's `session` is on another database, or on an SQLite engine
        whose SAVEPOINTs are not real."""
        bind = session.get_bind()
        engine = bind if isinstance(bind, Engine) else bind.engine
        if engine.dialect.name == "sqlite" and not is_prepared(engine):
            raise SessionRefused(
                "the session's SQLite engine starts no real transaction for a SAVEPOINT, so a rollback could "
                "leave rows behind; pass the engine through ecm.prepare_engine() when it is made"
            )
        if engine.url != self.engine.url:
            raise SessionRefused("the session is on another database than the one that ecm was opened with")


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's "database is locked", and the ORM's missing row, into errors of ours."""
    try:
        yield
    except OperationalError as error:
        if "database is locked" in str(error.orig):
            raise DatabaseBusy from error
        raise
    except StaleDataError as error:
        raise ChangedMeanwhile from error


def insert_or(session: Session, table: type[Base] | TableClause) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say ``on_conflict_do_...``, in the session's dialect."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(table) if is_sqlite else postgresql.insert(table)


def count_capped(session: Session, query: Select[Any], cap: int) -> tuple[int, bool]:
    """How many rows `query` gives, counted up to `cap`, and whether there are more than that."""
    total = session.scalar(select(func.count()).select_from(query.limit(cap + 1).subquery())) or 0
    return min(total, cap), total > cap
