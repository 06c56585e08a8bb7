"""Text -> positions -> lemmas: the same for documents and queries, and for every engine.

What counts as a word, and what it is reduced to:

1. NFC, lower case; every apostrophe is ``'``; soft hyphens and stress marks go.
2. The letters of a word tell its language: ``іїєґ'`` Ukrainian, ``ыэъё`` Russian. Otherwise both
   dictionaries are asked, and the lemmas of each that knows the word stand at one position.
3. A word that neither knows is predicted in the one language that its letters allow; if they allow
   both, it becomes a Russian stem with a mark, so that it meets no lemma.
4. Lemmas are folded: ё to е, ґ to г, no apostrophe. So are surface forms.
5. Hyphenated words, codes (``12/2026-АБ``) and e-mail addresses are their parts, at consecutive
   positions, and the whole, at the position of the first part. Latin words are English stems.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import metadata
from itertools import takewhile
from typing import TYPE_CHECKING, Final, NamedTuple
from unicodedata import is_normalized, normalize

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

_RULES: Final = "words 1"  # change it with the rules above
_MAX_LEMMAS: Final = 3  # of one word in one language: further ones are homonyms that nobody means
_MAX_PARTS: Final = 8  # of one compound: a path or a dump of data is not one code
_GROUPED_LETTERS: Final = 3  # that forms share at least, to be sought by one beginning: йти, пішов
_STEM_MARK: Final = "~"  # no token holds it, so a stem never equals a lemma

# 64 letters at most, so that a line of base64 becomes many short terms and not one of a megabyte.
_ATOM: Final = r"[^\W_]{1,64}(?:'[^\W_]{1,64})*"
_TOKENS: Final = re.compile(rf"{_ATOM}(?:[-/.@]{_ATOM}){{0,{_MAX_PARTS - 1}}}")
_JOINERS: Final = re.compile(r"[-/.@]")
_DIGIT: Final = re.compile(r"\d")
_CYRILLIC: Final = re.compile(r"[\u0400-\u052f]")
_NOT_CYRILLIC: Final = re.compile(r"[^\u0400-\u052f']")
_UKRAINIAN: Final = re.compile("[іїєґ']")
_RUSSIAN: Final = re.compile("[ыэъё]")

# str.replace of an absent letter costs a memchr; str.translate would cost 200 times as much.
_REPLACED: Final = (
    *((apostrophe, "'") for apostrophe in "’ʼ‘`"),
    *((hyphen, "-") for hyphen in "\u2010\u2011"),
    *((ignored, "") for ignored in "\u00ad\u0301"),
)


class Position(NamedTuple):
    """What stands at one place of a text: surface forms and lemmas, both folded, the word's own first."""

    forms: tuple[str, ...]
    lemmas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """A text as an engine stores it: positions of each lemma, surface forms, the position after the last."""

    lemmas: dict[str, list[int]]
    forms: set[str]
    end: int


def normalize_text(text: str) -> str:
    """The text in the letters that all analysis works on. Its length may differ from the original's."""
    if not is_normalized("NFC", text):
        text = normalize("NFC", text)
    text = text.lower()
    for old, new in _REPLACED:
        text = text.replace(old, new)
    return text


def fold(word: str) -> str:
    """A normalized word without the differences that people do not type."""
    return word.replace("ё", "е").replace("ґ", "г").replace("'", "")


