"""The words of many entries turned into postings: one sort of large arrays, and no list for each word."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .analysis import Analyzer, Position
from .entry_terms import KEPT_PREFIX_LETTERS, texts_of, values_of
from .interface import Entry
from .matching import Places, microseconds, weigh
from .packing import pack, pack_documents, pack_words
from .query import Scope
from .segments import Rows, encode, form_field, lemma_field, plain, start_field

_Ints = NDArray[np.int64]
_SCOPES: Final[tuple[Scope, ...]] = ("everywhere", "title", "deal", "client")


class _Words(dict[str, list[int]]):
    """The words of texts by their tokens: a number for all that stands at one place, given as they come."""

    def __init__(self, analyzer: Analyzer) -> None:
        super().__init__()
        self._analyzer = analyzer
        self.numbers: dict[Position, int] = {}

    def __missing__(self, token: str) -> list[int]:
        numbers = self.numbers
        found = self[token] = [
            numbers.setdefault(position, len(numbers)) for position in self._analyzer.token(token)
        ]
        return found


class _Names(NamedTuple):
    """Terms in order, and which of them each word is: the numbers of all words one after another, and where
    those of each word begin and of the last end."""

    terms: list[str]
    offsets: _Ints
    numbers: _Ints


class _Stretch(NamedTuple):
    """A text of an entry within the words of its scope."""

    document: int
    start: int
    length: int
    weight: float


class Gathering:
    """Entries on their way into a segment. `count` is of the words so far: some 40 bytes of memory each
    when they become postings."""

    def __init__(self, analyzer: Analyzer) -> None:
        self.count = 0
        self._analyzer = analyzer
        self._ids: list[bytes] = []
        self._times: list[int] = []
        self._known = _Words(analyzer)
        self._words: dict[Scope, array[int]] = {scope: array("I") for scope in _SCOPES}
        self._stretches: dict[Scope, list[_Stretch]] = {scope: [] for scope in _SCOPES}
        self._values: dict[str, dict[str, list[int]]] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, entry: Entry) -> None:
        """Analyse an entry, and add it as the next document."""
        document = len(self._ids)
        ends = dict.fromkeys(_SCOPES, 0)
        for scope, text, weight in texts_of(entry):
            tokens = self._analyzer.tokens(text)
            found = list(chain.from_iterable(map(self._known.__getitem__, tokens)))
            count = len(found)
            self._words[scope].extend(found)
            weight = weigh(1, count) if weight is None else weight
            self._stretches[scope].append(_Stretch(document, ends[scope], count, weight))
            ends[scope] += count + 1
            self.count += count
        for field, values in values_of(entry).items():
            of_field = self._values.setdefault(field, {})
            for value in values:
                of_field.setdefault(value, []).append(document)
        self._ids.append(encode(entry.id))
        self._times.append(microseconds(entry.uploaded_at))

    def rows(self) -> Rows:
        """The rows of all documents."""
        return Rows(np.array(self._times, np.int64), self._ids)

    def postings(self) -> Iterator[tuple[str, bytes, bytes]]:
        """All postings, packed, in the order of fields and of terms as bytes."""
        fields = {field: self._terms(field) for field in self._values}
        words = self._known.numbers
        forms = _names([word.forms for word in words])
        lemmas = _names([word.lemmas for word in words])
        starts = _beginnings(forms)
        for scope in _SCOPES:
            if not self._words[scope]:
                continue
            fields[lemma_field(scope)] = self._words_of(scope, lemma_field(scope), lemmas)
            fields[form_field(scope)] = self._words_of(scope, form_field(scope), forms)
            fields[start_field(scope)] = self._starts_of(scope, starts)
        for field in sorted(fields):
            yield from fields[field]

    def _terms(self, field: str) -> Iterator[tuple[str, bytes, bytes]]:
        for term, documents in sorted((encode(term), found) for term, found in self._values[field].items()):
            yield field, term, pack(plain(np.array(documents, np.int64)))

    def _words_of(self, scope: Scope, field: str, names: _Names) -> Iterator[tuple[str, bytes, bytes]]:
        """The lemmas or forms of a scope."""
        spots, chosen = _expanded(np.frombuffer(self._words[scope], np.uint32), names.offsets)
        numbers = names.numbers[chosen]
        order = np.argsort(numbers, kind="stable")  # so documents and places stay ascending
        numbers = numbers[order]
        spots = spots[order]
        documents, places, weights = self._tokens(scope)
        documents, places, weights = documents[spots], places[spots], weights[spots]
        firsts = _changes(numbers, documents)
        counts = np.diff(firsts, append=len(numbers))
        weights = np.add.reduceat(weights, firsts)
        documents, numbers = documents[firsts], numbers[firsts]
        starts = _changes(numbers)
        packed = pack_words([*starts.tolist(), len(numbers)], documents, weights, Places(counts, places))
        for number, of_term in zip(numbers[starts].tolist(), packed, strict=True):
            yield field, encode(names.terms[number]), of_term

    def _starts_of(self, scope: Scope, names: _Names) -> Iterator[tuple[str, bytes, bytes]]:
        """The documents by the first letters of their forms."""
        size = len(self._ids)
        words = np.frombuffer(self._words[scope], np.uint32).astype(np.int64)
        of_words, documents = np.divmod(_distinct(words * size + self._tokens(scope)[0]), size)
        repeats, chosen = _expanded(of_words, names.offsets)
        pairs = _distinct(names.numbers[chosen] * size + documents[repeats])
        of_starts, documents = np.divmod(pairs, size)
        starts = _changes(of_starts)
        packed = pack_documents([*starts.tolist(), len(of_starts)], documents)
        field = start_field(scope)
        for number, of_start in zip(of_starts[starts].tolist(), packed, strict=True):
            yield field, encode(names.terms[number]), of_start

    def _tokens(self, scope: Scope) -> tuple[_Ints, _Ints, NDArray[np.float64]]:
        """Document, place and weight of each word of a scope."""
        stretches = self._stretches[scope]
        counts = np.array([stretch.length for stretch in stretches], np.int64)
        documents = np.repeat(np.array([stretch.document for stretch in stretches], np.int64), counts)
        weights = np.repeat(np.array([stretch.weight for stretch in stretches]), counts)
        starts = np.array([stretch.start for stretch in stretches], np.int64)
        places = np.arange(len(documents)) + np.repeat(starts - np.cumsum(counts) + counts, counts)
        return documents, places, weights


def _names(terms: Sequence[Collection[str]]) -> _Names:
    """The terms of all words, given those of each. Text is in the order of its bytes in UTF-8."""
    distinct = [of_word if len(of_word) == 1 else set(of_word) for of_word in terms]
    names, numbers = _numbered(list(chain.from_iterable(distinct)))
    offsets = np.zeros(len(terms) + 1, np.int64)
    np.cumsum([len(of_word) for of_word in distinct], out=offsets[1:])
    return _Names(names, offsets, numbers)


def _beginnings(forms: _Names) -> _Names:
    """What the forms of each word begin with, some twice."""
    lengths = range(1, KEPT_PREFIX_LETTERS + 1)
    names, numbers = _numbered([form[:letters] for form in forms.terms for letters in lengths])
    of_words = numbers.reshape(-1, len(lengths))[forms.numbers].ravel()
    return _Names(names, forms.offsets * len(lengths), of_words)


def _numbered(terms: Sequence[str]) -> tuple[list[str], _Ints]:
    """Different terms in order, and which of them each one is."""
    names = sorted(set(terms))
    number_of = {name: number for number, name in enumerate(names)}
    return names, np.fromiter(map(number_of.__getitem__, terms), np.int64, len(terms))


def _changes(*keys: _Ints) -> _Ints:
    """Where one of these arrays differs from the place before it, the first place included."""
    changed = np.zeros(len(keys[0]), np.bool_)
    changed[0] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(changed)


def _distinct(numbers: _Ints) -> _Ints:
    ordered = np.sort(numbers)
    return ordered[_changes(ordered)]


def _expanded(chosen: NDArray[np.uint32] | _Ints, offsets: _Ints) -> tuple[_Ints, _Ints]:
    """For each element of the chosen lists (see `_Names`): the place in `chosen`, and that in the lists."""
    starts = offsets[chosen]
    counts = offsets[1:][chosen] - starts
    repeats = np.repeat(np.arange(len(chosen)), counts)
    within = np.arange(len(repeats)) - np.repeat(np.cumsum(counts) - counts, counts)
    return repeats, starts[repeats] + within
