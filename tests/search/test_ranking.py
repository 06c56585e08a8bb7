from __future__ import annotations

import numpy as np

from ecm.search.interface import Sort
from ecm.search.matching import Matches
from ecm.search.ranking import rank

IDS = [["d", "b", "e"], ["a", "c"]]
TIMES = [np.array([5, 5, 9]), np.array([5, 5])]
SCORES = [np.array([1.0, 2.0, 1.0]), np.array([2.0, 1.00000001])]
NO_NEWER = [np.ones(3), np.ones(2)]


def page(sort: Sort, offset: int, limit: int) -> list[str]:
    matches = [Matches(np.arange(len(scores)), scores) for scores in SCORES]
    found = rank(matches, TIMES, NO_NEWER, lambda s, d: IDS[s][d], sort, offset, limit)
    return [IDS[hit.segment][hit.document] for hit in found]


def test_pages_are_in_order_whatever_their_size() -> None:
    whole = ["a", "b", "e", "c", "d"]
    for size in range(7):
        for offset in range(6):
            assert page("relevance", offset, size) == whole[offset : offset + size]
    assert page("newest", 0, 9) == ["e", "a", "b", "c", "d"]
    assert page("oldest", 0, 9) == ["a", "b", "c", "d", "e"]
    assert page("oldest", 1, 2) == ["b", "c"]


def test_the_newer_is_multiplied_into_the_score() -> None:
    (hit,) = rank(
        [Matches(np.array([1]), np.array([2.0]))],
        [np.array([0, 0])],
        [np.array([9.0, 1.5])],
        lambda s, d: "",
        "relevance",
        0,
        1,
    )
    assert (hit.document, hit.score) == (1, 3.0)


def test_ids_are_read_for_the_page_alone() -> None:
    read = []

    def id_of(segment: int, document: int) -> str:
        read.append(document)
        return str(document)

    numbers = np.arange(10_000)
    matches = [Matches(numbers, numbers.astype(float))]
    rank(matches, [numbers], [np.ones(10_000)], id_of, "relevance", 0, 20)
    assert sorted(read) == list(range(9_980, 10_000))


def test_of_nothing_found_there_is_no_page() -> None:
    nothing = Matches(np.empty(0, np.int64), np.empty(0))
    assert rank([nothing], [np.empty(0, np.int64)], [np.empty(0)], lambda s, d: "", "newest", 0, 5) == []
    assert rank([], [], [], lambda s, d: "", "relevance", 0, 5) == []
