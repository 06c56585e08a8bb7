"""Did you mean: a query that finds nothing, with its unknown words as they were probably meant.

Two mistakes are looked for: letters typed in another keyboard layout (``ghbdsn`` for привіт), and
misspelled words. Only plain words are replaced, each at its place: quotations, beginnings with a star,
values of fields and what is excluded stay as they were typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from ecm.search.analysis import fold, normalize_text

WORDS_MOST = 12
"""How many words of a query are looked at: a pasted paragraph is no misspelled query."""
MEANT_MOST = 3
TRIED_MOST = 8
SHORT_LETTERS = 5
"""So short a word is misspelled by one letter; in a longer one it may be two."""
LEAST_LETTERS = 3

_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_LATIN_SHIFTED = '~QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>'
_UKRAINIAN = "'йцукенгшщзхїфівапролджєячсмитьбю"
_RUSSIAN = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_KEYBOARDS = tuple((_LATIN + _LATIN_SHIFTED, letters + letters.upper()) for letters in (_UKRAINIAN, _RUSSIAN))
_LAYOUTS = tuple(
    dict(reversed(list(zip(*pair, strict=True))))  # of a letter on two keys, the unshifted one
    for keys, letters in _KEYBOARDS
    for pair in ((keys, letters), (letters, keys))
)

_PIECES = re.compile(r'=?"[^"]*"|[«“„][^»”“]*[»”“]|[()]|[^\s()"«»“”„]+')
_FIELD = re.compile(r"([^\W\d_]{2,32}):")
_WORD_FIELDS = ("title", "deal", "client")
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ‘`-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of a query that may be replaced: `text` stands at its `start`."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """The place after it."""
        return self.start + len(self.text)


def correct(
    typed: str,
    *,
    is_known: Callable[[str], bool],
    spellings: Callable[[str], Sequence[str]],
    helps: Callable[[str], bool],
) -> str | None:
    """The query as it was probably meant; None when that is not known.

    `is_known` tells whether words find anything by themselves, `spellings` the forms near to a folded
    word, and `helps` whether a whole query finds more than the one that was typed.
    """
    wrong: list[tuple[Place, list[str]]] = []
    for place in islice(plain_words(typed), WORDS_MOST):
        if not is_known(place.text):
            wrong.extend(_meant(place, is_known, spellings))
    if not wrong:
        return None
    places = [place for place, _ in wrong]
    for choice in islice(product(*(meant for _, meant in wrong)), TRIED_MOST):
        corrected = _replaced(typed, places, choice)
        if helps(corrected):
            return corrected
    return None


def plain_words(typed: str) -> Iterator[Place]:
    """The pieces of a query that are nothing but words to be found, with their places."""
    groups = [False]  # whether what stands in each open parenthesis is to be left alone
    left_alone = False  # whether the next piece is: after NOT, after a field without its value
    for match in _PIECES.finditer(typed):
        piece, start = match[0], match.start()
        if piece == "(":
            groups.append(groups[-1] or left_alone)
        elif piece == ")":
            groups = groups[:-1] or [False]
        elif piece in ("AND", "OR", "NOT"):
            left_alone = piece == "NOT"
            continue
        elif field := _FIELD.match(piece.lstrip("-")):
            is_excluded = piece.startswith("-")
            is_value = field[1].lower() not in _WORD_FIELDS or is_excluded
            value = piece[field.end() + is_excluded :]
            left_alone = is_value and not value
            if value and not is_value and not groups[-1]:
                yield from _plain(Place(match.end() - len(value), value))
            continue
        elif piece == "-":
            left_alone = True
            continue
        elif not left_alone and not groups[-1]:
            yield from _plain(Place(start, piece))
        left_alone = False


def layouts(text: str) -> list[str]:
    """The text as it would stand there in the other layouts of the keyboard, in lower case letters or
    capital as typed. Empty when it was typed in none of them."""
    converted = [
        "".join(layout.get(letter, letter) for letter in text)
        for layout in _LAYOUTS
        if any(letter.isalpha() for letter in text)
        and all(letter in layout or not letter.isalpha() for letter in text)
    ]
    return list(dict.fromkeys(one for one in converted if one != text))


def _plain(place: Place) -> Iterator[Place]:
    is_operator = place.text[0] in '-="«“„' or place.text.rstrip(".:").endswith("*")
    if not is_operator and any(letter.isalpha() for letter in place.text):
        yield place


def _meant(
    place: Place, is_known: Callable[[str], bool], spellings: Callable[[str], Sequence[str]]
) -> Iterator[tuple[Place, list[str]]]:
    """What may be meant by a piece that finds nothing: the whole of it in another layout, or its words in
    another spelling."""
    if converted := [text for text in layouts(place.text) if is_known(text)]:
        yield place, converted
        return
    from rapidfuzz.distance import OSA  # of no use to a query that finds something

    words = list(_WORD.finditer(place.text))
    for match in words:
        word = fold(normalize_text(match[0]))
        if len(word) < LEAST_LETTERS or (len(words) > 1 and is_known(match[0])):
            continue
        edits = 1 if len(word) <= SHORT_LETTERS else 2
        near = [form for form in spellings(word) if form != word and OSA.distance(form, word) <= edits]
        if near:
            yield (
                Place(place.start + match.start(), match[0]),
                [_in_case_of(match[0], form) for form in near[:MEANT_MOST]],
            )


def _in_case_of(typed: str, form: str) -> str:
    if typed.isupper() and len(typed) > 1:
        return form.upper()
    return form.capitalize() if typed[0].isupper() else form


def _replaced(typed: str, places: Sequence[Place], texts: Sequence[str]) -> str:
    corrected, at = [], 0
    for place, text in zip(places, texts, strict=True):
        corrected += [typed[at : place.start], text]
        at = place.end
    return "".join((*corrected, typed[at:]))
