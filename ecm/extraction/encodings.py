"""The encoding of bytes of text: Unicode by its marks, Cyrillic by its letters, the rest by statistics."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Mapping

from charset_normalizer import from_bytes

from .unicode_text import unicode_encoding

# Candidates, each with a head start that decides between words too short to tell. cp1125 is the Ukrainian
# cp866.
_CYRILLIC = {
    "cp1251": 4.0,
    "koi8_u": 1.0,
    "cp866": 1.0,
    "cp1125": 2.5,
    "iso8859_5": -2.0,
    "mac_cyrillic": -4.0,
}
# In names of files inside of archives those of DOS come first: programs on Windows write them so.
_CYRILLIC_OF_NAMES = {**_CYRILLIC, "cp866": 4.0, "cp1125": 4.0, "cp1251": 2.0}
_DECLARED_HEAD_START = 12.0
_WESTERN = frozenset({"ascii", "iso8859-1", "cp1252", "iso8859-15"})
_ALIASES = {"koi8-u": "koi8_u", "koi8-r": "koi8_u", "iso8859-5": "iso8859_5", "mac-cyrillic": "mac_cyrillic"}
_SAMPLE_BYTES = 1500
_MENDED_SAMPLE_BYTES = 64 * 1024
_ASCII = re.compile(r"[\x00-\x7f]+")

# How common a letter is in business prose, Ukrainian and Russian together: the natural logarithm of its
# share in a hundred thousand letters, rounded. What matters is the order, and that the rare ones are far
# behind.
_COMMON = {
    letter: weight
    for letters, weight in (
        ("оа", 9.1),
        ("инеітр", 8.7),
        ("свлк", 8.3),
        ("дпум", 8.0),
        ("зяьбгч", 7.4),
        ("йхжцюшї", 6.7),
        ("ыєф", 6.3),
        ("щэґъё", 5.4),
    )
    for letter in letters
}
_IMPOSSIBLE = -8.0
_MIDDLE = 6.0  # between a letter that speaks for an encoding and one that speaks against it
_HIGH = re.compile(r"[^\x00-\x7f]")
_WORD = re.compile(r"[^\W\d_]+")
_PUNCTUATION = frozenset("«»„“”’‘–—№…•·§©®°±€™ \u00a0")
# A word as it is written: lower case, Capitalised, or ALL CAPITALS; the Latin i stood for the Ukrainian one
# in DOS.
_WELL_CASED = re.compile(r"[А-ЯЁІЇЄҐI]?[а-яёіїєґi]+|[А-ЯЁІЇЄҐI]+")
_LATIN = re.compile(r"[A-HJ-Za-hj-z]")


def decode(data: bytes, *, cut: bool = False, declared: str | None = None) -> str:
    """Return the bytes as text; what can't be decoded becomes U+FFFD. Never raises for any bytes.

    ``cut`` says that the data end in the middle of a file, perhaps in the middle of a character. ``declared``
    is the codec that the text names itself (`codec_of`). It is believed where the bytes are in no Unicode
    encoding, unless they read as Cyrillic in another one far better.
    """
    encoding = unicode_encoding(data, cut=cut) or _mended_encoding(data)
    if not encoding:
        encoding = _declared_encoding(data, declared) if declared else _narrow_encoding(data)
    return data.decode(encoding, "replace")


def codec_of(charset: str) -> str | None:
    """Return Python's name of the codec for a charset by any of its names, or None if there is none."""
    try:
        b"a".decode(charset, "replace")  # some codecs are not of text
        return codecs.lookup(charset).name
    except (LookupError, UnicodeError, ValueError):
        return None


def _mended_encoding(data: bytes) -> str | None:
    """UTF-8 with a few broken letters in it is UTF-8."""
    text = data[:_MENDED_SAMPLE_BYTES].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    letters = len(text) - broken - sum(map(len, _ASCII.findall(text)))
    return "utf-8" if letters > 4 * broken else None


def _declared_encoding(data: bytes, declared: str) -> str:
    if declared in _WESTERN:
        # What programs write that do not know better. cp1252 is what is meant by all of them.
        return _cyrillic_encoding(_sample(data), _CYRILLIC) or "cp1252"
    if declared.startswith("utf"):
        return _narrow_encoding(data)
    alias = _ALIASES.get(declared, declared)
    if alias not in _CYRILLIC:
        return declared
    candidates = {**_CYRILLIC, alias: _DECLARED_HEAD_START}
    return _cyrillic_encoding(_sample(data), candidates) or declared


def decode_name(name: bytes) -> str:
    """Return the name of a file inside of an archive as text. Never raises for any bytes."""
    return name.decode(unicode_encoding(name) or _narrow_encoding(name, _CYRILLIC_OF_NAMES), "replace")


def _narrow_encoding(data: bytes, candidates: Mapping[str, float] = _CYRILLIC) -> str:
    sample = _sample(data)
    if best := _cyrillic_encoding(sample, candidates):
        return best
    guess = from_bytes(sample).best()
    return guess.encoding if guess else "cp1251"


def _cyrillic_encoding(sample: bytes, candidates: Mapping[str, float]) -> str | None:
    best, score = None, 0.0
    for encoding, head_start in candidates.items():
        likeness = _cyrillic_likeness(sample.decode(encoding, "replace"))
        if likeness > -head_start and (not best or likeness + head_start > score):
            best, score = encoding, likeness + head_start
    return best


def _sample(data: bytes) -> bytes:
    """Return a part that starts where letters outside ASCII do; tables of figures can go before."""
    start = next((place for place, byte in enumerate(data) if byte > 0x7F), 0)
    start = max(data.rfind(b"\n", 0, start), start - 200, 0)
    return data[start : start + _SAMPLE_BYTES]


def _cyrillic_likeness(text: str) -> float:
    """Say how well the text reads as Ukrainian or Russian; well below zero, it does not."""
    likeness = 0.0
    letters: Counter[str] = Counter()
    for word in _WORD.findall(text):
        if word.isascii():
            continue
        letters.update(word)
        if _LATIN.search(word):
            likeness += _IMPOSSIBLE * len(word)
        elif not _WELL_CASED.fullmatch(word):
            likeness -= 3.0 * len(word)
    for letter, times in letters.items():
        if letter not in "iI":
            likeness += times * (_COMMON.get(letter.lower(), _IMPOSSIBLE) - _MIDDLE)
    for sign, times in Counter(_HIGH.findall(text)).items():
        if sign not in letters:
            likeness += times * (0.5 if sign in _PUNCTUATION else _IMPOSSIBLE / 2)
    return likeness
