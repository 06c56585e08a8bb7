"""Fragments of the original text with what was sought marked, outside every engine.

Texts are searched with one regular expression for what the forms of the sought words begin with, and
the analyser judges what it finds: so a snippet marks exactly what an engine would have found, and nothing
is lemmatised but the few words that look right. The letters are folded before, as the analyser folds
them, each to one, so that a place in the folded text is the same in the original.
Of a long text a map (see `text_map`) tells where to look, and only those pieces are read: see `Reading`.
The pieces of a page are searched at once, since most of what that takes is the same for one as for twenty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from itertools import chain, islice
from typing import Final, NamedTuple, TypeAlias

from .analysis import LOOK_ALIKE, Analyzer, Position
from .query import Exact, Prefix, Query, sought
from .text_map import Block, MappedWord, TextMap, mapped_word

LENGTH_CHARS: Final = 200
_MAX_FOUND: Final = 500  # of a piece, of which the best fragment is taken
_MAX_LOOKS: Final = 3  # into a long text, before the best fragment so far is taken
_TEXT_BEGINNING: Final = Block(0, 0, 1)  # of a text: worth showing while nothing was found
_BEFORE_CHARS: Final = LENGTH_CHARS // 3  # that a fragment shows at most before what was found
_CUT_CHARS: Final = 20  # how far an end of a fragment moves to spare a word

# Of folded text, where an underscore is a space and any apostrophe is ': so \w is a letter or a digit.
_WORD_BEGINNING: Final = r"(?<!\w.)(?<!\w'.)"  # after its first letter: it is not the end of об'єкт
_WORD_REST: Final = r"\w{0,64}+(?:'\w{1,64}+){0,3}+(?!\w)"  # no longer is a word
_FIRST_WORD: Final = re.compile(_WORD_REST)
_GAP_CHARS: Final = 20
_GAP: Final = rf"\W{{1,{_GAP_CHARS}}}"  # between words that stand side by side
_BETWEEN: Final = "\n" * (_GAP_CHARS + 1)  # two texts that are searched at once: no phrase spans them
_FOLDED: Final = (
    *((apostrophe, "'") for apostrophe in "’ʼ‘`"),
    *((chr(latin), chr(cyrillic)) for latin, cyrillic in LOOK_ALIKE.items()),
    *(("ё", "е"), ("ґ", "г"), ("_", " ")),
)
_WORD_TAIL: Final = re.compile(r"(?:[^\W_]|['’ʼ‘`])+")
# What a page must not get out of a document, besides spaces of other kinds: controls, halves of letters,
# changes of direction.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
# They stand for the tags until all is escaped. A text has nothing to say with them: they are left in the
# place of what could not be read.
_OPEN, _CLOSE = "\ufffc", "\ufffd"
_EDGE: Final = "\u241e"  # between texts that are escaped at once: the picture of a separator
_SPACE: Final = re.compile(r"\s")
_TO_LAST_SPACE: Final = re.compile(r".*\s", re.DOTALL)

Found: TypeAlias = tuple[int, int, int]
"""Where something stands in a text, from one character to another, and the number of what was sought."""


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
        for wanted, found in zip(self.positions, positions, strict=False):
            if self.exact and wanted.forms[0] not in found.forms:
                return False
            if not self.exact and set(wanted.lemmas).isdisjoint(found.lemmas):
                return False
        return True


class Piece(NamedTuple):
    """A part of a text, in characters."""

    start: int
    end: int


class Fragment(NamedTuple):
    """A place in a piece of a text, with so many different words sought; and all that was found in the piece.
    `begun`: the text did before the piece; `goes_on`: it does after it."""

    text: str
    start: int
    end: int
    different: int
    found: Sequence[Found]
    begun: bool
    goes_on: bool


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

    def read(self, text_map: TextMap) -> Reading:
        """The search for the best fragment of a text by its map."""
        promising = islice(text_map.promising(self.mapped, LENGTH_CHARS), _MAX_LOOKS)
        return Reading(chain(promising, [_TEXT_BEGINNING]), text_map.text_chars)

    def read_whole(self, text: str) -> Reading:
        """The search for the best fragment of a text that has no map: in all of it."""
        return Reading([Block(0, len(text), max(1, len(self._sought)))], len(text))

    def look(self, shown: Sequence[tuple[Reading, str]]) -> None:
        """Show each of these readings the piece that it wants."""
        found_in_each = self._find([text for _, text in shown])
        for (reading, text), found in zip(shown, found_in_each, strict=True):
            reading.look(text, found)

    def show(self, fragments: Iterable[Fragment]) -> list[str]:
        """HTML of each fragment, some 200 characters: escaped, what was sought within ``<mark>``."""
        excerpts: list[str] = []
        ends: list[tuple[str, str]] = []
        for text, start, end, _, found, begun, goes_on in fragments:
            first, last = _widen(text, start, end, int(begun), len(text) - goes_on)
            excerpts.append(_marked(text, first, last, found))
            ends.append(("…" * (begun or first > 0), "…" * (goes_on or last < len(text))))
        html = _escaped(excerpts)
        return [f"{before}{each.strip()}{after}" for each, (before, after) in zip(html, ends, strict=True)]

    def mark(self, text: str) -> str:
        """HTML of the whole of a short text, a title: escaped, what was sought within ``<mark>``."""
        return _escaped([_marked(text, 0, len(text), self._find([text])[0])])[0]

    def snippet(self, text: str) -> str:
        """HTML of the best fragment of one text; its beginning when there is nothing to mark."""
        reading = self.read_whole(text)
        self.look([(reading, text)])
        return self.show([reading.fragment])[0]

    def _find(self, texts: Sequence[str]) -> list[list[Found]]:
        """What stands in each of the texts, in order."""
        found_in_each: list[list[Found]] = [[] for _ in texts]
        joined = _BETWEEN.join(texts)
        number, start, end = -1, 0, -len(_BETWEEN)  # of the text that the last place is in
        for first, last, which in self._found(joined):
            while first >= end:
                number += 1
                start = end + len(_BETWEEN)
                end = start + len(texts[number])
                found = found_in_each[number]
            found.append((first - start, last - start, which))
        return found_in_each

    def _found(self, text: str) -> list[Found]:
        found: list[Found] = []
        if self._pattern is None:
            return found
        folded = _folded(text)
        again_from: int | None = 0
        while again_from is not None:
            matches, again_from = self._pattern.finditer(folded, again_from), None
            for match in matches:
                first, last = match.span()
                words = text[first:last]
                try:
                    number = self._judged[words]
                except KeyError:
                    number = self._judged[words] = self._judge(words)
                if number is not None:
                    found.append((first, last, number))
                elif self._has_several:
                    # What was taken for words side by side may hide the first of them, or another.
                    again_from = first + 1
                    if (word := _FIRST_WORD.match(folded, first, last)) and word.end() < last:
                        number = self._judge(text[first : word.end()])
                        if number is not None:
                            found.append((first, word.end(), number))
                            again_from = word.end()
                    break
        return found

    def _judge(self, words: str) -> int | None:
        """Which of what was sought these words are, if any."""
        positions = self._analyzer.words(words)
        numbers = (number for number, one in enumerate(self._sought) if one.is_found(positions))
        return next(numbers, None)


class Reading:
    """The search for the best fragment of one text, of which it reads as little as it must.

    While a piece is `wanted`, that piece of the text is to be shown to it by `Highlighter.look`; afterwards
    there is the best `fragment`. The first piece is where, by the map, most of the different words sought
    are; the next is wanted when they do not stand there as close together as the map lets hope, and so on,
    three at most. So the fragment has as many of the words as any of the text, unless the map was too hopeful
    three times. Where it was in vain, and where nothing of it is in the text, the text's beginning is shown.
    """

    def __init__(self, blocks: Iterable[Block], text_chars: int) -> None:
        self._text_chars = text_chars
        self._blocks = iter(blocks)
        self._block = _TEXT_BEGINNING
        self._best: Fragment | None = None
        self._choose()

    def look(self, text: str, found: list[Found]) -> None:
        """Take in the text of the piece that is wanted, and what was found in it."""
        if self.wanted is None:
            raise ValueError("nothing is wanted any more")
        begun, goes_on = self.wanted.start > 0, self.wanted.end < self._text_chars
        while begun and found and found[0][0] < 2:  # it may be the rest of a word
            del found[0]
        while goes_on and found and found[-1][1] > len(text) - 2:  # more of the word may follow
            del found[-1]
        start, end, different = _densest(found[:_MAX_FOUND], self._block.at_most)
        if self._best is None or not self._best.different or different > self._best.different:
            self._best = Fragment(text, start, end, different, found, begun, goes_on)
        self._choose()

    @property
    def fragment(self) -> Fragment:
        """The best of what was looked at."""
        return self._best or Fragment("", 0, 0, 0, (), begun=False, goes_on=False)

    def _choose(self) -> None:
        """Want the next piece, if it may have more."""
        found = self._best.different if self._best else 0
        self.wanted: Piece | None = None
        if found and found >= self._block.at_most:  # no other may have more than this one
            return
        block = next(self._blocks, None)
        if block is not None and block.at_most > found:
            self._block = block
            start = block.start - _BEFORE_CHARS - _CUT_CHARS
            end = block.end + LENGTH_CHARS + _CUT_CHARS
            self.wanted = Piece(max(0, start), min(end, self._text_chars))


def snippet(text: str, query: Query, analyzer: Analyzer) -> str:
    """The snippet of one text: see `Highlighter.snippet`, which serves many."""
    return Highlighter(query, analyzer).snippet(text)


def _densest(found: Sequence[Found], at_most: int) -> tuple[int, int, int]:
    """The first place, and the number of different words sought there, where most of them, and no more than
    `at_most` can be, stand within a fragment's length."""
    if not found:
        return 0, 0, 0
    start, end, different = found[0][0], found[0][1], 1
    begin = 0
    for at, (_, last, _) in enumerate(found):
        if different >= at_most:
            break
        while last - found[begin][0] > LENGTH_CHARS and begin < at:
            begin += 1
        if at - begin >= different:
            here = len({number for _, _, number in found[begin : at + 1]})
            if here > different:
                start, end, different = found[begin][0], last, here
    return start, end, different


