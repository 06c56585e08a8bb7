"""Text -> positions -> lemmas: the same for documents and queries, and for every engine.

What counts as a word, and what it is reduced to:

1. NFC, lower case; every apostrophe is ``'``; soft hyphens and stress marks go.
2. Latin letters inside of a Cyrillic word that look like Cyrillic ones are taken for them. A code
   such as ``АВ1234`` in Latin letters stands under both ways of typing it.
3. A word is reduced to its lemmas or a stem: see `lemmas`. They are folded: ё to е, ґ to г, no
   apostrophe. So are surface forms.
4. Hyphenated words, codes (``12/2026-АБ``) and e-mail addresses are their parts, at consecutive
   positions, and the whole, at the position of the first part.
5. A number in groups (``1 250 000``) is its groups, and the whole at the first and the last of them.
   A number with Cyrillic letters after it (``100грн``, ``12й``) is itself, the number and the word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from importlib import metadata
from typing import Final, NamedTuple
from unicodedata import is_normalized, normalize

from .lemmas import Lemmas, fold

__all__ = ["LOOK_ALIKE", "Analyzer", "Position", "fold", "normalize_text"]

_RULES: Final = "words 3"  # change it with the rules above, and with those of `lemmas`
_MAX_PARTS: Final = 8  # of one compound: a path or a dump of data is not one code

# 64 letters at most, so that a line of base64 becomes many short terms and not one of a megabyte.
_ATOM: Final = r"[^\W_]{1,64}(?:'[^\W_]{1,64})*"
_GROUPS: Final = rf"\d{{1,3}}(?: \d{{3}}){{1,{_MAX_PARTS - 1}}}+(?![^\W_])"
_TOKENS: Final = re.compile(rf"{_GROUPS}|{_ATOM}(?:[-/.@]{_ATOM}){{0,{_MAX_PARTS - 1}}}")
_JOINERS: Final = re.compile(r"[-/.@ ]")
_DIGIT: Final = re.compile(r"\d")
_CYRILLIC: Final = re.compile(r"[\u0400-\u052f]")
_NUMBERED: Final = re.compile(r"(\d+)([\u0400-\u052f]+)")
_LATIN: Final = "abcehikmoptxyáéíóýëï"  # in the order of what they look like, small or capital:
LOOK_ALIKE: Final = str.maketrans(_LATIN, "авсенікмортхуаеіоуёї")
_ALL_LOOK_ALIKE: Final = re.compile(rf"[\u0400-\u052f\W\d_{_LATIN}]+")
_LATIN_LETTER: Final = re.compile(f"[{_LATIN}]")

# str.replace of an absent letter costs a memchr; str.translate would cost 200 times as much.
_REPLACED: Final = (
    *((apostrophe, "'") for apostrophe in "’ʼ‘`"),
    *((hyphen, "-") for hyphen in "\u2010\u2011"),
    *((space, " ") for space in "\u00a0\u2009\u202f"),
    *((ignored, "") for ignored in "\u00ad\u0301"),
)


class Position(NamedTuple):
    """What stands at one place of a text: surface forms and lemmas, both folded, the word's own first."""

    forms: tuple[str, ...]
    lemmas: tuple[str, ...]

    def under(self, whole: str) -> Position:
        """The same, and also what is part of this whole."""
        return Position((*self.forms, whole), (*self.lemmas, whole))


def normalize_text(text: str) -> str:
    """The text in the letters that all analysis works on. Its length may differ from the original's."""
    if not is_normalized("NFC", text):
        text = normalize("NFC", text)
    text = text.lower()
    for old, new in _REPLACED:
        text = text.replace(old, new)
    return text


