"""Analysis of text: of words not seen before against pymorphy3's own calls, and of words seen before."""

from __future__ import annotations

import random
import statistics
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

from pymorphy3 import MorphAnalyzer

from ecm.search.analysis import Analyzer
from ecm.search.gathering import Gathering
from ecm.search.interface import Entry
from tests.bench.library import MIB
from tests.bench.measuring import Mark, Result, alternate, time_of
from tests.search.test_lemmas import CASES, others, paradigms

NEEDED_BYTES = MIB
TOKENS = 100_000


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it."""
    rounds = 5 if quick else 15
    words = vocabulary()
    dictionaries = [MorphAnalyzer(lang="uk"), MorphAnalyzer(lang="ru")]

    def ours() -> float:
        fresh = Analyzer()
        fresh.load()
        return time_of(lambda: list(fresh.positions(" ".join(words))))

    def bare() -> None:
        for word in words:
            for dictionary in dictionaries:
                if dictionary.word_is_known(word):
                    dictionary.normal_forms(word)

    cold = alternate(lambda: time_of(bare), ours, rounds=rounds)
    text = zipf_text(words, TOKENS // 10 if quick else TOKENS)
    tokens = text.count(" ") + 1
    types = len(set(text.split()))
    entry = entry_of(text)
    analyzer = Analyzer()
    Gathering(analyzer).add(entry)
    warm = [tokens / time_of(lambda: Gathering(analyzer).add(entry)) for _ in range(rounds)]
    return [
        Result(
            "analysis of words seen for the first time: speed against pymorphy3's own calls",
            cold.ratio,
            mark=Mark("at least", 0.8),
            details=f"{len(words):,} different words; "
            + cold.tell("word_is_known and normal_forms", "ours", of=len(words)),
        ),
        Result(
            "analysis of words seen before, gathered for an index",
            statistics.median(warm),
            "tokens a second",
            mark=Mark("at least", 500_000),
            details=f"{tokens:,} tokens, {types:,} different ones: {tokens / types:.0f} tokens a type",
        ),
    ]


def entry_of(text: str) -> Entry:
    """An entry with hardly anything but a text."""
    return Entry(
        id="1",
        title="",
        filename="",
        cards=(),
        text=text,
        kind="other",
        tags=(),
        uploaded_by="1",
        uploaded_at=datetime(2026, 1, 1, tzinfo=UTC),
        media_type="text/plain",
        format="txt",
        visible_to=frozenset(("1",)),
    )


def vocabulary() -> list[str]:
    """Real words of both languages, in many forms, in the same random order each time."""
    forms = {form for language in CASES for each in paradigms(language) for form in each.forms}
    words = sorted(forms | others())
    random.Random(1).shuffle(words)
    return words


def zipf_text(words: list[str], tokens: int) -> str:
    """As unlike in frequency as the words of a language are."""
    weights = list(accumulate(1 / (rank + 1) for rank in range(len(words))))
    return " ".join(random.Random(2).choices(words, cum_weights=weights, k=tokens))
