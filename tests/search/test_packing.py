"""Postings as bytes are the same postings again; so are those of segments that became one."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm.search.matching import Places
from ecm.search.packing import HEAD_BYTES, count_of, join, pack, pack_words, unpack
from ecm.search.segments import Postings, plain

SIZE = 1_000
Word = dict[int, list[int]]  # places by document
WORDS: st.SearchStrategy[Word] = st.dictionaries(
    st.integers(0, SIZE - 1),
    st.lists(st.integers(0, 100_000), min_size=1, max_size=4, unique=True).map(sorted),
    min_size=1,
    max_size=120,
).map(lambda word: dict(sorted(word.items())))


def postings_of(word: Mapping[int, list[int]]) -> Postings:
    """A word that weighs as much as it has places."""
    counts = np.array([len(places) for places in word.values()])
    places = np.array([place for places in word.values() for place in places])
    return Postings(np.array(list(word)), counts.astype(float), lambda: Places(counts, places))


def read(packed: bytes, size: int = SIZE) -> Word:
    """What is packed."""
    found = unpack(packed, size, lambda reading: reading())
    counts, places = found.places()
    assert found.weights.tolist() == counts.tolist()
    ends = np.cumsum(counts).tolist()
    each = zip(found.documents.tolist(), [0, *ends], ends, strict=False)
    return {document: places[start:end].tolist() for document, start, end in each}


@given(WORDS)
def test_a_word_is_the_same_again_and_tells_how_many_documents_have_it(word: Word) -> None:
    packed = pack(postings_of(word))
    assert read(packed) == word
    assert count_of(packed[:HEAD_BYTES]) == len(word)


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_words_of_segments_are_joined_as_they_are(words: list[Word]) -> None:
    joined = join([(pack(postings_of(word)), SIZE * number) for number, word in enumerate(words)])
    expected = {
        SIZE * number + document: places
        for number, word in enumerate(words)
        for document, places in word.items()
    }
    assert read(joined, SIZE * len(words)) == expected


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_many_terms_are_packed_at_once_as_each_alone(words: list[Word]) -> None:
    each = [postings_of(word) for word in words]
    starts = np.cumsum([0, *map(len, words)]).tolist()
    places = Places(
        np.concatenate([one.places().counts for one in each]),
        np.concatenate([one.places().places for one in each]),
    )
    documents = np.concatenate([one.documents for one in each])
    weights = np.concatenate([one.weights for one in each])
    assert list(pack_words(starts, documents, weights, places)) == list(map(pack, each))


@pytest.mark.parametrize("documents", [[7], [0, 1, 999], list(range(300))])
def test_documents_without_weights_are_packed_and_joined(documents: list[int]) -> None:
    packed = pack(plain(np.array(documents)))
    assert unpack(packed, SIZE, lambda reading: reading()).documents.tolist() == documents
    twice = join([(packed, 0), (packed, SIZE)])
    both = [*documents, *(SIZE + document for document in documents)]
    assert unpack(twice, 2 * SIZE, lambda reading: reading()).documents.tolist() == both
    assert count_of(twice) == 2 * len(documents)


@given(WORDS, st.data())
def test_a_changed_byte_is_refused_or_gives_documents_that_are_there(word: Word, data: st.DataObject) -> None:
    packed = bytearray(pack(postings_of(word)))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = unpack(bytes(packed), SIZE, lambda reading: reading())
        counts, places = found.places()
    except (ValueError, struct.error, zlib.error):
        return
    assert found.documents.min() >= 0
    assert found.documents.max() < SIZE
    assert len(found.weights) in (0, len(found.documents))
    assert counts.sum() == len(places)
