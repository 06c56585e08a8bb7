"""Fragments of the original text with what was sought marked, outside every engine.

A text is searched with one regular expression for what the forms of the sought words begin with,
and the analyser judges what it finds: so a snippet marks exactly what an engine would have found,
reads no more of a text than it must, and nothing is lemmatised but the few words that look right.
Of a long text a map (see `text_map`) tells where to look, and only those pieces are read: see `Reading`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import chain, islice
from typing import Final, NamedTuple

from .analysis import LOOK_ALIKE, Analyzer, Position, fold
from .query import Exact, Prefix, Query, sought
from .text_map import Block, MappedWord, TextMap, mapped_word

LENGTH_CHARS: Final = 200
_MAX_FOUND: Final = 500  # of a text, before the best fragment so far is taken
_MAX_LOOKS: Final = 3  # into a long text, before the best fragment so far is taken
_TEXT_BEGINNING: Final = Block(0, 0, 1)  # of a text: worth showing while nothing was found
_CUT_CHARS: Final = 20  # how far an end of a fragment moves to spare a word

_LETTER: Final = r"[^\W_]"
_APOSTROPHE: Final = "['’ʼ‘`]"
_WORD_REST: Final = rf"{_LETTER}{{0,64}}(?:{_APOSTROPHE}{_LETTER}{{1,64}}){{0,3}}"  # no longer is a word
_WORD_END: Final = rf"(?!{_LETTER})"
_GAP_CHARS: Final = 20
_GAP: Final = rf"[\W_]{{1,{_GAP_CHARS}}}"  # between words that stand side by side
_WORD_TAIL: Final = re.compile(rf"(?:{_LETTER}|{_APOSTROPHE})+")
# After its first letter: that this is the beginning of a word, and not the end of об'єкт.
_BEGINNING: Final = rf"(?<!{_LETTER}.)(?<!{_LETTER}{_APOSTROPHE}.)"
# As the analyser folds them: for е also ё, for both the Latin letters of that shape.
_ALIKE: Final = {
    letter: "".join(
        [letter, *(other for other in "ёґ" if fold(other) == letter)]
        + [chr(latin) for latin, cyrillic in LOOK_ALIKE.items() if fold(chr(cyrillic)) == letter]
    )
    for letter in {fold(chr(cyrillic)) for cyrillic in LOOK_ALIKE.values()} | {"г"}
}
# What a page must not get out of a document, besides spaces of other kinds: controls, halves of letters,
# changes of direction.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
# They stand for the tags until all is escaped. A text has nothing to say with them: they are left in the
# place of what could not be read.
_OPEN, _CLOSE = "\ufffc", "\ufffd"
_EDGE: Final = "\u241e"  # the picture of a separator, which no text is sorry for
_BETWEEN: Final = _EDGE * (_GAP_CHARS + 1)  # two texts that are marked at once: no phrase spans them
_SPACE: Final = re.compile(r"\s")
_TO_LAST_SPACE: Final = re.compile(r".*\s", re.DOTALL)
_DIGIT: Final = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class _Sought:
    """A word, or words side by side. With a `prefix`, the last is what a form begins with."""

    positions: tuple[Position, ...]
    prefix: str
    exact: bool

    def key(self) -> tuple[object, ...]:
        """The same for what finds the same."""
        forms = tuple(each.forms for each in self.positions) if self.exact else ()
        return self.prefix, self.exact, forms, tuple(each.lemmas for each in self.positions)

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


class Piece(NamedTuple):
    """A part of a text, in characters."""

    start: int
    end: int


class Fragment(NamedTuple):
    """A place in a piece of a text, with so many different words sought. `begun`: the text did before the
    piece; `goes_on`: it does after it."""

    text: str
    start: int
    end: int
    different: int = 0
    begun: bool = False
    goes_on: bool = False


class Highlighter:
    """Marks what one query sought, in any number of texts."""

    def __init__(self, query: Query, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._sought: list[_Sought] = []
        self._parts: list[list[str]] = []
        self._judged: dict[str, int | None] = {}
        patterns: list[tuple[str, str]] = []
        keys: set[tuple[object, ...]] = set()
        for leaf in sought(query):
            if isinstance(leaf, Prefix):
                before, prefix = analyzer.prefix(leaf.text)
            else:
                before, prefix = analyzer.words(leaf.text), ""
            one = _Sought(before, prefix, isinstance(leaf, Exact))
            if (before or prefix) and one.key() not in keys:
                keys.add(one.key())
                self._sought.append(one)
                self._parts.append(analyzer.parts(leaf.text))
                patterns += _patterns(analyzer, self._parts[-1], begun=bool(prefix))
        self._pattern = _union(patterns) if patterns else None
        self._has_several = any(len(parts) > 1 for parts in self._parts)

    @cached_property
    def mapped(self) -> list[list[MappedWord]]:
        """How a map is asked for each thing sought."""
        return [
            _mapped(self._analyzer, parts, one) for parts, one in zip(self._parts, self._sought, strict=True)
        ]

    def snippet(self, text: str) -> str:
        """HTML of the best fragment of a text, some 200 characters long: escaped, what was sought within
        ``<mark>``; its beginning when there is nothing to mark. All of the text is read, if need be."""
        return self.show([self.find(text)])[0]

    def find(self, text: str) -> Fragment:
        """The best fragment of a text at hand."""
        return self.best(text, 0, len(text), len(self._sought))

    def read(self, text_map: TextMap) -> Reading:
        """The search for the best fragment of a text that is not at hand: see `Reading`."""
        return Reading(self, text_map)

    def show(self, fragments: Iterable[Fragment]) -> list[str]:
        """HTML of fragments (see `snippet`), marked all at once: what that takes is mostly the same for one
        text as for twenty."""
        texts: list[str] = []
        ends: list[tuple[str, str]] = []
        for text, start, end, _, begun, goes_on in fragments:
            first, last = _widen(text, start, end)
            texts.append(text[first:last].replace(_EDGE, " "))
            ends.append(("…" * (begun or first > 0), "…" * (goes_on or last < len(text))))
        if not texts:
            return []
        marked = self.mark(_BETWEEN.join(texts)).split(_BETWEEN)
        return [f"{before}{html.strip()}{after}" for html, (before, after) in zip(marked, ends, strict=True)]

    def mark(self, text: str) -> str:
        """HTML of the whole of a short text, a title: escaped, what was sought within ``<mark>``."""
        text = text.replace(_OPEN, " ").replace(_CLOSE, " ")
        pieces, at = [], 0
        for first, last, _ in self._found(text, 0, len(text)):
            pieces += [text[at:first], _OPEN, text[first:last], _CLOSE]
            at = last
        pieces.append(text[at:])
        html = escape(_tidied("".join(pieces)))
        return html.replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>")

    def best(self, text: str, start: int, end: int, at_most: int) -> Fragment:
        """The first place between two of a text where most of the different words sought, and no more than
        `at_most` can be, stand within a fragment's length."""
        if at_most == 1:
            for first, last, _ in self._found(text, start, end):
                return Fragment(text, first, last, 1)
            return Fragment(text, 0, 0)
        recent: deque[tuple[int, int, int]] = deque()
        best, best_count = (0, 0), 0
        for count, found in enumerate(self._found(text, start, end)):
            recent.append(found)
            while len(recent) > 1 and found[1] - recent[0][0] > LENGTH_CHARS:
                recent.popleft()
            if len(recent) > best_count:
                different = len({number for _, _, number in recent})
                if different > best_count:
                    best, best_count = (recent[0][0], found[1]), different
            if best_count >= at_most or count == _MAX_FOUND:
                break
        return Fragment(text, *best, best_count)

    def _found(self, text: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(start, end, number of what was sought) of everything found between two places of a text."""
        again_from: int | None = start
        while self._pattern is not None and again_from is not None:
            matches, again_from = self._pattern.finditer(text, again_from, end), None
            for match in matches:
                words = match[0]
                try:
                    number = self._judged[words]
                except KeyError:
                    number = self._judged[words] = self._judge(words)
                if number is not None:
                    yield match.start(), match.end(), number
                elif self._has_several:  # what was taken for these words may hide another word
                    again_from = match.start() + 1
                    break

    def _judge(self, words: str) -> int | None:
        """Which of what was sought these words are, if any."""
        positions = self._analyzer.words(words)
        numbers = (number for number, one in enumerate(self._sought) if one.is_found(positions))
        return next(numbers, None)


class Reading:
    """The search for the best fragment of one long text, of which it reads as little as it must.

    While a piece is `wanted`, that piece of the text is to be shown to `look`; afterwards there is the
    best `fragment`. The first piece is where, by the map, most of the different words sought are; the next is
    wanted when they do not stand there as close together as the map lets hope, and so on, three at most. So
    the fragment has as many of the words as any of the text, unless the map was too hopeful three times.
    Where it was in vain, and where nothing of it is in the text, the text's beginning is shown.
    """

    def __init__(self, highlighter: Highlighter, text_map: TextMap) -> None:
        self._highlighter = highlighter
        self._text_chars = text_map.text_chars
        self._blocks = chain(
            islice(text_map.promising(highlighter.mapped, LENGTH_CHARS), _MAX_LOOKS), [_TEXT_BEGINNING]
        )
        self._block = _TEXT_BEGINNING
        self._best: Fragment | None = None
        self._choose()

    def look(self, text: str) -> None:
        """Find the best in the text of the piece that is wanted."""
        if self.wanted is None:
            raise ValueError("nothing is wanted any more")
        start, end = self.wanted
        last = min(self._block.end - start + LENGTH_CHARS, len(text))
        found = self._highlighter.best(text, self._block.start - start, last, self._block.at_most)
        if self._best is None or not self._best.different or found.different > self._best.different:
            self._best = Fragment(*found[:4], start > 0, end < self._text_chars)
        self._choose()

    @property
    def fragment(self) -> Fragment:
        """The best of what was looked at."""
        return self._best or Fragment("", 0, 0)

    def _choose(self) -> None:
        """Want the next piece, if it may have more."""
        found = self._best.different if self._best else 0
        self.wanted: Piece | None = None
        if found and found >= self._block.at_most:  # no other may have more than this one
            return
        block = next(self._blocks, None)
        if block is not None and block.at_most > found:
            self._block = block
            before, after = block.start - LENGTH_CHARS, block.end + 2 * LENGTH_CHARS
            self.wanted = Piece(max(0, before), min(after, self._text_chars))


def snippet(text: str, query: Query, analyzer: Analyzer) -> str:
    """The snippet of one text: see `Highlighter.snippet`, which serves many."""
    return Highlighter(query, analyzer).snippet(text)


def _patterns(analyzer: Analyzer, parts: Sequence[str], *, begun: bool) -> Iterator[tuple[str, str]]:
    """(first letter, pattern of the rest) for each beginning of the first of these words, side by side."""
    following = ""
    for number, part in reversed(list(enumerate(parts))):
        is_prefix = begun and number == len(parts) - 1
        beginnings = (part,) if is_prefix else analyzer.beginnings(part)
        beginnings = tuple(map(_meant, beginnings))
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


def _mapped(analyzer: Analyzer, parts: Sequence[str], one: _Sought) -> list[MappedWord]:
    """How a map is asked for each of these words, side by side."""
    words = [
        mapped_word((part,), frozenset((part,))) if one.exact
        else mapped_word(analyzer.beginnings(part), analyzer.forms(part))
        for part in parts
    ]  # fmt: skip
    if one.prefix:
        words[-1] = mapped_word((parts[-1],))
    return words


def _variants(letter: str) -> str:
    """A letter as it may be written, for a set of a regular expression."""
    if letter == "'":
        return "'’ʼ‘`"
    alike = _ALIKE.get(letter, letter)
    return alike + "".join(upper for upper in map(str.upper, alike) if len(upper) == 1 and upper not in alike)


def _literal(beginning: str) -> str:
    # An apostrophe may be left out, and the analyser does not mind.
    return "".join(f"[{_variants(letter)}]" + "?" * (letter == "'") for letter in beginning)


def _meant(part: str) -> str:
    """A word whose letters are folded, and in Cyrillic ones if it has digits and may be meant in them: a
    Cyrillic letter stands for the Latin one of its shape as well (see `_variants`)."""
    if _DIGIT.search(part):
        part = part.translate(LOOK_ALIKE)
    return part.replace("ё", "е").replace("ґ", "г")


def _tidied(text: str) -> str:
    """A text on one line, of what a page may show."""
    if text.isprintable() and "  " not in text:
        return text
    if not (line := " ".join(text.split())).isprintable():
        line = " ".join(_UNPRINTABLE.sub(" ", line).split())
    return line


def _widen(text: str, start: int, end: int) -> tuple[int, int]:
    """A fragment around a place, of whole words where spaces are near."""
    first = max(0, start - max(0, LENGTH_CHARS - (end - start)) // 3)
    last = min(len(text), max(end, first + LENGTH_CHARS))
    first = min(first, max(0, last - LENGTH_CHARS))
    if first > 0:
        space = _SPACE.search(text, first, min(start, first + _CUT_CHARS))
        first = space.end() if space else _after_word(text, first, start)
    if last < len(text):
        space = _TO_LAST_SPACE.match(text, max(end, last - _CUT_CHARS), last + 1)
        last = space.end() - 1 if space else last
    return first, last


def _after_word(text: str, at: int, most: int) -> int:
    """Where a word ends that begins before this place: its rest must not be taken for a word."""
    if not _WORD_TAIL.match(text, at - 1, at):
        return at
    tail = _WORD_TAIL.match(text, at, most)
    return tail.end() if tail else at
