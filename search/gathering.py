"""The words of many entries turned into postings: one sort of large arrays, and no list for each word."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .analysis import Analyzer
from .entry_terms import KEPT_PREFIX_LETTERS, texts_of, values_of
from .interface import Entry
from .matching import Places, microseconds, weigh
from .query import Scope
from .segments import Postings, Rows, encode, form_field, lemma_field, plain, start_field

_Ints = NDArray[np.int64]
_SCOPES: Final[tuple[Scope, ...]] = ("everywhere", "title", "deal", "client")


class _Numbering(dict[tuple[tuple[str, ...], tuple[str, ...]], int]):
    """Numbers for what stands at one place of a text, given as they come."""

    def __missing__(self, key: tuple[tuple[str, ...], tuple[str, ...]]) -> int:
        number = self[key] = len(self)
        return number


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
        self._numbering = _Numbering()
        self._words: dict[Scope, array[int]] = {scope: array("I") for scope in _SCOPES}
        self._stretches: dict[Scope, list[_Stretch]] = {scope: [] for scope in _SCOPES}
        self._values: dict[str, dict[str, list[int]]] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, entry: Entry) -> None:
        """Analyse an entry, and add it as the next document."""
        document = len(self._ids)
        ends = dict.fromkeys(_SCOPES, 0)
        numbering = self._numbering
        for scope, text, weight in texts_of(entry):
            found = [numbering[forms, lemmas] for _, forms, lemmas in self._analyzer.positions(text)]
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

    def postings(self) -> Iterator[tuple[str, bytes, Postings]]:
        """All postings, in the order of fields and of terms as bytes."""
        fields = {field: self._terms(field) for field in self._values}
        for scope in _SCOPES:
            fields[lemma_field(scope)] = self._words_of(scope, lemma_field(scope), 1)
            fields[form_field(scope)] = self._words_of(scope, form_field(scope), 0)
            fields[start_field(scope)] = self._starts_of(scope)
        for field in sorted(fields):
            yield from fields[field]

    def _terms(self, field: str) -> Iterator[tuple[str, bytes, Postings]]:
        for term, documents in sorted((encode(term), found) for term, found in self._values[field].items()):
            yield field, term, plain(np.array(documents, np.int64))

    def _words_of(self, scope: Scope, field: str, which: int) -> Iterator[tuple[str, bytes, Postings]]:
        """The lemmas (`which` is 1) or forms (0) of a scope."""
        names, numbers, spots = self._spots(scope, which)
        if not len(numbers):
            return
        order = np.argsort(numbers, kind="stable")  # so documents and places stay ascending
        numbers = numbers[order]
        spots = spots[order]
        documents, places, weights = self._tokens(scope)
        documents, places, weights = documents[spots], places[spots], weights[spots]
        firsts = _changes(numbers, documents)
        counts = np.diff(firsts, append=len(numbers))
        weights = np.add.reduceat(weights, firsts)
        documents, numbers = documents[firsts], numbers[firsts]
        of_terms = _changes(numbers)
        ends = np.append(of_terms[1:], len(numbers))
        places_from = np.append(firsts, len(places))
        for start, end in zip(of_terms.tolist(), ends.tolist(), strict=True):
            of_term = Places(counts[start:end], places[places_from[start] : places_from[end]])
            yield (
                field,
                names[numbers[start]],
                Postings(documents[start:end], weights[start:end], partial(Places, *of_term)),
            )

    def _starts_of(self, scope: Scope) -> Iterator[tuple[str, bytes, Postings]]:
        """The documents by the first letters of their forms."""
        names, numbers, spots = self._spots(scope, 0)
        if not len(numbers):
            return
        documents = self._tokens(scope)[0][spots]
        field, size = start_field(scope), len(self._ids)
        forms = [name.decode("utf-8", "surrogatepass") for name in names]
        beginnings = [
            {encode(form[:letters]) for letters in range(1, KEPT_PREFIX_LETTERS + 1)} for form in forms
        ]
        starts = {start: number for number, start in enumerate(sorted(set().union(*beginnings)))}
        offsets, flat = _ragged([[starts[start] for start in of_form] for of_form in beginnings])
        pairs = np.unique(numbers * size + documents)
        of_forms, documents = np.divmod(pairs, size)
        repeats, chosen = _expanded(of_forms, offsets)
        pairs = np.unique(flat[chosen] * size + documents[repeats])
        of_starts, documents = np.divmod(pairs, size)
        firsts = _changes(of_starts)
        ordered = list(starts)
        for start, end in zip(firsts.tolist(), [*firsts[1:].tolist(), len(of_starts)], strict=True):
            yield field, ordered[of_starts[start]], plain(documents[start:end])

    def _spots(self, scope: Scope, which: int) -> tuple[list[bytes], _Ints, _Ints]:
        """All forms or lemmas in order, and for each occurrence its number and its place in the words."""
        found = [sorted(set(map(encode, position[which]))) for position in self._numbering]
        names = sorted(set().union(*found)) if found else []
        number_of = {name: number for number, name in enumerate(names)}
        offsets, flat = _ragged([[number_of[name] for name in of_word] for of_word in found])
        spots, chosen = _expanded(np.frombuffer(self._words[scope], np.uint32), offsets)
        return names, flat[chosen], spots

    def _tokens(self, scope: Scope) -> tuple[_Ints, _Ints, NDArray[np.float64]]:
        """Document, place and weight of each word of a scope."""
        stretches = self._stretches[scope]
        counts = np.array([stretch.length for stretch in stretches], np.int64)
        documents = np.repeat(np.array([stretch.document for stretch in stretches], np.int64), counts)
        weights = np.repeat(np.array([stretch.weight for stretch in stretches]), counts)
        starts = np.array([stretch.start for stretch in stretches], np.int64)
        places = np.arange(len(documents)) + np.repeat(starts - np.cumsum(counts) + counts, counts)
        return documents, places, weights


def _changes(*keys: _Ints) -> _Ints:
    """Where one of these arrays differs from the place before it, the first place included."""
    changed = np.zeros(len(keys[0]), np.bool_)
    changed[0] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(changed)


def _ragged(lists: Sequence[Sequence[int]]) -> tuple[_Ints, _Ints]:
    """Lists one after another, and where each begins and the last ends."""
    offsets = np.zeros(len(lists) + 1, np.int64)
    np.cumsum([len(one) for one in lists], out=offsets[1:])
    return offsets, np.array([number for one in lists for number in one], np.int64)


def _expanded(chosen: NDArray[np.uint32] | _Ints, offsets: _Ints) -> tuple[_Ints, _Ints]:
    """For each element of the chosen lists (see `_ragged`): the place in `chosen`, and that in the lists."""
    starts = offsets[chosen]
    counts = offsets[1:][chosen] - starts
    repeats = np.repeat(np.arange(len(chosen)), counts)
    within = np.arange(len(repeats)) - np.repeat(np.cumsum(counts) - counts, counts)
    return repeats, starts[repeats] + within
