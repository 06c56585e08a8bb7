"""What shapes say in the older Office: WordArt, and descriptions of pictures.

The format: https://learn.microsoft.com/openspecs/office_file_formats/ms-odraw, 2.2.9 (tables of properties).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

DRAWING_PROPERTIES = 0xF00B
"""The kind of the record that `drawing_words` reads."""

_HAS_MORE = 0x8000  # the value stands behind the table, and this is its size
_WORDS = frozenset({0x00C0, 0x0381})  # of WordArt, and the description


def drawing_words(table: bytes, number: int) -> Iterator[str]:
    """Yield the words in a table of so many properties of a shape."""
    number = min(number, len(table) // 6)
    place = 6 * number
    for index in range(number):
        name, size = struct.unpack_from("<HI", table, 6 * index)
        if name & _HAS_MORE:
            if name & 0x3FFF in _WORDS:
                yield table[place : place + size].decode("utf-16-le", "replace").rstrip("\x00")
            place += size
