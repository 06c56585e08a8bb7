"""Fragments of the original text with what was sought marked, outside every engine.

A text is searched with one regular expression for what the forms of the sought words begin with,
and the analyser judges what it finds: so a snippet marks exactly what an engine would have found,
reads no more of a text than it must, and nothing is lemmatised but the few words that look right.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from .analysis import Analyzer, Position
from .query import Exact, Prefix, Query, sought

LENGTH_CHARS: Final = 200
_MAX_FOUND: Final = 500  # of a text, before the best fragment so far is taken
_CUT_CHARS: Final = 20  # how far an end of a fragment moves to spare a word

_LETTER: Final = r"[^\W_]"
_APOSTROPHE: Final = "['’ʼ‘`]"
_WORD_REST: Final = rf"{_LETTER}{{0,64}}(?:{_APOSTROPHE}{_LETTER}{{1,64}}){{0,3}}"  # no longer is a word
_WORD_END: Final = rf"(?!{_LETTER})"
_GAP: Final = r"[\W_]{1,20}"  # between words that stand side by side
# After its first letter: that this is the beginning of a word, and not the end of об'єкт.
_BEGINNING: Final = rf"(?<!{_LETTER}.)(?<!{_LETTER}{_APOSTROPHE}.)"
_VARIANTS: Final = {"е": "еЕёЁ", "г": "гГґҐ", "'": "'’ʼ‘`"}
# What a page must not get out of a document: line breaks, controls, halves of letters, changes of direction.
_UNPRINTABLE: Final = re.compile(
    "[\\s\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]+"
)
_SPACE: Final = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class _Sought:
    """A word, or words side by side. With a `prefix`, the last is what a form begins with."""

    positions: tuple[Position, ...]
    prefix: str
    exact: bool

    def is_found(self, positions: Sequence[Position]) -> bool:
        count = len(self.positions)
        if self.prefix:  # the form that begins so may be of several positions: 12/20* in 12/2026-К
            if not any(
                form.startswith(self.prefix) for found in positions[count:][:1] for form in found.forms
            ):
                return False
        elif len(positions) != count:
            return False
        if self.exact:
            return all(
                wanted.forms[0] in found.forms
                for wanted, found in zip(self.positions, positions, strict=False)
            )
        return not any(
            set(wanted.lemmas).isdisjoint(found.lemmas)
            for wanted, found in zip(self.positions, positions, strict=False)
        )


class Highlighter:
    """Marks what one query sought, in any number of texts."""

    def __init__(self, query: Query, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._sought: list[_Sought] = []
        self._judged: dict[str, int | None] = {}
        patterns: list[tuple[str, str]] = []
        for leaf in sought(query):
            if isinstance(leaf, Prefix):
                before, prefix = analyzer.prefix(leaf.text)
            else:
                before, prefix = analyzer.words(leaf.text), ""
            if before or prefix:
                self._sought.append(_Sought(before, prefix, isinstance(leaf, Exact)))
                patterns += _patterns(analyzer, analyzer.parts(leaf.text), begun=bool(prefix))
        self._pattern = _union(patterns) if patterns else None

    def snippet(self, text: str) -> str:
        """HTML of the best fragment of a text, some 200 characters long: escaped, what was sought within
        ``<mark>``; its beginning when there is nothing to mark."""
        start, end = _widen(text, *self._best(text))
        marked = self._mark(text, start, end).strip()
        return ("…" if start > 0 else "") + marked + ("…" if end < len(text) else "")

    def mark(self, text: str) -> str:
        """HTML of the whole of a short text, a title: escaped, what was sought within ``<mark>``."""
        return self._mark(text, 0, len(text))

    def _mark(self, text: str, start: int, end: int) -> str:
        pieces, at = [], start
        for first, last, _ in self._found(text, start, end):
            pieces += [_clean(text[at:first]), "<mark>", _clean(text[first:last]), "</mark>"]
            at = last
        return "".join((*pieces, _clean(text[at:end])))

    def _best(self, text: str) -> tuple[int, int]:
        """The first place where most of the different words sought stand within a fragment's length."""
        recent: deque[tuple[int, int, int]] = deque()
        best, best_count = (0, 0), 0
        for count, found in enumerate(self._found(text, 0, len(text))):
            recent.append(found)
            while len(recent) > 1 and found[1] - recent[0][0] > LENGTH_CHARS:
                recent.popleft()
            different = len({number for _, _, number in recent})
            if different > best_count:
                best, best_count = (recent[0][0], found[1]), different
            if best_count == len(self._sought) or count == _MAX_FOUND:
                break
        return best

    def _found(self, text: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(start, end, number of what was sought) of everything found between two places of a text."""
        at = start
        while self._pattern is not None and (match := self._pattern.search(text, at, end)):
            if (number := self._judge(match[0])) is None:
                at = match.start() + 1
            else:
                at = match.end()
                yield match.start(), match.end(), number

    def _judge(self, words: str) -> int | None:
        """Which of what was sought these words are, if any."""
        if words not in self._judged:
            positions = self._analyzer.words(words)
            numbers = (number for number, one in enumerate(self._sought) if one.is_found(positions))
            self._judged[words] = next(numbers, None)
        return self._judged[words]


def snippet(text: str, query: Query, analyzer: Analyzer) -> str:
    """The snippet of one text: see `Highlighter.snippet`, which serves many."""
    return Highlighter(query, analyzer).snippet(text)


def _patterns(analyzer: Analyzer, parts: Sequence[str], *, begun: bool) -> Iterator[tuple[str, str]]:
    """(first letter, pattern of the rest) for each beginning of the first of these words, side by side."""
    following = ""
    for number, part in reversed(list(enumerate(parts))):
        is_prefix = begun and number == len(parts) - 1
        beginnings = (_fold_letters(part),) if is_prefix else analyzer.beginnings(part)
        rest = rf"{_WORD_REST}{_WORD_END}{following}"
        if number == 0:
            for beginning in beginnings:
                yield beginning[0], _literal(beginning[1:]) + rest
        else:
            following = rf"{_GAP}(?:{'|'.join(map(_literal, beginnings))}){rest}"


def _union(patterns: Sequence[tuple[str, str]]) -> re.Pattern[str]:
    """One pattern that begins with a set of letters, which `re` skips to faster than to anything else."""
    by_letter: dict[str, list[str]] = {}
    for letter, rest in sorted(patterns, key=lambda pattern: -len(pattern[1])):  # phrases before words
        by_letter.setdefault(_variants(letter), []).append(rest)
    branches = (f"(?<=[{variants}])(?:{'|'.join(rests)})" for variants, rests in by_letter.items())
    return re.compile(f"[{''.join(by_letter)}]{_BEGINNING}(?:{'|'.join(branches)})")


def _variants(letter: str) -> str:
    """A letter as it may be written, for a set of a regular expression."""
    upper = letter.upper()
    return _VARIANTS.get(letter) or (letter + upper if len(upper) == 1 and upper != letter else letter)


def _literal(beginning: str) -> str:
    # An apostrophe may be left out, and the analyser does not mind.
    return "".join(f"[{_variants(letter)}]" + "?" * (letter == "'") for letter in beginning)


def _fold_letters(part: str) -> str:
    return part.replace("ё", "е").replace("ґ", "г")


def _widen(text: str, start: int, end: int) -> tuple[int, int]:
    """A fragment around a place, of whole words where spaces are near."""
    first = max(0, start - max(0, LENGTH_CHARS - (end - start)) // 3)
    last = min(len(text), max(end, first + LENGTH_CHARS))
    first = min(first, max(0, last - LENGTH_CHARS))
    if first > 0 and (space := _SPACE.search(text, first, min(start, first + _CUT_CHARS))):
        first = space.end()
    if last < len(text):
        spaces = [match.start() for match in _SPACE.finditer(text, max(end, last - _CUT_CHARS), last + 1)]
        last = spaces[-1] if spaces else last
    return first, last


def _clean(text: str) -> str:
    return escape(_UNPRINTABLE.sub(" ", text))
