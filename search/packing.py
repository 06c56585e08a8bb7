"""Postings and rows as bytes: small on the disk, and arrays again without a loop.

Packed postings can be joined as they are, when segments become one, and say at once how many documents
they are of. Documents are kept as steps from one to the next; so are places, from 0 in each document.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .matching import Documents, Places, Scores
from .segments import Postings, Rows, no_places

HEAD_BYTES: Final = 25  # of packed postings, that tell how many documents they are of
_SQUEEZED_BYTES: Final = 100  # less than this does not get much smaller
_MOST_WEIGHT: Final = 60_000.0  # a half-precision number holds no more
_NUMBER_BYTES: Final = 4
_WEIGHT_BYTES: Final = 2
# What packed postings begin with is their kind: of one document or of several, mere documents or weighed.
_ONE, _SEVERAL, _ONE_WEIGHED, _SEVERAL_WEIGHED = range(4)
_NUMBER: Final = struct.Struct("<I")
_ONE_HEAD: Final = struct.Struct("<BI")  # the document
_SEVERAL_HEAD: Final = struct.Struct("<B3I")  # how many documents, the first, the last
_ONE_WEIGHED_HEAD: Final = struct.Struct("<BI2s")  # the document, its weight; places follow
_SEVERAL_WEIGHED_HEAD: Final = struct.Struct("<B6I")  # as above; lengths of: documents, weights, counts
_Guard = Callable[[Callable[[], Places]], Places]
_Ints = NDArray[np.int64]


class _Parts(NamedTuple):
    """Packed postings, taken apart. `counts` are empty where each document has one place, so are all that a
    mere list of documents does not have."""

    documents: int
    first: int
    last: int
    steps: bytes
    weights: bytes
    counts: bytes
    places: bytes


def pack(postings: Postings) -> bytes:
    """The postings of one term as bytes."""
    ends = [0, len(postings.documents)]
    if not len(postings.weights):
        return next(pack_documents(ends, postings.documents))
    return next(pack_words(ends, postings.documents, postings.weights, postings.places()))


def pack_documents(starts: Sequence[int], documents: Documents) -> Iterator[bytes]:
    """The postings of terms without weights, one after another: `starts` of each, and the end of the last."""
    steps = _steps(documents)
    numbers = documents.tolist()
    for start, end in pairwise(starts):
        if end - start == 1:
            yield _ONE_HEAD.pack(_ONE, numbers[start])
            continue
        of_steps = steps[_NUMBER_BYTES * start : _NUMBER_BYTES * (end - 1)]
        yield _packed(_Parts(end - start, numbers[start], numbers[end - 1], of_steps, b"", b"", b""))


def pack_words(
    starts: Sequence[int], documents: Documents, weights: Scores, places: Places
) -> Iterator[bytes]:
    """The same of terms with weights and places."""
    steps = _steps(documents)
    halves = np.minimum(weights, _MOST_WEIGHT).astype("<f2").tobytes()
    counts = places.counts.astype("<u4").tobytes()
    ends = np.concatenate(([0], np.cumsum(places.counts)))
    apart = places.places.copy()
    apart[1:] -= places.places[:-1]
    firsts = ends[1:-1]  # of each document but the very first: its places count from 0
    apart[firsts] = places.places[firsts]
    place_steps = apart.astype("<u4").tobytes()
    places_from = ends[np.asarray(starts)].tolist()
    numbers = documents.tolist()
    for (start, end), (first, last) in zip(pairwise(starts), pairwise(places_from), strict=True):
        of_weights = halves[_WEIGHT_BYTES * start : _WEIGHT_BYTES * end]
        of_places = place_steps[_NUMBER_BYTES * first : _NUMBER_BYTES * last]
        if end - start == 1:  # most terms
            yield _ONE_WEIGHED_HEAD.pack(_ONE_WEIGHED, numbers[start], of_weights) + of_places
            continue
        of_counts = counts[_NUMBER_BYTES * start : _NUMBER_BYTES * end] if last - first > end - start else b""
        of_steps = steps[_NUMBER_BYTES * start : _NUMBER_BYTES * (end - 1)]
        yield _packed(
            _Parts(end - start, numbers[start], numbers[end - 1], of_steps, of_weights, of_counts, of_places)
        )


def join(pieces: Sequence[tuple[bytes, int]]) -> bytes:
    """The postings of a term in several segments as those in one: each with what its documents' numbers are
    to be raised by. ValueError, struct.error or zlib.error for what was not packed here."""
    if len(pieces) == 1:
        return _raised(*pieces[0])
    apart = [_apart(packed) for packed, _ in pieces]
    raises = [raised for _, raised in pieces]
    first, last = apart[0].first + raises[0], apart[-1].last + raises[-1]
    steps = [_wide(apart[0].steps)]
    before = apart[0].last + raises[0]
    for parts, raised in zip(apart[1:], raises[1:], strict=True):
        steps += (_NUMBER.pack(parts.first + raised - before), _wide(parts.steps))
        before = parts.last + raised
    count = sum([parts.documents for parts in apart])
    if not apart[0].weights:
        return _packed(_Parts(count, first, last, b"".join(steps), b"", b"", b""))
    weights = b"".join([_expand_halves(parts.weights) for parts in apart])
    counts = [parts.counts for parts in apart]
    if any(counts):
        counts = [
            _wide(parts.counts) if parts.counts else _NUMBER.pack(1) * parts.documents for parts in apart
        ]
    places = b"".join([_wide(parts.places) for parts in apart])
    return _packed(_Parts(count, first, last, b"".join(steps), weights, b"".join(counts), places))


def count_of(packed: bytes) -> int:
    """Of how many documents packed postings are: their first HEAD_BYTES are enough. As `join`."""
    if packed[0] in (_ONE, _ONE_WEIGHED):
        return 1
    count: int = _SEVERAL_HEAD.unpack_from(packed)[1]
    return count


def unpack(packed: bytes, size: int, guard: _Guard) -> Postings:
    """The postings of a segment of `size` documents; `guard` calls what reads places later. ValueError,
    struct.error or zlib.error for what was not packed here."""
    parts = _apart(packed)
    documents = _documents(parts, size)
    if not parts.weights:
        return Postings(documents, np.empty(0), no_places)
    weights = np.frombuffer(_expand_halves(parts.weights), "<f2").astype(np.float64)
    if len(weights) != len(documents) or not (weights.min() >= 0 and weights.max() <= _MOST_WEIGHT):
        raise ValueError("weights that were not written")
    return Postings(documents, weights, lambda: guard(lambda: _places(parts)))


def pack_rows(rows: Rows) -> tuple[bytes, bytes, bytes]:
    """Rows as a few long values."""
    lengths = np.array([len(one) for one in rows.ids], "<u4")
    return rows.times.astype("<i8").tobytes(), lengths.tobytes(), b"".join(rows.ids)


def unpack_rows(packed: Sequence[bytes], size: int) -> Rows:
    """What `pack_rows` was given. ValueError for what it did not make."""
    times = np.frombuffer(packed[0], "<i8").astype(np.int64)
    ends = np.concatenate(([0], np.cumsum(np.frombuffer(packed[1], "<u4"), dtype=np.int64)))
    if len(times) != size or len(ends) != size + 1 or ends[-1] != len(packed[2]):
        raise ValueError("rows that were not written")
    return Rows(times, _Ids(packed[2], ends))


class _Ids(Sequence[bytes]):
    """Ids one after another: a list of them would take ten times the memory, in each open index."""

    def __init__(self, joined: bytes, ends: _Ints) -> None:
        self._joined = joined
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, at: Any) -> Any:
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._joined[self._ends[at] : self._ends[at + 1]]


def _steps(documents: Documents) -> bytes:
    """From each document to the next of its term; at the end of a term it is nonsense."""
    steps = np.zeros(len(documents), "<u4")
    steps[:-1] = documents[1:] - documents[:-1]
    return steps.tobytes()


def _packed(parts: _Parts) -> bytes:
    count, first, last, steps, weights, counts, places = parts
    if count == 1:
        if not weights:
            return _ONE_HEAD.pack(_ONE, first)
        return _ONE_WEIGHED_HEAD.pack(_ONE_WEIGHED, first, weights) + places
    steps = _squeeze(steps)
    if not weights:
        return _SEVERAL_HEAD.pack(_SEVERAL, count, first, last) + steps
    weights, counts = _squeeze_halves(weights), _squeeze(counts)
    head = _SEVERAL_WEIGHED_HEAD.pack(
        _SEVERAL_WEIGHED, count, first, last, len(steps), len(weights), len(counts)
    )
    return b"".join((head, steps, weights, counts, _squeeze(places)))


def _apart(packed: bytes) -> _Parts:
    """Packed postings with their parts as they are: to be expanded when they are needed."""
    kind = packed[0]
    if kind == _ONE:
        _, first = _ONE_HEAD.unpack(packed)
        return _Parts(1, first, first, b"", b"", b"", b"")
    if kind == _ONE_WEIGHED:
        _, first, weight = _ONE_WEIGHED_HEAD.unpack_from(packed)
        places = packed[_ONE_WEIGHED_HEAD.size :]
        counts = b"" if len(places) == _NUMBER_BYTES else struct.pack("<BI", 0, len(places) // _NUMBER_BYTES)
        return _Parts(1, first, first, b"", b"\0" + weight, counts, b"\0" + places)
    if kind == _SEVERAL:
        _, count, first, last = _SEVERAL_HEAD.unpack_from(packed)
        return _Parts(count, first, last, packed[_SEVERAL_HEAD.size :], b"", b"", b"")
    if kind != _SEVERAL_WEIGHED:
        raise ValueError("postings of a kind that was not written")
    _, count, first, last, *lengths = _SEVERAL_WEIGHED_HEAD.unpack_from(packed)
    ends = [*accumulate(lengths, initial=_SEVERAL_WEIGHED_HEAD.size), len(packed)]
    steps, weights, counts, places = (packed[start:end] for start, end in pairwise(ends))
    return _Parts(count, first, last, steps, weights, counts, places)


def _raised(packed: bytes, raised: int) -> bytes:
    """Packed postings with greater numbers of documents: they stand in the head alone."""
    kind = packed[0]
    if kind in (_ONE, _ONE_WEIGHED):
        _, first = _ONE_HEAD.unpack_from(packed)
        return _ONE_HEAD.pack(kind, first + raised) + packed[_ONE_HEAD.size :]
    _, count, first, last = _SEVERAL_HEAD.unpack_from(packed)
    return _SEVERAL_HEAD.pack(kind, count, first + raised, last + raised) + packed[_SEVERAL_HEAD.size :]


def _documents(parts: _Parts, size: int) -> Documents:
    steps = _expand(parts.steps)
    if len(steps) + 1 != parts.documents:
        raise ValueError("postings of another length than was written")
    documents = np.empty(parts.documents, np.int64)
    documents[0] = parts.first
    documents[1:] = steps
    np.cumsum(documents, out=documents)
    if documents[-1] != parts.last or parts.last >= size:
        raise ValueError("a document that was not written")
    return documents


def _places(parts: _Parts) -> Places:
    steps = _expand(parts.places)
    if not parts.counts:
        places: Any = steps.astype(np.int64)
        counts = np.ones(parts.documents, np.int64)
    else:
        counts = _expand(parts.counts).astype(np.int64)
        if len(counts) != parts.documents or counts.min() < 1 or counts.sum() != len(steps):
            raise ValueError("places that were not written")
        places = np.cumsum(steps, dtype=np.int64)
        firsts = np.cumsum(counts)[:-1]
        before = np.zeros(parts.documents, np.int64)
        before[1:] = places[firsts - 1]
        places -= np.repeat(before, counts)
    if len(places) != counts.sum() or places.max() >= 1 << 32:
        raise ValueError("places that were not written")
    return Places(counts, places)


def _squeeze(numbers: bytes) -> bytes:
    """Numbers of four bytes, small: a byte that tells how, and the numbers, narrow and compressed if they are
    many."""
    if not numbers:
        return b""
    if len(numbers) <= _SQUEEZED_BYTES:
        return b"\x00" + numbers
    wide = np.frombuffer(numbers, "<u4")
    most = int(wide.max())
    width = 1 if most < 1 << 8 else 2 if most < 1 << 16 else 4
    return bytes((width,)) + zlib.compress(wide.astype(f"<u{width}").tobytes(), 1)


def _expand(squeezed: bytes) -> NDArray[np.unsignedinteger[Any]]:
    if not squeezed:
        return np.empty(0, "<u4")
    width, data = squeezed[0], memoryview(squeezed)[1:]
    if not width:
        return np.frombuffer(data, "<u4")
    if width not in (1, 2, 4):
        raise ValueError("numbers of a width that was not written")
    return np.frombuffer(zlib.decompress(data), f"<u{width}")


def _wide(squeezed: bytes) -> bytes:
    if squeezed[:1] == b"\0":
        return squeezed[1:]
    return _expand(squeezed).astype("<u4").tobytes()


def _squeeze_halves(weights: bytes) -> bytes:
    return b"\x01" + zlib.compress(weights, 1) if len(weights) > _SQUEEZED_BYTES else b"\x00" + weights


def _expand_halves(squeezed: bytes) -> bytes:
    return zlib.decompress(memoryview(squeezed)[1:]) if squeezed[0] else squeezed[1:]
