"""Keys that titles and texts are sorted by, the same on every database."""

from __future__ import annotations

import unicodedata
from typing import Final

KEY_MOST_CHARS: Final = 300
# The Ukrainian alphabet, with the letters of Russian where its readers look for them. Each becomes the letter
# at its number from U+0430 on, so that the order of code points is the order of the alphabet.
_ALPHABET: Final = "абвгґдеёєжзиіїйклмнопрстуфхцчшщъыьэюя"
_ORDER: Final = {ord(letter): chr(0x0430 + number) for number, letter in enumerate(_ALPHABET)}


def sort_key(text: str) -> str:
    """The key of a text: without regard to case, digits before Latin letters before Cyrillic ones, those in
    the order of the Ukrainian alphabet. Cut to 300 characters."""
    return unicodedata.normalize("NFC", text).casefold().translate(_ORDER)[:KEY_MOST_CHARS]
