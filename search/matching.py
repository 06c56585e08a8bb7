"""Which entries a query finds, and how well: set algebra over postings, for every engine that has them.

An index is some segments, each with documents numbered from 0. A word's weight in a document is
made when it is indexed (`weigh`), the rarity of the word when it is sought: BM25, with a pivot
in place of the average length, so that a score needs nothing but the postings at hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from heapq import nsmallest
from typing import Final, Literal, Protocol
from unicodedata import normalize

from .analysis import Analyzer, Position
from .query import All, And, Exact, Not, Or, Phrase, Prefix, Query, Scope, Term, Uploaded, Word

Sort = Literal["relevance", "newest", "oldest"]
Matches = dict[int, float]  # of one segment: document -> score

_SATURATION: Final = 1.2  # BM25's k1: the tenth time that a word stands in a text says little
_LENGTH_MATTERS: Final = 0.6  # BM25's b: 0 to 1
_PIVOT_WORDS: Final = 400  # the length of a text whose words weigh 1 each: a page or two
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_YEAR_US: Final = 365.25 * 86_400_000_000
_MOST_YEARS: Final = 200
_NEWER: Final = 1.02  # how much more relevant a document is than one that is a year older


@dataclass(frozen=True, slots=True)
class Occurrences:
    """A lemma or a form in one segment: weights by document, and the positions in a document that has it."""

    weights: Mapping[int, float]
    positions: Callable[[int], Sequence[int]]


class Segment(Protocol):
    """A part of an index, frozen. Deleted documents show nowhere."""

    def documents(self) -> Iterable[int]:
        """All documents."""

    def lemma(self, scope: Scope, lemma: str) -> Occurrences:
        """Where a lemma stands, if anywhere."""

    def form(self, scope: Scope, form: str) -> Occurrences:
        """Where a surface form stands, if anywhere."""

    def beginning(self, scope: Scope, prefix: str) -> Iterable[int]:
        """The documents with a surface form that begins like this."""

    def having(self, field: str, value: str) -> Iterable[int]:
        """The documents with this whole value in a field of terms."""

    def uploaded(self, since: int, until: int) -> Iterable[int]:
        """The documents with since <= upload time < until, in microseconds since 1970."""


def weigh(frequency: int, length_words: int) -> float:
    """The weight of a lemma that stands so many times in a text of so many words."""
    return frequency / (
        1 - _LENGTH_MATTERS + _LENGTH_MATTERS * max(length_words, _PIVOT_WORDS / 8) / _PIVOT_WORDS
    )


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970; a moment without a zone is UTC."""
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def newer(uploaded_us: int) -> float:
    """By how much the upload time makes a document more relevant. There is no "now" in it, so that pages
    stay as they are."""
    return math.pow(_NEWER, min(max(uploaded_us / _YEAR_US, -_MOST_YEARS), _MOST_YEARS))


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
        """What the query finds, one dict for each segment. Scores compare within this query."""
        match query:
            case And(parts):
                return self._all_of(parts)
            case Or(parts):
                return self._any_of(parts)
            case Not(part):
                found = self.matches(part)
                return self._plain(
                    set(segment.documents()).difference(hits)
                    for segment, hits in zip(self._segments, found, strict=True)
                )
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
                since, until = _midnight(first, date.min), _midnight(last, date.max) + 86_400_000_000
                return self._plain(segment.uploaded(since, until) for segment in self._segments)
            case All():
                return self._plain(segment.documents() for segment in self._segments)
            case _:
                raise TypeError(f"not a query: {query!r}")

    def _plain(self, found: Iterable[Iterable[int]]) -> list[Matches]:
        return [dict.fromkeys(documents, 0.0) for documents in found]

    def _all_of(self, parts: Iterable[Query]) -> list[Matches]:
        found: list[Matches] | None = None
        for part in parts:
            if isinstance(part, Not) and found is not None:
                excluded = self.matches(part.part)
                for hits, gone in zip(found, excluded, strict=True):
                    for document in hits.keys() & gone.keys():
                        del hits[document]
            else:
                more = self.matches(part)
                found = more if found is None else [_both(a, b) for a, b in zip(found, more, strict=True)]
            if not any(found):
                break
        return found if found is not None else self.matches(All())

    def _any_of(self, parts: Iterable[Query]) -> list[Matches]:
        found: list[Matches] = [{} for _ in self._segments]
        for part in parts:
            for hits, more in zip(found, self.matches(part), strict=True):
                for document, score in more.items():
                    hits[document] = hits.get(document, 0.0) + score
        return found

    def _lemmas_side_by_side(self, positions: Sequence[Position], scope: Scope) -> list[Matches]:
        lemmas = [position.lemmas for position in positions]
        return self._side_by_side(lemmas, lambda segment, lemma: segment.lemma(scope, lemma))

    def _side_by_side(
        self, positions: Sequence[Sequence[str]], look_up: Callable[[Segment, str], Occurrences]
    ) -> list[Matches]:
        """Documents with these positions one after another, each one of its terms; a lone one is a word."""
        if not positions:
            return self.matches(All())
        words = [
            [[look_up(segment, term) for term in terms] for segment in self._segments] for terms in positions
        ]
        scores = [self._score([_heaviest(alternatives) for alternatives in word]) for word in words]
        found = scores[0]
        for more in scores[1:]:
            found = [_both(a, b) for a, b in zip(found, more, strict=True)]
        if len(positions) == 1:
            return found
        return [
            {
                document: score
                for document, score in hits.items()
                if _adjacent([word[number] for word in words], document)
            }
            for number, hits in enumerate(found)
        ]

    def _prefix(self, text: str, scope: Scope) -> list[Matches]:
        before, beginning = self._analyzer.prefix(text)
        if not beginning:
            return self.matches(All())
        found = self._score(
            [dict.fromkeys(segment.beginning(scope, beginning), 1.0) for segment in self._segments]
        )
        if not before:
            return found
        return [_both(a, b) for a, b in zip(self._lemmas_side_by_side(before, scope), found, strict=True)]

    def _score(self, weights: Sequence[Mapping[int, float]]) -> list[Matches]:
        """BM25 of one word, from its weights in every segment."""
        having = sum(map(len, weights))
        rarity = math.log(1 + (max(self._entries - having, 0) + 0.5) / (having + 0.5)) * (_SATURATION + 1)
        return [
            {document: rarity * weight / (weight + _SATURATION) for document, weight in segment.items()}
            for segment in weights
        ]


