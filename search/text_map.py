"""Where the words of a long text stand: a small table, so that a snippet is found without reading all of it.

A text is divided into blocks of a hundred characters. The map lists what its words begin with, twelve
letters of each, in the order of the letters, and in which blocks. So it answers for forms that are
known, for a beginning, and for a prefix; nothing has to be reduced to lemmas, neither to make it nor to ask
it. It may say too much (a longer word, another letter that shares its five bits), and never too little.
"""

from __future__ import annotations

import re
import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from .analysis import LOOK_ALIKE, fold

MAPPED_FROM_CHARS: Final = 1_500
"""A shorter text is read as a whole in no time."""
MAPPED_CHARS: Final = 200_000
"""How much of a text is mapped, and so looked through for a snippet."""

_FORMAT: Final = 1  # change it with anything that a map consists of, and with the rules for its words
_HEADER: Final = struct.Struct("<HxxII")  # format, characters of the text, words
_BLOCK_CHARS: Final = 100
_MAX_NUMBERS: Final = (
    24  # the blocks of a word are told by their numbers; more of them by a bit for each block
)
_LETTERS: Final = 12
_LETTER_BITS: Final = 5
_MAX_WORDS: Final = 16  # of those that begin alike: any of them is worth showing
_WORD_BLOCKS: Final = 3  # that a word and what parts it from the next may take
_MAX_LEVEL: Final = 8  # places with more of the words sought than this are equally good
_APOSTROPHES: Final = "'’ʼ‘`"
_WORD: Final = re.compile(rf"[^\W_]+(?:[{_APOSTROPHES}][^\W_]+)*")
_WORD_REST: Final = re.compile(  # of one that begins before this place
    rf"(?:(?<=[^\W_])[{_APOSTROPHES}]?|(?<=[^\W_][{_APOSTROPHES}]))[^\W_]+(?:[{_APOSTROPHES}][^\W_]+)*"
)
_DIGITS: Final = bytes(b"0123456789abcdefghijklmnopqrstuv"[byte & 31] for byte in range(256))


@dataclass(frozen=True, slots=True)
class MappedWord:
    """A word as a map is asked for it: the first and the last key that one of its forms may have, for each
    beginning; and the keys of the forms that are known."""

    ranges: tuple[tuple[int, int], ...]
    forms: frozenset[int]


class Block(NamedTuple):
    """A part of a text, in characters. What is sought begins in it, and `at_most` so many of it are near."""

    start: int
    end: int
    at_most: int


