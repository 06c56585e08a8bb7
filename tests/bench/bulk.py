"""Rows by the hundred thousand: made in the database, by statements that insert all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    create_engine,
    event,
    func,
    insert,
    literal,
    select,
    text,
)

from ecm.models import Base

TABLES = Base.metadata.tables


@contextmanager
def bulk_connection(url: str) -> Iterator[Connection]:
    """A connection for rows that need no safety, and are right without being checked."""
    engine = create_engine(url)
    settings: Sequence[str] = ("SET session_replication_role = replica", "SET work_mem = '256MB'")
    if engine.dialect.name == "sqlite":
        settings = [
            f"PRAGMA {pragma}"
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-1000000")
        ]

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: object) -> None:
        cursor = connection.cursor()
        for setting in settings:
            cursor.execute(setting)
        cursor.close()

    with engine.begin() as connection:
        yield connection
    engine.dispose()


def numbers(most: int, *, step: int = 1) -> CTE:
    """A table with a column `i`: the numbers from `step` on, that far apart."""
    first = select(literal(step, BigInteger).label("i")).cte("numbers", recursive=True)
    return first.union_all(select(first.c.i + step).where(first.c.i + step <= most))


def insert_rows(
    connection: Connection,
    table: str,
    source: CTE,
    values: Mapping[str, Any],
    where: Sequence[ColumnElement[bool]] = (),
) -> None:
    """A row for each number, or for those that fulfil conditions: of values, and of expressions of it."""
    into: Table = TABLES[table]
    columns = {
        name: value if isinstance(value, ColumnElement) else literal(value, into.c[name].type)
        for name, value in values.items()
    }
    rows = select(*columns.values()).select_from(source).where(*where)
    connection.execute(insert(into).from_select(list(columns), rows))


def set_sequence(connection: Connection, table: str) -> None:
    """On PostgreSQL rows with ids of ours leave the sequence where it was: have it go on after them."""
    if connection.dialect.name != "sqlite":
        most = select(func.max(TABLES[table].c.id)).scalar_subquery()
        connection.execute(select(func.setval(func.pg_get_serial_sequence(table, "id"), most)))


def tidy(url: str) -> None:
    """Do at once what PostgreSQL would do bit by bit in the background: vacuum and analyse."""
    if not url.startswith("sqlite"):
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
        engine.dispose()
