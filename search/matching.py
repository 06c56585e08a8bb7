"""Which entries a query finds, and how well: set algebra over postings, for every engine that has them.

An index is some segments, each with documents numbered from 0. A word's weight in a document is
made when it is indexed (`weigh`), the rarity of the word when it is sought: BM25, with a pivot
in place of the average length, so that a score needs nothing but the postings at hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple, Protocol
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from .analysis import Analyzer, Position
from .query import All, And, Exact, Not, Or, Phrase, Prefix, Query, Scope, Term, Uploaded, Word

Documents = NDArray[np.int64]  # numbers of documents, ascending
Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]  # by document

_SATURATION: Final = 1.2  # BM25's k1: the tenth time that a word stands in a text says little
_LENGTH_MATTERS: Final = 0.6  # BM25's b: 0 to 1
_PIVOT_WORDS: Final = 400  # the length of a text whose words weigh 1 each: a page or two
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY_US: Final = 86_400_000_000
_YEAR_US: Final = 365.25 * _DAY_US
_MOST_YEARS: Final = 200
_NEWER: Final = 1.02  # how much more relevant a document is than one that is a year older
_FEW: Final = 8  # so many times as short a list is looked up number by number
_PLACE_BITS: Final = 32  # a document and a place in it make one number


class Matches(NamedTuple):
    """What a query finds in one segment. Scores compare within the query."""

    documents: Documents
    scores: Scores


class Places(NamedTuple):
    """How often a word stands in each document of its postings, and where: ascending, one after another."""

    counts: NDArray[np.int64]
    places: NDArray[np.int64]

    def picked(self, kept: Mask) -> Places:
        """Of these documents alone."""
        return Places(self.counts[kept], self.places[np.repeat(kept, self.counts)])


@dataclass(frozen=True, slots=True)
class Occurrences:
    """A lemma or a form in one segment: the documents, its weight in each, and its places in them."""

    documents: Documents
    weights: Scores
    places: Callable[[], Places]

    def spots(self, wanted: Mask) -> NDArray[np.int64]:
        """A number for each place in one of the documents that are wanted, ascending."""
        counts, places = self.places()
        kept = wanted[self.documents]
        if not kept.all():
            counts, places = Places(counts, places).picked(kept)
        return np.repeat(self.documents[kept] << _PLACE_BITS, counts) + places


class Segment(Protocol):
    """A part of an index, frozen. Deleted documents show nowhere."""

    size: int
    """How many documents it holds, deleted ones too: numbers are below it."""

    def documents(self) -> Documents:
        """All documents."""

    def lemma(self, scope: Scope, lemma: str) -> Occurrences | None:
        """Where a lemma stands, if anywhere."""

    def form(self, scope: Scope, form: str) -> Occurrences | None:
        """Where a surface form stands, if anywhere."""

    def beginning(self, scope: Scope, prefix: str) -> Documents:
        """The documents with a surface form that begins like this."""

    def having(self, field: str, value: str) -> Documents:
        """The documents with this whole value in a field of terms."""

    def uploaded(self, since: int, until: int) -> Documents:
        """The documents with since <= upload time < until, in microseconds since 1970."""


def weigh(frequency: int, length_words: int) -> float:
    """The weight of a lemma that stands so many times in a text of so many words."""
    return frequency / (
        1 - _LENGTH_MATTERS + _LENGTH_MATTERS * max(length_words, _PIVOT_WORDS / 8) / _PIVOT_WORDS
    )


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970; a moment without a zone is UTC."""
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def newer(uploaded_us: NDArray[np.int64]) -> Scores:
    """By how much upload times make documents more relevant. There is no "now" in it, so that pages stay
    as they are."""
    years = np.clip(uploaded_us / _YEAR_US, -_MOST_YEARS, _MOST_YEARS)
    factors: Scores = np.power(_NEWER, years)
    return factors


def how_new(uploaded_us: int) -> float:
    """`newer` of one upload time: for a few, sooner than by an array."""
    factor: float = _NEWER ** max(-_MOST_YEARS, min(uploaded_us / _YEAR_US, _MOST_YEARS))
    return factor


