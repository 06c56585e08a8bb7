"""PowerPoint 97 to 2003 (ppt): records in containers; those that the last saving names are the slides.

The format: https://learn.microsoft.com/openspecs/office_file_formats/ms-ppt, 2.1.2 (how the live records are
found) and 2.3.1 (record headers).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .drawing_records import DRAWING_PROPERTIES, drawing_words
from .interface import Unreadable
from .ole_package import OlePackage

_ENCRYPTED_TOKEN = 0xF3D1C4DF
_HEADER = struct.Struct("<HHI")
_CONTAINER = 0xF
_RECORDS_LIMIT = 2_000_000
_DEPTH_LIMIT = 32

_DOCUMENT = 0x03E8
_SLIDE = 0x03EE
_NOTES = 0x03F0
_SLIDE_PLACE = 0x03F3  # SlidePersistAtom: which record is the slide whose outline follows
_USER_EDIT = 0x0FF5
_DIRECTORY = 0x1772
_SLIDE_LIST = 0x0FF0
_SLIDES_LISTED, _NOTES_LISTED = 0, 2
_CHARACTERS = 0x0FA0
_BYTES = 0x0FA8
_STRING = 0x0FBA
_TAG_DATA = 0x138B  # holds records, though it is no container by its header
_COMMENT = 0x2EE0
_HEADERS_FOOTERS = 0x0FD9
_COMMENT_TEXT = 1  # the second of its strings


class PowerPointExtractor:
    """PowerPoint presentations and slide shows of 1997 to 2003."""

    media_types = frozenset({"application/vnd.ms-powerpoint"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield the slides with their comments and footers, the notes, and properties."""
        with OlePackage(path) as package:
            user = package.read("Current User")
            if len(user) >= 20 and struct.unpack_from("<I", user, 12)[0] == _ENCRYPTED_TOKEN:
                raise Unreadable("encrypted", "the file is protected by a password")
            records = package.read("PowerPoint Document")
            if not records:
                raise Unreadable("damaged", "the file has no slides where PowerPoint keeps them")
            yield from _Presentation(records, user).text()
            yield from package.summary()


@dataclass(frozen=True, slots=True)
class _Record:
    kind: int
    instance: int
    begin: int  # of what is in it
    end: int
    parents: tuple[tuple[int, int], ...]  # kind and instance of the containers around it, the outer first


