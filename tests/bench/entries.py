"""Entries for engines to index: texts of real words, as unlike in frequency as those of a language."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from pymorphy3 import MorphAnalyzer

from ecm.search.interface import Entry, EntryCard
from tests.bench.analysis import vocabulary

VISIBLE_TERM = "company"
VISIBLE_TO = frozenset({VISIBLE_TERM})
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
KINDS = ("contract", "invoice", "act", "letter", "other")
FORMATS = ("pdf", "docx", "xlsx", "txt")
BEGINNING_LETTERS = 3


def large_vocabulary(words: int) -> list[str]:
    """So many different words: the usual ones of business first, then others out of the dictionaries."""
    usual = vocabulary()
    known = MorphAnalyzer(lang="uk").dictionary.words
    beginnings = sorted({word[:BEGINNING_LETTERS] for word in usual if word.isalpha()})
    chosen = random.Random(3)
    more: list[str] = []
    for beginning in beginnings:
        forms = sorted(set(known.keys(beginning)) - set(usual))
        more += chosen.sample(forms, min(len(forms), 2 * words // len(beginnings)))
    chosen.shuffle(more)
    return (usual + more)[:words]


class Corpus:
    """Texts of `tokens` words each, by number; the same each time. The first of `words` comes most often."""

    def __init__(self, words: int, tokens: int) -> None:
        self.words = large_vocabulary(words)
        self.tokens = tokens
        self._weights = list(accumulate(1 / (rank + 1) for rank in range(len(self.words))))

    def entries(self, first: int, count: int) -> Iterator[Entry]:
        """The entries with numbers from `first` on."""
        for number in range(first, first + count):
            yield self._entry(number)

    def _entry(self, number: int) -> Entry:
        chosen = random.Random(number)
        words = chosen.choices(self.words, cum_weights=self._weights, k=self.tokens)
        kind, format = chosen.choice(KINDS), chosen.choice(FORMATS)
        return Entry(
            id=str(number),
            title=f"{words[0]} {words[1]} № {number}/2026",
            filename=f"{words[2]} {number}.{format}",
            cards=(EntryCard(str(number % 50), "deal", f"{words[3]} {words[4]} {number % 50}"),),
            text=f"Договір № {number}/2026. {' '.join(words)}",
            kind=kind,
            tags=(words[5],),
            uploaded_by=str(number % 7),
            uploaded_at=FIRST_DAY + timedelta(hours=number),
            media_type="text/plain",
            format=format,
            visible_to=VISIBLE_TO,
        )
