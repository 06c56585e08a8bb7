"""That a column of text contains another text, without regard to case, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, SQLColumnExpression

from ecm.cards.sort_keys import sort_key

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork


def key_contains(
    column: SQLColumnExpression[str] | SQLColumnExpression[str | None], text: str
) -> ColumnElement[bool]:
    """On a column of sort keys."""
    return column.contains(sort_key(text), autoescape=True)


def text_contains(
    tx: UnitOfWork, column: SQLColumnExpression[str] | SQLColumnExpression[str | None], text: str
) -> ColumnElement[bool]:
    """On a column of texts as they were typed."""
    if tx.session.get_bind().dialect.name == "sqlite":
        # LIKE minds the case of all letters but those of ASCII there.
        return column.op("GLOB")(_glob(text))
    return column.icontains(text, autoescape=True)


def _glob(text: str) -> str:
    """The pattern of texts that contain this one, in letters of any case."""
    pieces = []
    for letter in text:
        both = {letter.lower(), letter.upper()}
        special = letter in "*?["
        pieces.append(f"[{''.join(sorted(both))}]" if special or len(both) > 1 else letter)
    return f"*{''.join(pieces)}*"