class TextMap:
    """The map of one text, of which `text_chars` is the length."""

    def __init__(self, data: bytes) -> None:
        """ValueError when this is no map, or one of other rules."""
        if len(data) < _HEADER.size or (header := _HEADER.unpack_from(data))[0] != _FORMAT:
            raise ValueError("no map of this format")
        _, self.text_chars, words = header
        self._mapped_chars = min(self.text_chars, MAPPED_CHARS)
        self._flags_units = _flags_units(self._mapped_chars)
        ends_at = _HEADER.size + 8 * words
        places_at = ends_at + 4 * (words + 1)
        if len(data) < places_at or (len(data) - places_at) % 2:
            raise ValueError("a damaged map")
        view = memoryview(data)
        self._keys = _array("Q", view[_HEADER.size : ends_at])
        self._ends = _array("I", view[ends_at:places_at])
        self._places = _array("H", view[places_at:])
        if self._ends[words] != len(self._places):
            raise ValueError("a damaged map")

    def promising(self, sought: Sequence[Sequence[MappedWord]], fragment_chars: int) -> Iterator[Block]:
        """The blocks where what is sought may begin: first those that have all of it close together, then
        those that may have the most of it within the length of a fragment, the first first. Each thing
        sought is a word, or several side by side. Where only one word is sought, no block but the first for
        each of its forms."""
        if len(sought) == 1 and len(sought[0]) == 1:
            return (
                self._block(number, 1) for number in sorted(set(map(self._first, self._find(sought[0][0]))))
            )
        return self._ranked(sought, fragment_chars)

    def _ranked(self, sought: Sequence[Sequence[MappedWord]], fragment_chars: int) -> Iterator[Block]:
        begun = [found for words in sought if (found := self._begun(words))]
        anything = 0
        for found in begun:
            anything |= found
        # What begins in the same block or the next is nearly always within a fragment.
        close = anything
        for found in begun:
            close &= found | found >> 1
        for number in _numbers(close):
            yield self._block(number, len(begun))
        seen = close
        # levels[n] has the blocks with more than n of it, in them or in the next ones.
        levels = [0] * min(len(begun), _MAX_LEVEL)
        for found in begun:
            near = _reaching_back(found, (_BLOCK_CHARS - 1 + fragment_chars) // _BLOCK_CHARS)
            for level in range(len(levels) - 1, 0, -1):
                levels[level] |= levels[level - 1] & near
            levels[0] |= near
        for level in range(len(levels) - 1, -1, -1):
            left = levels[level] & anything & ~seen
            seen |= left
            for number in _numbers(left):
                yield self._block(number, len(begun) if level == _MAX_LEVEL - 1 else level + 1)

    def _begun(self, words: Sequence[MappedWord]) -> int:
        """The blocks in which these words, side by side, may begin."""
        begun = self._blocks(words[0]) if words else 0
        for number, word in enumerate(words[1:], 1):
            if not begun:
                break
            begun &= _reaching_back(self._blocks(word), number * _WORD_BLOCKS)
        return begun

    def _blocks(self, word: MappedWord) -> int:
        """The blocks that have the word, a bit for each."""
        blocks = 0
        for at in self._find(word):
            places = self._places[self._ends[at] : self._ends[at + 1]]
            if len(places) == self._flags_units:
                blocks |= _flags(places)
            else:
                for number in places:
                    blocks |= 1 << number
        return blocks

    def _first(self, at: int) -> int:
        """The first block of one of the words mapped."""
        start, end = self._ends[at], self._ends[at + 1]
        if end - start != self._flags_units:
            return self._places[start]
        flags = _flags(self._places[start:end])
        return (flags & -flags).bit_length() - 1

    def _find(self, word: MappedWord) -> Sequence[int]:
        """Which of the words mapped are forms of it; only where none is, which begin as its forms do."""
        keys, words = self._keys, len(self._keys)
        alike: list[int] = []
        known: list[int] = []
        for first, last in word.ranges:
            at = bisect_left(keys, first)
            while at < words and (key := keys[at]) <= last:
                (known if key in word.forms else alike).append(at)
                at += 1
        return (known or alike)[:_MAX_WORDS]

    def _block(self, number: int, at_most: int) -> Block:
        start = number * _BLOCK_CHARS
        return Block(start, min(start + _BLOCK_CHARS, self._mapped_chars), at_most)


def make_map(text: str) -> bytes | None:
    """The map of a text, for `TextMap`: some 5 ms for 100 KB. None for a text that needs none."""
    if len(text) < MAPPED_FROM_CHARS:
        return None
    mapped_chars = min(len(text), MAPPED_CHARS)
    blocks = _blocks_by_word(text, mapped_chars)
    by_key: dict[int, set[int]] = {}
    for folded, numbers in zip(
        _fold_all([word[: 2 * _LETTERS] for word in blocks]), blocks.values(), strict=True
    ):
        by_key.setdefault(_key(_low_bytes(folded)), set()).update(numbers)
    keys = sorted(by_key)
    flags_units = _flags_units(mapped_chars)
    places, ends = list[int](), [0]
    for key in keys:
        places += _packed(by_key[key], flags_units)
        ends.append(len(places))
    header = _HEADER.pack(_FORMAT, len(text), len(keys))
    return b"".join((header, _bytes("Q", keys), _bytes("I", ends), _bytes("H", places)))


@lru_cache(1024)
def mapped_word(beginnings: tuple[str, ...], forms: frozenset[str] = frozenset()) -> MappedWord:
    """How a map is asked for a word whose forms begin so, and of which these forms are known. Kept for the
    next query with this word."""
    ranges: list[tuple[int, int]] = []
    for folded in sorted(map(_low_bytes, _fold_all(list(beginnings)))):
        first = _key(folded)
        ranges.append((first, first | (1 << (_LETTERS - len(folded)) * _LETTER_BITS) - 1))
    return MappedWord(tuple(ranges), frozenset(map(_key, map(_low_bytes, _fold_all(list(forms))))))


def _blocks_by_word(text: str, mapped_chars: int) -> dict[str, list[int]]:
    """The numbers of the blocks that each word begins in, in order, some twice."""
    blocks: dict[str, list[int]] = {}
    at = 0
    for number, start in enumerate(range(0, mapped_chars, _BLOCK_CHARS)):
        end = min(start + _BLOCK_CHARS, mapped_chars)
        if end <= at:  # within one endless word
            continue
        if rest := _WORD_REST.match(text, end):
            end = rest.end()
        for word in _WORD.findall(text, at, end):
            blocks.setdefault(word, []).append(number)
        at = end
    return blocks


def _fold_all(words: Sequence[str]) -> list[str]:
    """Words as they were meant: in small letters, those of one shape being one, without apostrophes. All at
    once, since a method of `str` takes no longer for a thousand words than for some."""
    folded = "\n".join(words).upper().lower()
    for apostrophe in _APOSTROPHES:
        folded = folded.replace(apostrophe, "")
    for latin, cyrillic in LOOK_ALIKE.items():
        folded = folded.replace(chr(latin), chr(cyrillic))
    return fold(folded).split("\n") if words else []


def _low_bytes(folded: str) -> bytes:
    return folded.encode("utf-16-le")[: 2 * _LETTERS : 2]


def _key(low_bytes: bytes) -> int:
    """Twelve letters in the order of words: five bits each, as many as an alphabet needs."""
    return int(low_bytes.translate(_DIGITS).ljust(_LETTERS, b"0"), 32)


def _packed(blocks: set[int], flags_units: int) -> Iterable[int]:
    if len(blocks) < min(_MAX_NUMBERS, flags_units):
        return sorted(blocks)
    flags = 0
    for number in blocks:
        flags |= 1 << number
    return _array("H", memoryview(flags.to_bytes(2 * flags_units, "little")))


def _flags(units: Sequence[int]) -> int:
    if isinstance(units, memoryview):
        return int.from_bytes(units, "little")
    return int.from_bytes(_bytes("H", units), "little")


def _flags_units(mapped_chars: int) -> int:
    """How many times sixteen bits it takes to have a bit for each block."""
    return mapped_chars // _BLOCK_CHARS // 16 + 1


def _numbers(blocks: int) -> Iterator[int]:
    """The numbers of these blocks, in order."""
    while blocks:
        bit = blocks & -blocks
        blocks ^= bit
        yield bit.bit_length() - 1


def _reaching_back(blocks: int, count: int) -> int:
    """These blocks, and so many before each."""
    for _ in range(count):
        blocks |= blocks >> 1
    return blocks


def _array(kind: Literal["H", "I", "Q"], data: memoryview) -> Sequence[int]:
    """Integers of two, four or eight bytes, the least first on any machine; where it can be, not a copy."""
    if sys.byteorder == "little":
        return data.cast(kind)
    values = array(kind, data.tobytes())
    values.byteswap()
    return values


def _bytes(kind: Literal["H", "I", "Q"], values: Iterable[int]) -> bytes:
    packed = array(kind, values)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()