class Analyzer:
    """Words of Ukrainian, Russian and English texts. Safe to share between threads.

    The dictionaries (some 40 MB of memory) are loaded at the first Cyrillic word, or by `load`.
    `cache_size` is the number of distinct words kept ready, at some 0.4 kB each.
    """

    def __init__(self, cache_size: int = 65_536) -> None:
        self._lemmas = Lemmas()
        self._token: Callable[[str], tuple[Position, ...]] = lru_cache(cache_size)(self._analyze_token)
        self._beginnings: Callable[[str], tuple[str, ...]] = lru_cache(1024)(self._find_beginnings)
        self._forms: Callable[[str], frozenset[str]] = lru_cache(1024)(self._find_forms)

    @cached_property
    def version(self) -> str:
        """Of the rules and the dictionaries: an index that was made with another one is to be made anew."""
        packages = ("pymorphy3-dicts-uk", "pymorphy3-dicts-ru", "snowballstemmer")
        return " ".join((_RULES, *map(metadata.version, packages)))

    def load(self) -> None:
        """Load the dictionaries now: before a server forks, or before the first request."""
        self._lemmas.load()

    def positions(self, text: str) -> Iterable[tuple[int, tuple[str, ...], tuple[str, ...]]]:
        """(position, surface forms, lemmas) of each word of the text, in order, from position 0."""
        found = (
            position for token in _TOKENS.findall(normalize_text(text)) for position in self._token(token)
        )
        for number, (forms, lemmas) in enumerate(found):
            yield number, forms, lemmas

    def tokens(self, text: str) -> list[str]:
        """The pieces of a text, in order, each to be asked for by `token`: the fast way, for many texts."""
        return _TOKENS.findall(normalize_text(text))

    def token(self, token: str) -> tuple[Position, ...]:
        """The positions of one of the `tokens`."""
        return self._token(token)

    def prefix(self, text: str) -> tuple[tuple[Position, ...], str]:
        """A word being typed: the positions before its last token, and that token, a form's beginning."""
        tokens = _TOKENS.findall(normalize_text(text))
        if not tokens:
            return (), ""
        before = tuple(position for token in tokens[:-1] for position in self._token(token))
        return before, fold(_ways_of_typing(tokens[-1])[-1])

    def parts(self, text: str) -> list[str]:
        """The words of a text as they are written, normalized but not folded: one for each position."""
        tokens = _TOKENS.findall(normalize_text(text))
        return [part for token in tokens for part in _JOINERS.split(_ways_of_typing(token)[0])]

    def beginnings(self, part: str) -> tuple[str, ...]:
        """What all forms of a word (see `parts`) begin with, to find it in an original text.

        More begins so than the word: `words` of what was found tells. ё is е here, and ґ is г.
        """
        return self._beginnings(part)

    def forms(self, part: str) -> frozenset[str]:
        """The forms of a word (see `parts`) that are known, with itself. Others may be of it as well."""
        return self._forms(part)

    def _find_beginnings(self, part: str) -> tuple[str, ...]:
        return (part,) if _DIGIT.search(part) else self._lemmas.beginnings(part, self.forms(part))

    def _find_forms(self, part: str) -> frozenset[str]:
        return frozenset((part,)) if _DIGIT.search(part) else self._lemmas.forms(part)

    def words(self, text: str) -> tuple[Position, ...]:
        """All positions of a short text: a query's word or phrase."""
        return tuple(Position(forms, lemmas) for _, forms, lemmas in self.positions(text))

    def _analyze_token(self, token: str) -> tuple[Position, ...]:
        if token.isalpha() and token.isascii():
            return (Position((token,), self._lemmas.of(token)),)
        first, *others = (self._typed(way) for way in _ways_of_typing(token))
        for other in others:
            first = [
                Position(_joined(one.forms, also.forms), _joined(one.lemmas, also.lemmas))
                for one, also in zip(first, other, strict=True)
            ]
        return tuple(first)

    def _typed(self, token: str) -> list[Position]:
        parts = _JOINERS.split(token)
        if len(parts) == 1:
            return [self._part(token)]
        positions = [self._token(part)[0] for part in parts]
        if " " in token:
            number = token.replace(" ", "")
            positions[0] = positions[0].under(number)
            positions[-1] = positions[-1].under(number)
        elif "@" in token or _DIGIT.search(token):
            positions[0] = positions[0].under(fold(token))
        elif "." not in token and "/" not in token:
            whole = "-".join(position.lemmas[0] for position in positions)
            positions[0] = Position((*positions[0].forms, fold(token)), (*positions[0].lemmas, whole))
        return positions  # else "і/або", "кінець.Початок": words that merely touch

    def _part(self, word: str) -> Position:
        if word.isdecimal():
            return Position((word,), (word,))
        folded = fold(word)
        if not _DIGIT.search(word):
            return Position((folded,), self._lemmas.of(word))
        if numbered := _NUMBERED.fullmatch(word):
            return Position((folded,), (folded, numbered[1], *self._lemmas.of(numbered[2])))
        return Position((folded,), (folded,))


def _ways_of_typing(token: str) -> tuple[str, ...]:
    """A token in the letters that it was meant in. One with digits may be meant in either alphabet."""
    if token.isdecimal() or not _LATIN_LETTER.search(token) or not _ALL_LOOK_ALIKE.fullmatch(token):
        return (token,)
    if not token.isascii() and _CYRILLIC.search(token):
        return (token.translate(LOOK_ALIKE),)
    return (token, token.translate(LOOK_ALIKE)) if _DIGIT.search(token) else (token,)


def _joined(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one + other))