def fold_term(field: str, value: str) -> str:
    """A value of a field of terms as it is compared: ids as they are, words without case."""
    if field in ("card", "by"):
        return value
    return " ".join(normalize("NFC", value).casefold().split())


class Matching:
    """The search for one query in one state of an index."""

    def __init__(self, segments: Sequence[Segment], entries: int, analyzer: Analyzer) -> None:
        self._segments = segments
        self._entries = entries
        self._analyzer = analyzer

    def matches(self, query: Query) -> list[Matches]:
        """What the query finds in each segment."""
        match query:
            case And(parts):
                return self._all_of(parts)
            case Or(parts):
                return self._any_of(parts)
            case Not(part):
                found = zip(self._segments, self.matches(part), strict=True)
                return self._plain(_without(segment.documents(), hits, segment) for segment, hits in found)
            case Word(text, scope) | Phrase(text, scope):
                return self._lemmas_side_by_side(self._analyzer.words(text), scope)
            case Exact(text, scope):
                forms = [position.forms[:1] for position in self._analyzer.words(text)]
                return self._side_by_side(forms, lambda segment, form: segment.form(scope, form))
            case Prefix(text, scope):
                return self._prefix(text, scope)
            case Term(field, value):
                term = fold_term(field, value)
                return self._plain(segment.having(field, term) for segment in self._segments)
            case Uploaded(first, last):
                since, until = _midnight(first, date.min), _midnight(last, date.max) + _DAY_US
                return self._plain(segment.uploaded(since, until) for segment in self._segments)
            case All():
                return self._plain(segment.documents() for segment in self._segments)
            case _:
                raise TypeError(f"not a query: {query!r}")

    def _plain(self, found: Iterable[Documents]) -> list[Matches]:
        return [Matches(documents, np.zeros(len(documents))) for documents in found]

    def _all_of(self, parts: Iterable[Query]) -> list[Matches]:
        found: list[Matches] | None = None
        for part in parts:
            if isinstance(part, Not) and found is not None:
                excluded = zip(found, self.matches(part.part), self._segments, strict=True)
                found = [_remaining(hits, gone, segment) for hits, gone, segment in excluded]
            else:
                more = self.matches(part)
                found = more if found is None else list(map(_both, found, more))
            if not any(len(hits.documents) for hits in found):
                break
        return found if found is not None else self.matches(All())

    def _any_of(self, parts: Iterable[Query]) -> list[Matches]:
        found = [self.matches(part) for part in parts]
        return [
            _either([matches[number] for matches in found], segment)
            for number, segment in enumerate(self._segments)
        ]

    def _lemmas_side_by_side(self, positions: Sequence[Position], scope: Scope) -> list[Matches]:
        lemmas = [position.lemmas for position in positions]
        return self._side_by_side(lemmas, lambda segment, lemma: segment.lemma(scope, lemma))

    def _side_by_side(
        self, positions: Sequence[Sequence[str]], look_up: Callable[[Segment, str], Occurrences | None]
    ) -> list[Matches]:
        """Documents with these positions one after another, each one of its terms; a lone one is a word."""
        if not positions:
            return self.matches(All())
        words: list[list[list[Occurrences]]] = []
        found: list[Matches] | None = None
        for terms in positions:
            word = [[one for term in terms if (one := look_up(segment, term))] for segment in self._segments]
            words.append(word)
            scores = self._score(list(map(_heaviest, word, self._segments)))
            found = scores if found is None else list(map(_both, found, scores))
            if not any(len(hits.documents) for hits in found):
                return found
        if found is None or len(positions) == 1:
            return found or []
        return [
            _adjacent([word[number] for word in words], hits, self._segments[number])
            for number, hits in enumerate(found)
        ]

    def _prefix(self, text: str, scope: Scope) -> list[Matches]:
        before, beginning = self._analyzer.prefix(text)
        if not beginning:
            return self.matches(All())
        having = [segment.beginning(scope, beginning) for segment in self._segments]
        found = self._score([Matches(documents, np.ones(len(documents))) for documents in having])
        if not before:
            return found
        return list(map(_both, self._lemmas_side_by_side(before, scope), found))

    def _score(self, weighed: Sequence[Matches]) -> list[Matches]:
        """BM25 of one word, from its weights in every segment."""
        having = sum(len(documents) for documents, _ in weighed)
        rarity = math.log(1 + (max(self._entries - having, 0) + 0.5) / (having + 0.5)) * (_SATURATION + 1)
        return [
            Matches(documents, weights * rarity / (weights + _SATURATION)) for documents, weights in weighed
        ]


