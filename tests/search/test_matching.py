from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ecm.search.analysis import Analyzer
from ecm.search.matching import Matching, fold_term, microseconds, rank, weigh
from ecm.search.query import Query


def test_a_word_weighs_less_in_a_long_text_and_more_when_it_is_often_there() -> None:
    assert weigh(1, 400) == pytest.approx(1)
    assert weigh(1, 10_000) < weigh(1, 400) < weigh(1, 100)
    assert weigh(1, 0) == weigh(1, 10), "a text of three words is not a hundred times as good"
    assert weigh(3, 400) == pytest.approx(3 * weigh(1, 400))


def test_times_are_counted_in_utc_and_without_a_zone_are_utc() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
    assert microseconds(moment) == microseconds(moment.replace(tzinfo=None))
    assert microseconds(moment) == microseconds(moment.astimezone(timezone(timedelta(hours=2))))
    assert datetime.fromtimestamp(microseconds(moment) / 1e6, UTC) == moment
    assert microseconds(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)) == -1_000_000


def test_ids_are_compared_as_they_are_and_words_without_case() -> None:
    assert fold_term("card", "Deal 42 ") == "Deal 42 "
    assert fold_term("by", "U1") == "U1"
    assert fold_term("tag", "  Дуже\tТЕРМІНОВО ") == "дуже терміново"
    assert fold_term("tag", "Й") == fold_term("tag", "й")


def test_pages_are_in_order_whatever_their_size() -> None:
    matches = [{0: 1.0, 1: 2.0, 2: 1.0}, {0: 2.0, 1: 1.00000001}]
    times = [[5, 5, 9], [5, 5]]
    ids = [["d", "b", "e"], ["a", "c"]]
    whole = ["a", "b", "e", "c", "d"]
    for size in range(1, 7):
        for offset in range(6):
            page = rank(matches, times, lambda s, d: ids[s][d], "relevance", offset, size)
            assert [ids[hit.segment][hit.document] for hit in page] == whole[offset : offset + size]
    newest = rank(matches, times, lambda s, d: ids[s][d], "newest", 0, 9)
    assert [ids[hit.segment][hit.document] for hit in newest] == ["e", "a", "b", "c", "d"]
    oldest = rank(matches, times, lambda s, d: ids[s][d], "oldest", 0, 9)
    assert [ids[hit.segment][hit.document] for hit in oldest] == ["a", "b", "c", "d", "e"]


def test_ids_are_read_for_the_page_alone() -> None:
    read = []

    def id_of(segment: int, document: int) -> str:
        read.append(document)
        return str(document)

    rank(
        [{document: float(document) for document in range(10_000)}],
        [range(10_000)],
        id_of,
        "relevance",
        0,
        20,
    )
    assert sorted(read) == list(range(9_980, 10_000))


def test_what_is_no_query_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(TypeError, match="not a query"):
        Matching([], 0, Analyzer()).matches(Query())
