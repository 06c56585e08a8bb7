"""Postings and rows as bytes: small on the disk, and arrays again without a loop."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from .matching import Documents, Places
from .segments import Postings, Rows, no_places

_SQUEEZED_BYTES: Final = 100  # less than this does not get much smaller
_PARTS: Final = struct.Struct("<4I")  # lengths of: documents, weights, counts, places
_MOST_WEIGHT: Final = 60_000.0  # a half-precision number holds no more
_Guard = Callable[[Callable[[], Places]], Places]


def pack(postings: Postings) -> bytes:
    """Postings as bytes: documents and places as steps, which are small, weights in half precision."""
    documents = _squeeze(np.diff(postings.documents, prepend=0).astype("<u4").tobytes())
    if not len(postings.weights):
        return documents
    counts, places = postings.places()
    steps = np.diff(places, prepend=0)
    firsts = np.cumsum(counts)[:-1]  # of the documents but the first: their places count from 0
    steps[firsts] = places[firsts]
    parts = (
        documents,
        _squeeze(np.minimum(postings.weights, _MOST_WEIGHT).astype("<f2").tobytes()),
        b"" if len(places) == len(counts) else _squeeze(counts.astype("<u4").tobytes()),
        _squeeze(steps.astype("<u4").tobytes()),
    )
    return b"\x02" + _PARTS.pack(*map(len, parts)) + b"".join(parts)


def unpack(packed: bytes, size: int, guard: _Guard) -> Postings:
    """The postings of a segment of `size` documents; `guard` calls what reads places later. ValueError,
    struct.error or zlib.error for what `pack` did not make."""
    if packed[0] != 2:
        return Postings(_documents(packed, size), np.empty(0), no_places)
    lengths = _PARTS.unpack_from(packed, 1)
    parts, at = [], 1 + _PARTS.size
    for length in lengths:
        parts.append(packed[at : at + length])
        at += length
    if at != len(packed):
        raise ValueError("postings of another length than was written")
    documents = _documents(parts[0], size)
    weights = np.frombuffer(_expand(parts[1]), "<f2").astype(np.float64)
    if len(weights) != len(documents) or not (weights.min() >= 0 and weights.max() <= _MOST_WEIGHT):
        raise ValueError("weights that were not written")
    return Postings(documents, weights, lambda: guard(lambda: _places(parts[2], parts[3], len(documents))))


def pack_rows(rows: Rows) -> tuple[bytes, bytes, bytes]:
    """Rows as a few long values."""
    lengths = np.array([len(one) for one in rows.ids], "<u4")
    return rows.times.astype("<i8").tobytes(), lengths.tobytes(), b"".join(rows.ids)


def unpack_rows(packed: Sequence[bytes], size: int) -> Rows:
    """What `pack_rows` was given. ValueError for what it did not make."""
    times = np.frombuffer(packed[0], "<i8").astype(np.int64)
    ends = np.cumsum(np.frombuffer(packed[1], "<u4"), dtype=np.int64).tolist()
    if len(times) != size or len(ends) != size or (ends and ends[-1] != len(packed[2])):
        raise ValueError("rows that were not written")
    return Rows(times, [packed[2][start:end] for start, end in zip([0, *ends], ends, strict=False)])


def _documents(packed: bytes, size: int) -> Documents:
    documents: Documents = np.cumsum(np.frombuffer(_expand(packed), "<u4"), dtype=np.int64)
    if not len(documents) or documents[-1] >= size:
        raise ValueError("a document that was not written")
    return documents


def _places(packed_counts: bytes, packed_steps: bytes, size: int) -> Places:
    steps = np.frombuffer(_expand(packed_steps), "<u4")
    if not packed_counts:
        places: Any = steps.astype(np.int64)
        counts = np.ones(size, np.int64)
    else:
        counts = np.frombuffer(_expand(packed_counts), "<u4").astype(np.int64)
        if len(counts) != size or counts.min() < 1 or counts.sum() != len(steps):
            raise ValueError("places that were not written")
        places = np.cumsum(steps, dtype=np.int64)
        firsts = np.cumsum(counts)[:-1]
        before = np.zeros(size, np.int64)
        before[1:] = places[firsts - 1]
        places -= np.repeat(before, counts)
    if len(places) != counts.sum() or places.max() >= 1 << 32:
        raise ValueError("places that were not written")
    return Places(counts, places)


def _squeeze(data: bytes) -> bytes:
    return b"\x01" + zlib.compress(data, 1) if len(data) > _SQUEEZED_BYTES else b"\x00" + data


def _expand(data: bytes) -> bytes:
    return zlib.decompress(memoryview(data)[1:]) if data[0] else data[1:]