def _midnight(day: date | None, otherwise: date) -> int:
    return ((day or otherwise).toordinal() - _EPOCH.toordinal()) * _DAY_US


def _both(a: Matches, b: Matches) -> Matches:
    if len(b.documents) < len(a.documents):
        a, b = b, a
    if not len(a.documents):
        return a
    at = np.searchsorted(b.documents, a.documents)
    at[at == len(b.documents)] = 0
    common = b.documents[at] == a.documents
    if common.all():
        return Matches(a.documents, a.scores + b.scores[at])
    return Matches(a.documents[common], a.scores[common] + b.scores[at[common]])


def _either(several: Sequence[Matches], segment: Segment) -> Matches:
    mask, scores = np.zeros(segment.size, np.bool_), np.zeros(segment.size)
    for hits in several:
        mask[hits.documents] = True
        scores[hits.documents] += hits.scores
    documents = np.flatnonzero(mask)
    return Matches(documents, scores[documents])


def _kept(documents: Documents, gone: Matches, segment: Segment) -> Mask:
    mask = np.ones(segment.size, np.bool_)
    mask[gone.documents] = False
    kept: Mask = mask[documents]
    return kept


def _without(documents: Documents, gone: Matches, segment: Segment) -> Documents:
    return documents[_kept(documents, gone, segment)]


def _remaining(hits: Matches, gone: Matches, segment: Segment) -> Matches:
    kept = _kept(hits.documents, gone, segment)
    return Matches(hits.documents[kept], hits.scores[kept])


def _heaviest(alternatives: Sequence[Occurrences], segment: Segment) -> Matches:
    """A word may be of several lemmas, and a form stands under each: the heaviest counts, not their sum."""
    if not alternatives:
        return Matches(np.empty(0, np.int64), np.empty(0))
    if len(alternatives) == 1:
        return Matches(alternatives[0].documents, alternatives[0].weights)
    weights = np.full(segment.size, -1.0)
    for one in alternatives:
        weights[one.documents] = np.maximum(weights[one.documents], one.weights)
    documents = np.flatnonzero(weights >= 0)
    return Matches(documents, weights[documents])


def _adjacent(words: Sequence[Sequence[Occurrences]], hits: Matches, segment: Segment) -> Matches:
    """Those of the hits where these words stand one after another."""
    if not len(hits.documents):
        return hits
    wanted = np.zeros(segment.size, np.bool_)
    wanted[hits.documents] = True
    starts: NDArray[np.int64] | None = None
    for offset, alternatives in enumerate(words):
        spots = [one.spots(wanted) for one in alternatives]
        here = (np.unique(np.concatenate(spots)) if len(spots) > 1 else spots[0]) - offset
        starts = here if starts is None else _common(starts, here)
    found = np.zeros(segment.size, np.bool_)
    if starts is not None:
        found[starts >> _PLACE_BITS] = True
    kept = found[hits.documents]
    return Matches(hits.documents[kept], hits.scores[kept])


def _common(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """What stands in both of two ascending lists without doubles."""
    if len(b) < len(a):
        a, b = b, a
    if len(a) * _FEW < len(b):
        at = np.searchsorted(b, a)
        at[at == len(b)] = 0
        few: NDArray[np.int64] = a[b[at] == a]
        return few
    merged = np.sort(np.concatenate((a, b)), kind="stable")  # which is linear, of two lists in order
    both: NDArray[np.int64] = merged[:-1][merged[1:] == merged[:-1]]
    return both
