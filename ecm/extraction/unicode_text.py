"""Unicode in bytes of text: told by a mark, or by how the bytes lie."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE_SAMPLE_BYTES = 2048
_HIGH_BYTES = (0x00, 0x04, 0x20, 0x21)  # Latin, Cyrillic, typography, and the sign №


def unicode_encoding(data: bytes, *, cut: bool = False) -> str | None:
    """Return the name of the Unicode encoding that the bytes are in, or None if they are in none.

    ``cut`` says that the data end in the middle of a file, perhaps in the middle of a character.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    return _wide_encoding(data) or ("utf-8" if _is_utf8(data, cut) else None)


def _is_utf8(data: bytes, cut: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=not cut)
    except UnicodeDecodeError:
        return False
    return True


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 without a mark: every other byte is one of very few."""
    sample = data[:_WIDE_SAMPLE_BYTES]
    if len(sample) < 4 or (b"\x00" not in sample and b"\x04" not in sample):
        return None  # no control characters: "a b c d" is what else has the same byte in every other place
    for encoding, high, low in (
        ("utf-16-le", sample[1::2], sample[0::2]),
        ("utf-16-be", sample[0::2], sample[1::2]),
    ):
        # In text the low bytes are letters: zeros there are what a binary file is full of.
        if _count(high, _HIGH_BYTES) > 0.95 * len(high) and _count(low, (0x00,)) == 0:
            return encoding
    return None


def _count(data: bytes, values: tuple[int, ...]) -> int:
    return sum(data.count(value) for value in values)
