"""Search as you type: documents by title, and the user's own recent searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecm.access import Actor, visible_terms
from ecm.correcting import layouts, plain_words
from ecm.errors import Invalid
from ecm.found_rows import FoundRows
from ecm.indexing import Indexing
from ecm.models import Document
from ecm.recent_searches import RecentSearches
from ecm.search.analysis import fold, normalize_text
from ecm.search.errors import IndexDamaged
from ecm.search.interface import SearchEngine
from ecm.search.query import MAX_LENGTH, Prefix, Query, Word, all_of, any_of

DOCUMENTS_MOST = 8
SEARCHES_MOST = 5
WORDS_MOST = 10


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What to offer for a query that is being typed: the best first."""

    documents: Sequence[Document]
    searches: Sequence[str]


class Suggesting:
    """Suggestions from one company at a time, of what the asker may see."""

    def __init__(
        self, engine: SearchEngine, rows: FoundRows, recent: RecentSearches, indexing: Indexing
    ) -> None:
        self._engine = engine
        self._rows = rows
        self.recent = recent
        self._indexing = indexing

    def suggest(self, actor: Actor, q: str) -> Suggestions:
        """See `Ecm.suggest`."""
        if len(q) > MAX_LENGTH:
            raise Invalid("q", f"{MAX_LENGTH} characters at most")
        return Suggestions(self._documents(actor, q), self._searches(actor, q))

    def _documents(self, actor: Actor, q: str) -> list[Document]:
        words = [place.text for place in plain_words(q)][-WORDS_MOST:]
        if not words:
            return []
        tries = [words, *(converted.split() for converted in layouts(" ".join(words)))]
        for typed in tries:
            if found := self._titled(actor, typed):
                return found
        return []

    def _titled(self, actor: Actor, words: Sequence[str]) -> list[Document]:
        """The documents with these words in their titles, in any forms; the last is still being typed."""
        *whole, last = words
        begun: list[Query] = [Word(last, "title"), Prefix(last, "title")]
        query = all_of([*(Word(word, "title") for word in whole), any_of(begun)])
        company, terms = str(actor.company_id), visible_terms(actor)
        try:
            hits = self._engine.search(company, query, visible_to=terms, limit=DOCUMENTS_MOST)
        except IndexDamaged:
            self._indexing.rebuilding.request_check(actor.company_id)
            return []
        documents = self._rows.load(actor, [int(hit.id) for hit in hits.items]).documents
        return list(documents.values())

    def _searches(self, actor: Actor, q: str) -> list[str]:
        """Those of the actor's recent searches that begin with what was typed, then those that contain it."""
        typed = _folded(q)
        recent = [(text, _folded(text)) for text in self.recent.of(actor)]
        begin = [text for text, folded in recent if folded.startswith(typed) and folded != typed]
        contain = [text for text, folded in recent if typed in folded[1:]]
        return list(dict.fromkeys(begin + contain))[:SEARCHES_MOST]


def _folded(text: str) -> str:
    return " ".join(fold(normalize_text(text)).split())
