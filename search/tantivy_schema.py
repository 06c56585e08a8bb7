"""An entry as tantivy stores it: its fields, and what each is for.

The score is made at indexing, as for every engine (see `entry_terms`): a lemma's weight becomes the
number of times that it stands in the field `weights`, so that tantivy's BM25, over a field that it
knows no lengths of, orders entries as `matching` does (see `tantivy_queries`). Positions of lemmas and
of surface forms stand in fields of their own, with several terms at one position. To read positions is
dear, so the field `pairs` tells first which entries may have two lemmas side by side.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final
from zlib import crc32

import tantivy

from .analysis import Analyzer
from .entry_terms import KEPT_PREFIX_LETTERS, texts_of, values_of
from .interface import Entry, Facet
from .matching import how_new, microseconds, weigh
from .query import Scope

SCHEMA: Final = "tantivy 5"  # change it with anything here
SCOPES: Final[tuple[Scope, ...]] = ("everywhere", "title", "deal", "client")
FACET_FIELDS: Final[Mapping[Facet, str]] = {
    "kind": "kind",
    "year": "year",
    "format": "format",
    "by": "by",
    "tag": "tag",
}
TAG_WRITTEN: Final = "tag_written"
PAIRS: Final = "pairs"
TIME: Final = "time"  # of upload, in microseconds
NEWER: Final = "newer"  # by which scores are multiplied; and with the power that `tantivy_ranking` needs
SLIGHTLY_NEWER: Final = "slightly_newer"
FREQUENCY_STEP: Final = 5  # a lemma of weight 1 more stands so many times more often in `weights`
SATURATION: Final = 1.2  # that of `matching`, which is BM25's k1 in tantivy, too
# Tantivy multiplies k1 by 1 - b + b * length / average, where the length is told as 1 and the average
# is of all terms of `weights`: PADDING makes it so large that nothing but 1 - b is left.
SATURATION_HERE: Final = SATURATION * 0.25
PADDING: Final = 300
SHARE: Final = SATURATION_HERE / (SATURATION * FREQUENCY_STEP)  # of our score in tantivy's
APT: Final = 0.9  # a score that is good for a first page, where the highest is 1 (see `tantivy_ranking`)
LEAN_GAIN: Final = SHARE * APT / (1 - SHARE)
LEANING: Final = LEAN_GAIN / (1 + LEAN_GAIN)
_PAIRS_TOLD_APART: Final = 1 << 14  # a pair stands for others as well, so that there are not too many terms
_MOST_WEIGHT: Final = 60.0  # beyond it, a word's share of the score grows by less than 2 %
_VALUES: Final = ("visible", "card", "by", "kind", "format", "tag", TAG_WRITTEN, "type")
_FAST: Final = frozenset((*FACET_FIELDS.values(), TAG_WRITTEN))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ESCAPE: Final = "\ue000"
_UNSTORABLE: Final = re.compile("[\ud800-\udfff\ue000]")
_ESCAPED: Final = re.compile("\ue000([0-9a-f]{4})")


@dataclass(slots=True)
class _Words:
    """The words of one scope: lemmas and forms at their positions, all forms, the weight of each lemma, the
    pairs of lemmas side by side."""

    lemmas: list[tantivy.Token] = field(default_factory=list)
    forms: list[tantivy.Token] = field(default_factory=list)
    different_forms: set[str] = field(default_factory=set)
    weights: dict[str, float] = field(default_factory=dict)
    pairs: set[int] = field(default_factory=set)
    end: int = 0


def build_schema() -> tantivy.Schema:
    """The fields of an index."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_json_field("weights", tokenizer_name="whitespace", index_option="freq")
    for scope in SCOPES:
        builder.add_text_field(f"lemmas_{scope}", tokenizer_name="raw", index_option="position")
        builder.add_text_field(f"forms_{scope}", tokenizer_name="raw", index_option="position")
        builder.add_text_field(f"starts_{scope}", tokenizer_name="whitespace", index_option="basic")
    builder.add_text_field(PAIRS, tokenizer_name="whitespace", index_option="basic")
    for name in (*_VALUES, "year"):
        fast = name in _FAST
        builder.add_text_field(name, fast=fast, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field(TIME, fast=True)
    builder.add_float_field(NEWER, fast=True)
    builder.add_float_field(SLIGHTLY_NEWER, fast=True)
    return builder.build()


def open_to_write(folder: Path) -> tantivy.Index:
    """The index in this folder, made if there is none. Newer entries come first in it: what is better for
    being newer is then seen before what it displaces, and a search is a third faster."""
    index = tantivy.Index(build_schema(), str(folder), sort_by_field=TIME, sort_order=tantivy.Order.Desc)
    index.config_reader("manual")  # nobody reads by it
    return index


def build_document(entry: Entry, analyzer: Analyzer) -> tuple[tantivy.Document, frozenset[str]]:
    """An entry as a document, and the surface forms in it."""
    scopes = _words_of(entry, analyzer)
    document = tantivy.Document()
    entry_id = plain(entry.id)
    document.add_text("id", entry_id)
    weights = {scope: _repeated(words.weights) for scope, words in scopes.items()}
    document.add_json("weights", {**weights, "padding": "p " * PADDING})
    for scope, words in scopes.items():
        _add_words(document, scope, words)
    if "everywhere" in scopes:  # where all that the other scopes have stands as well
        document.add_text(PAIRS, " ".join(map(str, scopes["everywhere"].pairs)))
    values = values_of(entry)
    for name in _VALUES:
        for value in values[name]:
            document.add_text(name, plain(value))
    time_us = microseconds(entry.uploaded_at)
    document.add_text("year", str((_EPOCH + timedelta(microseconds=time_us)).year))
    document.add_integer(TIME, time_us)
    factor = how_new(time_us)
    for name, power in ((NEWER, 1.0), (SLIGHTLY_NEWER, LEANING)):
        document.add_float(name, 2.0 ** (factor**power) - 2.0)  # tantivy multiplies by log2(2 + this)
    return document, frozenset().union(*(words.different_forms for words in scopes.values()))


def pair(first: str, second: str) -> int:
    """The number that stands in `pairs` for these lemmas side by side, and for some others."""
    return (31 * _number(first) + _number(second)) % _PAIRS_TOLD_APART


def plain(text: str) -> str:
    """A text that tantivy can store: half a letter (a lone surrogate) is written out. No two become one."""
    return _UNSTORABLE.sub(lambda match: f"{_ESCAPE}{ord(match[0]):04x}", text)


def written(text: str) -> str:
    """The text that `plain` was given."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if _ESCAPE in text else text


def _words_of(entry: Entry, analyzer: Analyzer) -> dict[Scope, _Words]:
    """The words of each scope that has any."""
    scopes: dict[Scope, _Words] = {}
    for scope, text, weight in texts_of(entry):
        found = list(analyzer.positions(text))
        if not found:
            continue
        words = scopes.setdefault(scope, _Words())
        weight = weigh(1, len(found)) if weight is None else weight
        end, token = words.end, tantivy.Token
        words.forms += [token(form, end + at, 0, 0) for at, forms, _ in found for form in forms]
        words.lemmas += [token(lemma, end + at, 0, 0) for at, _, lemmas in found for lemma in lemmas]
        words.different_forms.update(*{forms for _, forms, _ in found})
        for lemma, times in Counter(lemma for _, _, lemmas in found for lemma in lemmas).items():
            words.weights[lemma] = words.weights.get(lemma, 0.0) + weight * times
        if scope == "everywhere":
            words.pairs |= _pairs([lemmas for _, _, lemmas in found])
        words.end += len(found) + 1
    return scopes


def _pairs(positions: Sequence[Sequence[str]]) -> set[int]:
    """The numbers of all lemmas side by side."""
    found: set[int] = set()
    before: list[int] = []
    for lemmas in positions:
        numbers = [_number(lemma) for lemma in lemmas]
        for first in before:
            for second in numbers:
                found.add((first + second) % _PAIRS_TOLD_APART)
        before = [31 * number for number in numbers]
    return found


@lru_cache(65_536)
def _number(lemma: str) -> int:
    return crc32(lemma.encode())


def _repeated(weights: Mapping[str, float]) -> str:
    """Each lemma as many times as its weight says: the score is then an affine function of what
    `matching` makes of the weight (see `tantivy_queries`)."""
    least = FREQUENCY_STEP * SATURATION - SATURATION_HERE
    return "".join(
        f"{lemma} " * round(FREQUENCY_STEP * min(weight, _MOST_WEIGHT) + least)
        for lemma, weight in weights.items()
    )


def _add_words(document: tantivy.Document, scope: Scope, words: _Words) -> None:
    for kind, tokens in (("lemmas", words.lemmas), ("forms", words.forms)):
        document.add_pre_tokenized_text(f"{kind}_{scope}", tantivy.PreTokenizedString("", tokens))
    starts = {
        form[:letters] for letters in range(1, KEPT_PREFIX_LETTERS + 1) for form in words.different_forms
    }
    document.add_text(f"starts_{scope}", " ".join(starts))