def _patterns(analyzer: Analyzer, parts: Sequence[str], *, begun: bool) -> Iterator[tuple[str, str]]:
    """(first letter, pattern of the rest) for each beginning of the first of these words, side by side."""
    following = ""
    for number, part in reversed(list(enumerate(parts))):
        is_prefix = begun and number == len(parts) - 1
        beginnings = map(_pattern, (part,) if is_prefix else analyzer.beginnings(part))
        rest = f"{_WORD_REST}{following}"
        if number == 0:
            for beginning in beginnings:
                yield beginning[0], beginning[1:] + rest
        else:
            following = f"{_GAP}(?:{'|'.join(beginnings)}){rest}"


def _union(patterns: Sequence[tuple[str, str]]) -> re.Pattern[str]:
    """One pattern that begins with a set of letters, which `re` skips to faster than to anything else."""
    by_letter: dict[str, list[str]] = {}
    for letter, rest in sorted(patterns, key=lambda pattern: -len(pattern[1])):  # phrases before words
        by_letter.setdefault(letter, []).append(rest)
    branches = (f"(?<={letter})(?:{'|'.join(rests)})" for letter, rests in by_letter.items())
    return re.compile(f"[{''.join(by_letter)}]{_WORD_BEGINNING}(?:{'|'.join(branches)})")


