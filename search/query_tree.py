"""The tree of a query, the same for every engine, and the pieces that programs build it from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

# Where words are sought: everywhere, in the document's own title, in titles of deals that it is on, or
# of contacts and organizations.
Scope = Literal["everywhere", "title", "deal", "client"]
TermField = Literal["kind", "card", "tag", "by", "type", "format"]


class Query:
    """A node of the tree. Nodes are immutable and compare by value."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class All(Query):
    """Every entry."""


@dataclass(frozen=True, slots=True)
class Word(Query):
    """Entries with this word in any form. What analysis splits (``12/2026-К``) stands side by side."""

    text: str
    scope: Scope = "everywhere"


@dataclass(frozen=True, slots=True)
class Phrase(Query):
    """Entries with these words in any forms, side by side, in this order, within one field."""

    text: str
    scope: Scope = "everywhere"


@dataclass(frozen=True, slots=True)
class Exact(Query):
    """Entries with exactly these forms, side by side, in this order, within one field. Case, ё and е,
    ґ and г, apostrophes, and what stands between words make no difference."""

    text: str
    scope: Scope = "everywhere"


@dataclass(frozen=True, slots=True)
class Prefix(Query):
    """Entries with a word that begins like this, as it is written there."""

    text: str
    scope: Scope = "everywhere"


@dataclass(frozen=True, slots=True)
class Term(Query):
    """Entries with exactly this value in a field. Ids (`card`, `by`) are compared as they are."""

    field: TermField
    value: str


@dataclass(frozen=True, slots=True)
class Uploaded(Query):
    """Entries uploaded from the day `first` to the day `last`, both included, in UTC; None is open."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class And(Query):
    """Entries that all parts find. Two parts at least: made by `all_of`."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or(Query):
    """Entries that any part finds. Two parts at least: made by `any_of`."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not(Query):
    """Entries that the part does not find."""

    part: Query


def all_of(queries: Iterable[Query]) -> Query:
    """The entries that every one of these finds; of none, all entries."""
    flat: list[Query] = []
    for query in queries:
        if isinstance(query, And):
            flat.extend(query.parts)
        elif not isinstance(query, All):
            flat.append(query)
    if not flat:
        return All()
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(queries: Iterable[Query]) -> Query:
    """The entries that one of these finds, at least. ValueError for none: nobody means "nothing"."""
    flat: list[Query] = []
    for query in queries:
        flat.extend(query.parts if isinstance(query, Or) else (query,))
    if not flat:
        raise ValueError("any_of needs at least one query")
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def of_kind(kind: str) -> Query:
    """Documents of a kind (``contract``); upper and lower case are one."""
    return Term("kind", kind)


def on_card(card: str) -> Query:
    """Documents on the card with this id: a deal, an organization, ..."""
    return Term("card", card)


def tagged(tag: str) -> Query:
    """Documents with this whole tag; upper and lower case are one."""
    return Term("tag", tag)


def uploaded(first: date | None = None, last: date | None = None) -> Query:
    """Documents uploaded within these days, both included, in UTC."""
    return Uploaded(first, last) if first or last else All()


def sought(query: Query) -> Iterator[Word | Phrase | Exact | Prefix]:
    """The words that a hit may have been found by: what a snippet shows. None that NOT excludes."""
    if isinstance(query, Word | Phrase | Exact | Prefix):
        yield query
    elif isinstance(query, And | Or):
        for part in query.parts:
            yield from sought(part)
