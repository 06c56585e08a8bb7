"""Engines: how SQLite and PostgreSQL are opened so that transactions mean the same on both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, create_engine, event, func, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import ConnectionPoolEntry

from ecm.errors import ChangedMeanwhile, DatabaseBusy, SessionRefused, SettingError
from ecm.models import Base

BUSY_TIMEOUT_MS = 30_000
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
        event.listen(engine, "before_cursor_execute", _begin_before_write)
    return engine


def is_prepared(engine: Engine) -> bool:
    """Whether `prepare_engine` has done its work on this SQLite engine."""
    return event.contains(engine, "before_cursor_execute", _begin_before_write)


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


def _begin_before_write(
    connection: Connection,
    cursor: Any,
    statement: str,
    parameters: object,
    context: object,
    executemany: bool,
) -> None:
    if not cursor.connection.in_transaction and not statement.lstrip()[:7].upper().startswith(_READS):
        cursor.execute("BEGIN IMMEDIATE")


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


def insert_or(session: Session, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say ``on_conflict_do_...``, in the session's dialect."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(table) if is_sqlite else postgresql.insert(table)


def count_capped(session: Session, query: Select[Any], cap: int) -> tuple[int, bool]:
    """How many rows `query` gives, counted up to `cap`, and whether there are more than that."""
    total = session.scalar(select(func.count()).select_from(query.limit(cap + 1).subquery())) or 0
    return min(total, cap), total > cap
