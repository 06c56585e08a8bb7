"""What a test's code asks of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event

from ecm import Ecm


@dataclass(frozen=True)
class Statement:
    """One that was sent, with its parameters as the driver takes them."""

    sql: str
    parameters: Any

    @property
    def is_reading(self) -> bool:
        """Whether it changes nothing."""
        return self.sql.startswith("SELECT")


@contextmanager
def hear_statements(app: Ecm) -> Iterator[list[Statement]]:
    """The statements that are sent meanwhile."""
    sent: list[Statement] = []

    def hear(_connection: object, _cursor: object, sql: str, parameters: object, *_more: object) -> None:
        sent.append(Statement(sql, parameters))

    event.listen(app.database.engine, "before_cursor_execute", hear)
    try:
        yield sent
    finally:
        event.remove(app.database.engine, "before_cursor_execute", hear)
