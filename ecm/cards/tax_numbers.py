"""Numbers that clients pay taxes under: those of Ukraine with their check digits, others as they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from ecm.cards.texts import clean_short
from ecm.errors import Invalid

TAX_NUMBER_MOST_CHARS: Final = 30

_FORMATTING = re.compile(r"[\s.\-‐‑–—/]+")
_FIRM_CHARS, _PERSON_CHARS = 8, 10
_PERSON_WEIGHTS: Final = (-1, 5, 7, 9, 4, 6, 10, 5, 7)
# Codes of firms from 30 to 60 million have their weights in another order than older and newer ones. What
# leaves 10 is weighed a second time, by weights that are larger by two.
_FIRM_WEIGHTS: Final = (1, 2, 3, 4, 5, 6, 7)
_MIDDLE_FIRM_WEIGHTS: Final = (7, 1, 2, 3, 4, 5, 6)
_MIDDLE: Final = range(30_000_000, 60_000_000)
# Whoever refused a number, on religious grounds, pays under the passport's: two letters and six digits of a
# booklet, nine digits of a card.
_BOOKLET = re.compile(r"[АВЕІКМНОРСТУХБГҐДЄЖЗИЇЙЛПФЦЧШЩЬЮЯ]{2}[0-9]{6}")
_CARD = re.compile(r"0[0-9]{8}")
_TO_CYRILLIC: Final = str.maketrans("ABEIKMHOPCTYX", "АВЕІКМНОРСТУХ")


def parse_tax_number(country: str, text: str | None, *, of_person: bool | None = None) -> str | None:
    """A tax number without its formatting, or None for an empty one; equal numbers become equal texts.

    In Ukraine a person has 10 digits (РНОКПП, ІПН), or without these the passport: two letters and
    six digits, or the nine digits of a card. A firm has 8 digits (ЄДРПОУ), or is a person who trades;
    with `of_person` None it may be either.
    Other countries' numbers are free. Invalid: the wrong length, or the wrong check digit.
    """
    number = _FORMATTING.sub("", unicodedata.normalize("NFKC", text or "")).upper()
    if not number:
        return None
    if country == "UA":
        return _parse_ukrainian(number, of_person)
    return clean_short("tax_number", number, TAX_NUMBER_MOST_CHARS)


def is_firm_code(number: str) -> bool:
    """Whether these are the 8 digits of a firm's code, ЄДРПОУ, with the right check digit."""
    if not _is_digits(number, _FIRM_CHARS):
        return False
    weights = _MIDDLE_FIRM_WEIGHTS if int(number) in _MIDDLE else _FIRM_WEIGHTS
    rest = _weigh(number, weights) % 11
    if rest == 10:
        rest = _weigh(number, [weight + 2 for weight in weights]) % 11 % 10
    return rest == int(number[-1])


def is_person_number(number: str) -> bool:
    """Whether these are the 10 digits of a person's number, РНОКПП, with the right check digit."""
    return _is_digits(number, _PERSON_CHARS) and _weigh(number, _PERSON_WEIGHTS) % 11 % 10 == int(number[-1])


def _parse_ukrainian(number: str, of_person: bool | None) -> str:
    if is_person_number(number) or (not of_person and is_firm_code(number)):
        return number
    passport = number[:2].translate(_TO_CYRILLIC) + number[2:]
    if _BOOKLET.fullmatch(passport) or _CARD.fullmatch(number):
        return passport
    if of_person is None:
        raise Invalid("tax_number", "8 or 10 digits with the right check digit")
    if of_person:
        raise Invalid("tax_number", "10 digits of a person's number (РНОКПП) with the right check digit")
    raise Invalid("tax_number", "8 digits (ЄДРПОУ) or a person's 10 with the right check digit")


def _is_digits(number: str, chars: int) -> bool:
    """Whether these are so many digits, and not nothing but zeros, which stand for no number at all."""
    return len(number) == chars and number.isascii() and number.isdigit() and number.strip("0") != ""


def _weigh(number: str, weights: Sequence[int]) -> int:
    return sum(weight * int(digit) for weight, digit in zip(weights, number, strict=False))