class Analyzer:
    """Words of Ukrainian, Russian and English texts. Safe to share between threads.

    The dictionaries (some 40 MB of memory) are loaded at the first Cyrillic word, or by `load`.
    `cache_size` is the number of distinct words kept ready, at some 0.4 kB each.
    """

    def __init__(self, cache_size: int = 65_536) -> None:
        self._loading = threading.Lock()
        self._dictionaries: tuple[MorphAnalyzer, MorphAnalyzer] | None = None
        self._stem_latin = _stemmer("english")
        self._stem_cyrillic = _stemmer("russian")
        self._token: Callable[[str], tuple[Position, ...]] = lru_cache(cache_size)(self._analyze_token)
        self._beginnings: Callable[[str], tuple[str, ...]] = lru_cache(1024)(self._find_beginnings)

    @cached_property
    def version(self) -> str:
        """Of the rules and the dictionaries: an index that was made with another one is to be made anew."""
        packages = ("pymorphy3-dicts-uk", "pymorphy3-dicts-ru", "snowballstemmer")
        return " ".join((_RULES, *map(metadata.version, packages)))

    def load(self) -> None:
        """Load the dictionaries now: before a server forks, or before the first request."""
        self._morphs()

    def positions(self, text: str) -> Iterable[tuple[int, tuple[str, ...], tuple[str, ...]]]:
        """(position, surface forms, lemmas) of each word of the text, in order, from position 0."""
        found = (
            position for token in _TOKENS.findall(normalize_text(text)) for position in self._token(token)
        )
        for number, (forms, lemmas) in enumerate(found):
            yield number, forms, lemmas

    def terms(self, text: str, start: int = 0) -> Terms:
        """The same as `positions`, gathered for an index: the fast way, for whole documents."""
        tokens = _TOKENS.findall(normalize_text(text))
        lemmas: dict[str, list[int]] = {}
        analyze, at = self._token, start
        for token in tokens:
            for position in analyze(token):
                for lemma in position[1]:
                    if lemma in lemmas:
                        lemmas[lemma].append(at)
                    else:
                        lemmas[lemma] = [at]
                at += 1
        forms = {form for token in set(tokens) for position in analyze(token) for form in position.forms}
        return Terms(lemmas, forms, at)

    def prefix(self, text: str) -> tuple[tuple[Position, ...], str]:
        """A word being typed: the positions before its last token, and that token, a form's beginning."""
        tokens = _TOKENS.findall(normalize_text(text))
        if not tokens:
            return (), ""
        before = tuple(position for token in tokens[:-1] for position in self._token(token))
        return before, fold(tokens[-1])

    def parts(self, text: str) -> list[str]:
        """The words of a text as they are written, normalized but not folded: one for each position."""
        return [part for token in _TOKENS.findall(normalize_text(text)) for part in _JOINERS.split(token)]

    def beginnings(self, part: str) -> tuple[str, ...]:
        """What all forms of a word (see `parts`) begin with, to find it in an original text.

        More begins so than the word: `words` of what was found tells. ё is е here, and ґ is г.
        """
        return self._beginnings(part)

    def _find_beginnings(self, part: str) -> tuple[str, ...]:
        if not _CYRILLIC.search(part) and not _DIGIT.search(part):
            return (self._stem_latin(part).rstrip("iy'") or part,)
        forms = {part}
        if _is_cyrillic_word(part):
            for morph in self._speaking(part):
                forms.update(form.word for parse in morph.parse(part) for form in parse.lexeme)
            if len(forms) == 1:
                forms = {self._stem_cyrillic(part)}
        groups: dict[str, list[str]] = {}
        for form in forms:
            form = form.replace("ё", "е").replace("ґ", "г")
            groups.setdefault(form[:_GROUPED_LETTERS], []).append(form)
        return tuple(_common_beginning(min(group), max(group)) for group in groups.values())

    def words(self, text: str) -> tuple[Position, ...]:
        """All positions of a short text: a query's word or phrase."""
        return tuple(Position(forms, lemmas) for _, forms, lemmas in self.positions(text))

    def _analyze_token(self, token: str) -> tuple[Position, ...]:
        parts = _JOINERS.split(token)
        positions = [Position((fold(part),), self._lemmas(part)) for part in parts]
        if len(parts) == 1:
            return tuple(positions)
        if "@" in token or _DIGIT.search(token):
            whole = fold(token)
        elif "." not in token and "/" not in token:
            whole = "-".join(position.lemmas[0] for position in positions)
        else:
            return tuple(positions)  # "і/або", "кінець.Початок": words that merely touch
        first = positions[0]
        positions[0] = Position((*first.forms, fold(token)), (*first.lemmas, whole))
        return tuple(positions)

    def _lemmas(self, word: str) -> tuple[str, ...]:
        if _DIGIT.search(word):
            return (fold(word),)
        if not _CYRILLIC.search(word):
            return (fold(self._stem_latin(word)),)
        if not _is_cyrillic_word(word):
            return (fold(word),)
        lemmas: dict[str, None] = {}
        for morph in self._speaking(word):
            normal_forms = dict.fromkeys(fold(lemma) for lemma in morph.normal_forms(word))
            lemmas.update(dict.fromkeys(list(normal_forms)[:_MAX_LEMMAS]))
        return tuple(lemmas) or (_STEM_MARK + fold(self._stem_cyrillic(word)),)

    def _speaking(self, word: str) -> list[MorphAnalyzer]:
        """The dictionaries to believe about a word: those that know it, else the one that may predict it."""
        ukrainian, russian = self._morphs()
        only_ukrainian = _UKRAINIAN.search(word) is not None
        only_russian = _RUSSIAN.search(word) is not None
        if only_ukrainian and only_russian:
            return []
        if only_ukrainian:
            return [ukrainian]
        if only_russian:
            return [russian]
        return [morph for morph in (ukrainian, russian) if morph.word_is_known(word)]

    def _morphs(self) -> tuple[MorphAnalyzer, MorphAnalyzer]:
        if self._dictionaries is None:
            with self._loading:
                if self._dictionaries is None:
                    from pymorphy3 import MorphAnalyzer

                    self._dictionaries = MorphAnalyzer(lang="uk"), MorphAnalyzer(lang="ru")
        return self._dictionaries


def _common_beginning(first: str, last: str) -> str:
    """What the first and the last of sorted words begin with: all between them do."""
    same = takewhile(lambda letters: letters[0] == letters[1], zip(first, last, strict=False))
    return "".join(letter for letter, _ in same)


def _is_cyrillic_word(word: str) -> bool:
    return _NOT_CYRILLIC.search(word) is None


def _stemmer(language: str) -> Callable[[str], str]:
    """A stemmer that threads may share: Snowball's own keeps the word in itself while it works."""
    local = threading.local()

    def stem(word: str) -> str:
        if not hasattr(local, "stemmer"):
            import snowballstemmer

            local.stemmer = snowballstemmer.stemmer(language)
        stemmed: str = local.stemmer.stemWord(word)
        return stemmed

    return stem
