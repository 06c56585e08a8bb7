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
* A missing index answers like an empty one. A damaged one is IndexDamaged, to whoever writes it or lists
  its ids always; to whoever searches, an engine may answer from what is whole and say `incomplete`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol

from .query import Query

Sort = Literal["relevance", "newest", "oldest"]
Facet = Literal["kind", "year", "format", "by", "tag"]
FACETS: Final[tuple[Facet, ...]] = ("kind", "year", "format", "by", "tag")
MAX_FACET_VALUES: Final = 50


@dataclass(frozen=True, slots=True)
class EntryCard:
    """A card that a document is on: its opaque id, its kind (``deal``, ``contact``, ...) and title."""

    id: str
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One document as search sees it: its current version's text, and the words around it.

    `id` is opaque; `format` the short name of the content's format (``pdf``); `visible_to` the terms
    of those who may see it. Times are UTC.
    """

    id: str
    title: str
    filename: str
    cards: tuple[EntryCard, ...]
    text: str
    kind: str
    tags: tuple[str, ...]
    uploaded_by: str
    uploaded_at: datetime
    media_type: str
    format: str
    visible_to: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hit:
    """A found entry. Scores compare within one search only."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class FacetValue:
    """How many of the hits have this value. Tags that differ in case only are one value, shown as
    one of them is written."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of a search: `items` in order, how many there are in `total`, and what was asked of
    `facets`: the values among all hits, the most frequent first, then by value, MAX_FACET_VALUES at
    most. ``year`` is of the upload time in UTC. An `incomplete` page may lack
    entries, since parts of the index are damaged or made by older rules: have it rebuilt."""

    items: tuple[Hit, ...]
    total: int
    facets: Mapping[Facet, tuple[FacetValue, ...]] = field(default_factory=dict)
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Spelling:
    """A form of a word as it stands, folded, in so many entries."""

    form: str
    entries: int


@dataclass(frozen=True, slots=True)
class Frequencies:
    """Of how many entries an index is, and how many of them have each lemma that was asked for."""

    entries: int
    having: Mapping[str, int]


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
        facets: Collection[Facet] = (),
    ) -> Hits:
        """The hits from `offset` on, `limit` at most, the exact total, and these facets of all hits.
        Ties are broken by upload time, newest first, then by id: pages never overlap. IndexDamaged."""

    def spellings(
        self, company: str, word: str, *, visible_to: Collection[str], limit: int = 5
    ) -> tuple[Spelling, ...]:
        """The forms of words in titles, file names, card titles and texts that are within two edits
        (a letter put in, left out, changed, or two neighbours swapped) of a folded word; the word
        itself too, if it stands there. The nearest first, then those in most entries, then by form.
        Only entries that the asker may see count. IndexDamaged."""

    def frequencies(self, company: str, lemmas: Collection[str]) -> Frequencies:
        """In how many of a company's entries each lemma stands, whoever may see them: for telling what
        a text is about, never for showing. IndexDamaged."""

    def ids(self, company: str) -> Iterator[str]:
        """The ids of all entries, for comparing the index with the database. IndexDamaged."""

    def check(self, company: str) -> None:
        """Verify the index's files against what was written. IndexDamaged with the reason."""

    def salvage(self, company: str) -> None:
        """Have an index that may be damaged, or of older rules, be written and searched again: what cannot
        be trusted is left out, and an engine may leave out all. All entries are to be written anew then;
        until that is done, search answers from what there is. IndexBusy."""

    def drop(self, company: str) -> None:
        """Delete a company's index. Idempotent."""

    def close(self) -> None:
        """Free what is held open. The engine may be used again afterwards."""