def _midnight(day: date | None, otherwise: date) -> int:
    day = day or otherwise
    return (day.toordinal() - _EPOCH.toordinal()) * 86_400_000_000


def _both(a: Matches, b: Matches) -> Matches:
    if len(b) < len(a):
        a, b = b, a
    return {document: score + b[document] for document, score in a.items() if document in b}


def _heaviest(alternatives: Sequence[Occurrences]) -> Mapping[int, float]:
    """A word may be of several lemmas, and a form stands under each: the heaviest counts, not their sum."""
    merged = alternatives[0].weights
    for other in alternatives[1:]:
        if not merged:
            merged = other.weights
        elif other.weights:
            merged = dict(merged)
            for document, weight in other.weights.items():
                if weight > merged.get(document, 0.0):
                    merged[document] = weight
    return merged


def _adjacent(words: Sequence[Sequence[Occurrences]], document: int) -> bool:
    starts: set[int] | None = None
    for offset, alternatives in enumerate(words):
        here = {
            position - offset
            for alternative in alternatives
            if document in alternative.weights
            for position in alternative.positions(document)
        }
        starts = here if starts is None else starts & here
        if not starts:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that was found: where it stands, and its score."""

    segment: int
    document: int
    score: float


def rank(
    matches: Sequence[Matches],
    times: Sequence[Sequence[int]],
    id_of: Callable[[int, int], str],
    sort: Sort,
    offset: int,
    limit: int,
) -> list[Found]:
    """The page of matches from `offset` on. `times` are upload times by segment and document; ties of a
    score are broken by them, newest first, and ties of a time by id."""
    keyed: list[tuple[float, int, int, int]] = []
    for number, hits in enumerate(matches):
        time_of = times[number]
        if sort == "relevance":
            keyed.extend(
                (-round(score * newer(time_of[d]), 6), -time_of[d], number, d) for d, score in hits.items()
            )
        else:
            sign = -1 if sort == "newest" else 1
            keyed.extend((0.0, sign * time_of[d], number, d) for d in hits)
    wanted = offset + limit
    if wanted < len(keyed):
        # Ids are read for the page alone, and for what ties with its last entry.
        last = nsmallest(wanted, keyed)[-1][:2] if wanted else (-math.inf, 0)
        keyed = [key for key in keyed if key[:2] <= last]
    keyed.sort(key=lambda key: (*key[:2], id_of(*key[2:])))
    return [Found(s, d, round(matches[s][d] * newer(times[s][d]), 6)) for _, _, s, d in keyed[offset:wanted]]
