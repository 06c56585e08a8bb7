"""The records of an Excel workbook of 1993 to 2003 (BIFF): what is around the cells.

The format: https://learn.microsoft.com/openspecs/office_file_formats/ms-xls, 2.1.4 (records) and 2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from .drawing_records import DRAWING_PROPERTIES, drawing_words
from .ole_package import code_page_codec
from .spreadsheets import header_words

_HEADER = struct.Struct("<HH")
_BEGIN = 0x0809
_PROTECTED = 0x002F
_CODE_PAGE = 0x0042
_PAGE_HEADERS = frozenset({0x0014, 0x0015})
_NOTE = 0x001C
_TEXT_OBJECT = 0x01B6
_CONTINUED = 0x003C
_CHART_TEXT = 0x100D
_DRAWINGS = frozenset({0x00EB, 0x00EC})
_CELLS = frozenset({0x0006, 0x00FD, 0x00D6, 0x0203, 0x0204, 0x0205, 0x027E, 0x00BD})
_MANY_CELLS = 0x00BD  # the last column stands at the end
_BIFF_8 = 0x0600
_SHAPES_LIMIT = 100_000


class WorkbookRecords:
    """One walk over the records of a workbook's stream."""

    def __init__(self, stream: bytes) -> None:
        self._stream = stream
        self._version = struct.unpack_from("<H", stream, 4)[0] if len(stream) >= 6 else 0
        self._codec = "cp1252"
        self.is_encrypted = False
        self.cells = 0
        """How many cells the largest sheet spans, empty ones included."""
        self.words: list[str] = []
        """Page headers and footers, comments, text boxes, titles of charts, descriptions of pictures."""
        self._read()

    def _read(self) -> None:
        area: list[int] = []
        drawing = bytearray()
        waiting = 0  # characters of a text object that are still to come
        text: list[str] = []
        for kind, content in self._records():
            if kind == _CONTINUED and waiting:
                part = _counted(content, waiting)
                waiting = max(0, waiting - len(part)) if part else 0
                text.append(part)
                continue
            if text:
                self.words.append("".join(text))
                text = []
            waiting = 0
            if kind == _TEXT_OBJECT and len(content) >= 12:
                waiting = struct.unpack_from("<H", content, 10)[0]
            elif kind in _CELLS:
                area = _widened(area, kind, content)
            elif kind == _BEGIN:
                self._count(area)
                area = []
            elif kind == _PROTECTED:
                self.is_encrypted = True
                return  # what follows is noise
            elif kind in _DRAWINGS:
                drawing += content
            else:
                self._read_words(kind, content)
        self.words.extend("".join(part) for part in [text] if part)
        self._count(area)
        self.words.extend(_said_of_shapes(bytes(drawing)))

    def _records(self) -> Iterator[tuple[int, bytes]]:
        place = 0
        while place + _HEADER.size <= len(self._stream):
            kind, size = _HEADER.unpack_from(self._stream, place)
            place += _HEADER.size
            yield kind, self._stream[place : place + size]
            place += size

    def _read_words(self, kind: int, content: bytes) -> None:
        if kind == _CODE_PAGE and len(content) >= 2:
            self._codec = code_page_codec(struct.unpack_from("<H", content)[0])
        elif kind in _PAGE_HEADERS and content:
            self.words.append(header_words(self._string(content, "<H" if self._is_8 else "<B")))
        elif kind == _CHART_TEXT and len(content) > 3:
            self.words.append(self._string(content[2:], "<B"))
        elif kind == _NOTE and not self._is_8 and len(content) > 6:
            self.words.append(content[6:].decode(self._codec, "replace"))

    @property
    def _is_8(self) -> bool:
        return bool(self._version == _BIFF_8)

    def _string(self, content: bytes, length: str) -> str:
        """Return a string behind its length (MS-XLS, 2.5.294); before Excel 97, in the code page."""
        place = struct.calcsize(length)
        if len(content) < place:
            return ""
        (characters,) = struct.unpack_from(length, content)
        if self._is_8:
            return _counted(content[place:], characters)
        return content[place : place + characters].decode(self._codec, "replace")

    def _count(self, area: list[int]) -> None:
        if area:
            first_row, last_row, first_column, last_column = area
            self.cells = max(self.cells, (last_row - first_row + 1) * (last_column - first_column + 1))


def _counted(content: bytes, characters: int) -> str:
    """Return so many characters at most, of one byte or two as the first byte says."""
    if not content:
        return ""
    if content[0] & 1:
        return content[1 : 1 + 2 * characters].decode("utf-16-le", "replace")
    return content[1 : 1 + characters].decode("latin-1")


def _widened(area: list[int], kind: int, content: bytes) -> list[int]:
    """Return the area (rows, then columns, first and last) with the cells of a record in it."""
    if len(content) < 6:
        return area
    row, column = struct.unpack_from("<HH", content)
    last_column = struct.unpack_from("<H", content, len(content) - 2)[0] if kind == _MANY_CELLS else column
    if not area:
        return [row, row, column, last_column]
    return [min(area[0], row), max(area[1], row), min(area[2], column), max(area[3], last_column)]


def _said_of_shapes(drawing: bytes) -> Iterator[str]:
    """Yield the words in the properties of shapes, whose records stand one behind the other, or inside."""
    place = 0
    for _ in range(_SHAPES_LIMIT):
        if place + 8 > len(drawing):
            return
        version, kind, size = struct.unpack_from("<HHI", drawing, place)
        place += 8
        if kind == DRAWING_PROPERTIES:
            yield from drawing_words(drawing[place : place + size], version >> 4)
        if version & 0xF != 0xF:  # what is no container is stepped over
            place += size
