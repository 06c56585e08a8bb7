from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from ecm.search.analysis import Analyzer
from ecm.search.matching import Matching, fold_term, how_new, microseconds, newer, weigh
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


def test_a_year_makes_a_document_a_little_more_relevant_and_no_time_breaks_it() -> None:
    year = int(365.25 * 86_400_000_000)
    times = [50 * year, 49 * year, -(2**62), 2**62]
    now, before, never, always = newer(np.array(times))
    assert [how_new(time) for time in times] == pytest.approx([now, before, never, always])
    assert now / before == pytest.approx(1.02)
    assert 0 < never < before
    assert now < always < 100


def test_what_is_no_query_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(TypeError, match="not a query"):
        Matching([], 0, Analyzer()).matches(Query())