class _Presentation:
    """The records of a presentation. Raises `Unreadable` when there are more than any has."""

    def __init__(self, records: bytes, user: bytes) -> None:
        self._records = records
        self._places = self._live_places(user)
        self._left = _RECORDS_LIMIT  # records may name each other so that each is walked again and again

    def text(self) -> Iterator[str]:
        """Yield the slides, then the notes, then what stands on all of them."""
        for place in self._places.values():
            if self._kind(place) == _DOCUMENT:
                yield from self._listed(place, _SLIDES_LISTED)
                yield from self._listed(place, _NOTES_LISTED)
                yield from self._texts(place, self._end(place), {_DOCUMENT}, without=_SLIDE_LIST)
                return
        # Never saved whole, or by a program that knows no directory: all there is.
        yield from self._texts(0, len(self._records), {_DOCUMENT, _SLIDE, _NOTES})

    def _listed(self, document: int, wanted: int) -> Iterator[str]:
        """Yield slide by slide (or notes) what is drawn, and what the outline says."""
        seen: set[int] = set()
        for record in self._walk(document, self._end(document)):
            if not record.parents or record.parents[-1] != (_SLIDE_LIST, wanted):
                continue
            if record.kind == _SLIDE_PLACE and record.end - record.begin >= 4:
                (number,) = struct.unpack_from("<I", self._records, record.begin)
                place = self._places.get(number, -1)
                if place >= 0 and place not in seen:
                    seen.add(place)
                    yield from self._texts(place, self._end(place), {_SLIDE, _NOTES})
            else:
                yield from self._text(record)

    def _texts(self, begin: int, end: int, roots: set[int], without: int = -1) -> Iterator[str]:
        """Yield the text in containers of these kinds between two places."""
        for record in self._walk(begin, end):
            kinds = {kind for kind, _ in record.parents}
            if without in kinds or not roots & kinds:
                continue
            if record.kind == _STRING:
                if _is_typed(record):
                    yield self._utf16(record) + "\n"
            elif record.kind == DRAWING_PROPERTIES:
                for words in drawing_words(self._records[record.begin : record.end], record.instance):
                    yield words + "\n"
            else:
                yield from self._text(record)

    def _text(self, record: _Record) -> Iterator[str]:
        if record.kind == _CHARACTERS:
            yield self._utf16(record) + "\n"
        elif record.kind == _BYTES:
            yield self._records[record.begin : record.end].decode("latin-1") + "\n"

    def _utf16(self, record: _Record) -> str:
        return self._records[record.begin : record.end].decode("utf-16-le", "replace")

    def _live_places(self, user: bytes) -> dict[int, int]:
        """Return where the records of the last saving are, by their numbers."""
        records = self._records
        places: dict[int, int] = {}
        edit = struct.unpack_from("<I", user, 16)[0] if len(user) >= 20 else 0
        seen: set[int] = set()
        while edit not in seen and self._kind(edit) == _USER_EDIT and len(records) >= edit + 24:
            seen.add(edit)
            before, directory = struct.unpack_from("<II", records, edit + 16)
            if self._kind(directory) == _DIRECTORY and directory not in seen:
                seen.add(directory)
                for number, place in _directory(records, directory + 8, self._end(directory)):
                    places.setdefault(number, place)  # the newest saving comes first
            edit = before
        return places

    def _kind(self, place: int) -> int:
        """Return the kind of the record at a place, -1 if there can be none."""
        if place + _HEADER.size > len(self._records):
            return -1
        return int(_HEADER.unpack_from(self._records, place)[1])

    def _end(self, place: int) -> int:
        size = int(_HEADER.unpack_from(self._records, place)[2]) if self._kind(place) >= 0 else 0
        return min(len(self._records), place + _HEADER.size + size)

    def _walk(self, begin: int, end: int) -> Iterator[_Record]:
        """Yield the records between two places, those in containers too, in the order of the file."""
        around: list[tuple[int, tuple[int, int]]] = []  # where each container ends, and what it is
        while True:
            while around and begin >= around[-1][0]:
                begin = around.pop()[0]
            if begin + _HEADER.size > end:
                return
            self._left -= 1
            if self._left < 0:
                raise Unreadable("too_large", "the file has more records than are read")
            version, kind, size = _HEADER.unpack_from(self._records, begin)
            begin += _HEADER.size
            record_end = min(begin + size, around[-1][0] if around else end)
            yield _Record(kind, version >> 4, begin, record_end, tuple(each for _, each in around))
            is_container = version & _CONTAINER == _CONTAINER or kind == _TAG_DATA
            if is_container and len(around) < _DEPTH_LIMIT:
                around.append((record_end, (kind, version >> 4)))
            else:
                begin = record_end


def _directory(records: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield number and place of the records that a directory lists, in runs (MS-PPT, 2.3.5)."""
    while begin + 4 <= end:
        (run,) = struct.unpack_from("<I", records, begin)
        first, number = run & 0xFFFFF, min(run >> 20, (end - begin - 4) // 4)
        for index, place in enumerate(struct.unpack_from(f"<{number}I", records, begin + 4)):
            yield first + index, place
        begin += 4 + 4 * number


def _is_typed(record: _Record) -> bool:
    """Say whether people typed the string; others name fonts, tags and animations."""
    kind, _ = record.parents[-1]
    return kind == _HEADERS_FOOTERS or (kind == _COMMENT and record.instance == _COMMENT_TEXT)
