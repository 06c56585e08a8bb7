"""The seam: what an index engine must do, on one page.

One index per company; nothing in an engine can mix two. Engines know lemmas and terms only:
`analysis` turns text into lemmas, `query` turns what people type into a tree, and `snippets` cuts
fragments out of the original text; all three stand outside, so that every engine gives the same
hits. ``tests/contracts/engine_contract.py`` holds every engine to this page:

* `write` is one commit: all of it is found by searches that begin after it returned, and survives a
  power cut; or none of it is.
* Whoever searches passes the terms that they may see (`visible_to`); an entry that shares none of
  them is never counted, returned or hinted at.
* Any process may search while one writes. Two writers on one company: the second gets IndexBusy.
* A missing index answers like an empty one. A damaged one is IndexDamaged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from .query import Query

Sort = Literal["relevance", "newest", "oldest"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One document as search sees it: its current version's text, and the words around it.

    `id` and `cards` are opaque ids; `visible_to` the terms of those who may see it. Times are UTC.
    """

    id: str
    title: str
    filename: str
    card_titles: tuple[str, ...]
    text: str
    kind: str
    tags: tuple[str, ...]
    cards: tuple[str, ...]
    uploaded_by: str
    uploaded_at: datetime
    media_type: str
    visible_to: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hit:
    """A found entry. Scores compare within one search only."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of a search: `items` in order, and how many there are in `total`."""

    items: tuple[Hit, ...]
    total: int


class SearchEngine(Protocol):
    """Indexes of companies. See the module's page for the promises."""

    def write(self, company: str, entries: Iterable[Entry] = (), removed: Iterable[str] = ()) -> None:
        """Take away those `removed` (unknown ids are no error), then add `entries`, each in place of an
        older one of its id. One commit. `entries` may be a generator: it is consumed once the index is
        locked for writing, so that what it reads cannot be overtaken. IndexBusy; IndexDamaged."""

    def search(
        self,
        company: str,
        query: Query,
        *,
        visible_to: Collection[str],
        sort: Sort = "relevance",
        offset: int = 0,
        limit: int = 20,
    ) -> Hits:
        """The hits from `offset` on, `limit` at most, and the exact total. Ties are broken by
        upload time, newest first, then by id: pages never overlap. IndexDamaged."""

    def ids(self, company: str) -> Iterator[str]:
        """The ids of all entries, for comparing the index with the database. IndexDamaged."""

    def check(self, company: str) -> None:
        """Verify the index's files against what was written. IndexDamaged with the reason."""

    def drop(self, company: str) -> None:
        """Delete a company's index. Idempotent."""

    def close(self) -> None:
        """Free what is held open. The engine may be used again afterwards."""
