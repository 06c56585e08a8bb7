"""Where in a Word file text stands that was deleted with changes being tracked."""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator

_PAGE_BYTES = 512
_MARKED_AS_DELETED = 0x0800
_DEFINES_TABLE = 0xD608
# The size of what follows a property, by the top three bits of its number; MS-DOC, 2.2.5.1.
_OPERAND_BYTES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
_OPERAND_OF_ANY_SIZE = 6


class Deletions:
    """The deleted stretches of a document stream; ``runs`` is the list of pages of character formatting."""

    def __init__(self, document: bytes, runs: bytes) -> None:
        number = max(0, (len(runs) - 4) // 8)
        pages = (
            {page & 0x3FFFFF for page in struct.unpack_from(f"<{number}I", runs, 4 * number + 4)}
            if number
            else set()
        )
        found: list[tuple[int, int]] = []
        for page in pages:
            content = document[page * _PAGE_BYTES : (page + 1) * _PAGE_BYTES]
            if len(content) == _PAGE_BYTES:
                found.extend(_deleted(content))
        found.sort()
        self._begins = [begin for begin, _ in found]
        self._ends = [end for _, end in found]

    def kept(self, document: bytes, begin: int, end: int) -> Iterator[bytes]:
        """Yield what is not deleted between two places of the document."""
        # The one before the first that begins further on may still reach into the stretch.
        index = max(0, bisect_left(self._begins, begin) - 1)
        while begin < end and index < len(self._begins) and self._begins[index] < end:
            if self._ends[index] > begin:
                yield document[begin : max(begin, self._begins[index])]
                begin = self._ends[index]
            index += 1
        yield document[begin : max(begin, end)]


def _deleted(page: bytes) -> Iterator[tuple[int, int]]:
    """Yield the deleted stretches of a page of character formatting (MS-DOC, 2.9.33)."""
    number = page[-1]
    if 4 * (number + 1) + number > _PAGE_BYTES - 1:
        return
    places = struct.unpack_from(f"<{number + 1}I", page)
    for index in range(number):
        offset = 2 * page[4 * (number + 1) + index]
        if offset and _says_deleted(page[offset + 1 : offset + 1 + page[offset]]):
            yield places[index], places[index + 1]


def _says_deleted(properties: bytes) -> bool:
    place = 0
    while len(properties) >= place + 3:
        (number,) = struct.unpack_from("<H", properties, place)
        if number == _MARKED_AS_DELETED:
            return properties[place + 2] != 0
        kind = number >> 13
        if number == _DEFINES_TABLE:
            return False  # of tables; nothing of characters follows
        size = 1 + properties[place + 2] if kind == _OPERAND_OF_ANY_SIZE else _OPERAND_BYTES[kind]
        place += 2 + size
    return False