@lru_cache(1024)
def _pattern(beginning: str) -> str:
    # An apostrophe may be left out, and the analyser does not mind.
    return _folded(beginning).replace("'", "'?")


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


def _folded(text: str) -> str:
    """The text in small letters, those of one shape being one, and as many as there were."""
    lower = text.replace("İ", "ı").lower()  # of all capital letters it alone is two small ones
    for letter, folded in _FOLDED:
        lower = lower.replace(letter, folded)
    return lower


def _marked(text: str, first: int, last: int, found: Iterable[Found]) -> str:
    """A part of a text, what was found in it between signs for tags: see `_escaped`."""
    for sign in (_OPEN, _CLOSE, _EDGE):
        text = text.replace(sign, " ")
    pieces: list[str] = []
    for start, end, _ in found:
        if start < first:
            continue
        if end > last:
            break
        pieces += (text[first:start], _OPEN, text[start:end], _CLOSE)
        first = end
    pieces.append(text[first:last])
    return "".join(pieces)


def _escaped(texts: Sequence[str]) -> list[str]:
    """HTML of texts, each on one line, with tags for the signs."""
    if not texts:
        return []
    html = escape(_tidied(_EDGE.join(texts)))
    return html.replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>").split(_EDGE)


def _tidied(text: str) -> str:
    """A text on one line, of what a page may show."""
    text = text.replace("\n", " ")
    if text.isprintable() and "  " not in text:
        return text
    if not (line := " ".join(text.split())).isprintable():
        line = " ".join(_UNPRINTABLE.sub(" ", line).split())
    return line


def _widen(text: str, start: int, end: int, least: int, most: int) -> tuple[int, int]:
    """A fragment around a place, of whole words where spaces are near, and within these bounds."""
    first = max(least, start - max(0, LENGTH_CHARS - (end - start)) // 3)
    last = min(most, max(end, first + LENGTH_CHARS))
    first = min(first, max(least, last - LENGTH_CHARS))
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
