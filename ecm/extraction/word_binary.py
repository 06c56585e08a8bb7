"""Word 6 to 2003 (doc): the piece table says where the text of the document and of its notes lies.

The format: https://learn.microsoft.com/openspecs/office_file_formats/ms-doc, 2.4.1 (how text is found) and
2.5 (the file information block); Word 6 and 95 have the same parts at other places.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .encodings import decode
from .interface import Unreadable
from .ole_package import OlePackage
from .word_deletions import Deletions

_WORD_97 = 0xA5EC
_WORD_6 = 0xA5DC
_ENCRYPTED = 0x0100
_SECOND_TABLE = 0x0200
_COMPLEX = 0x0004
_EIGHT_BIT = 0x4000_0000
_CHARACTER_RUNS = 12  # where the lists of offsets tell of runs of characters
_PIECE_TABLE = 33
_PARTS = 8  # body, footnotes, headers, macros, comments, endnotes, text boxes, text boxes of headers

_FIELD_BEGIN, _FIELD_RESULT, _FIELD_END = "\x13", "\x14", "\x15"
_FIELD_MARKS = re.compile("([\x13-\x15])")
# Languages whose Word 6 wrote in a Windows code page of its own, by the low ten bits of their number.
_CODE_PAGES = {
    **dict.fromkeys((0x02, 0x19, 0x22, 0x23, 0x2F), "cp1251"),
    **dict.fromkeys((0x05, 0x0E, 0x15, 0x18, 0x1A, 0x1B, 0x24), "cp1250"),
    **dict.fromkeys((0x07, 0x0A, 0x0C, 0x10, 0x13, 0x16), "cp1252"),
    0x08: "cp1253",
    0x1F: "cp1254",
    **dict.fromkeys((0x25, 0x26, 0x27), "cp1257"),
}


class WordExtractor:
    """Word documents and templates of 1993 to 2003."""

    media_types = frozenset({"application/msword"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield the body, footnotes, headers and footers, comments, endnotes, text boxes, and properties."""
        with OlePackage(path) as package:
            document = package.read("WordDocument")
            if len(document) < 0x200:
                raise Unreadable("damaged", "the file has no text where Word keeps it")
            block = _read_block(document, package)
            for part in _parts(document, block):
                yield _as_people_see_it(part)
                yield "\n"
            yield from package.summary()


@dataclass(frozen=True, slots=True)
class _Piece:
    characters: int
    offset: int
    wide: bool  # two bytes a character


@dataclass(frozen=True, slots=True)
class _Block:
    """What the file information block tells."""

    lengths: tuple[int, ...]  # of the parts, in characters
    pieces: list[_Piece]
    deletions: Deletions
    codec: str  # of text with one byte a character; empty: to be guessed


def _read_block(document: bytes, package: OlePackage) -> _Block:
    kind, language, flags = struct.unpack_from("<H4xH2xH", document)
    if kind not in (_WORD_97, _WORD_6):
        raise Unreadable("damaged", "the file is of no known version of Word")
    if flags & _ENCRYPTED:
        raise Unreadable("encrypted", "the file is protected by a password")
    return _word_97(document, package, flags) if kind == _WORD_97 else _word_6(document, language, flags)


def _word_97(document: bytes, package: OlePackage, flags: int) -> _Block:
    table = package.read("1Table" if flags & _SECOND_TABLE else "0Table")
    # Three lists, each behind its length: of 16 bits, of 32 bits, of offsets and lengths in the table stream.
    place = 32
    place += 2 + 2 * struct.unpack_from("<H", document, place)[0]
    lengths = struct.unpack_from(f"<{_PARTS}I", document, place + 2 + 4 * 3)
    place += 2 + 4 * struct.unpack_from("<H", document, place)[0]

    def part_of_table(number: int) -> bytes:
        offset, size = struct.unpack_from("<II", document, place + 2 + 8 * number)
        return table[offset : offset + size]

    pieces = list(_pieces(part_of_table(_PIECE_TABLE), has_wide=True))
    if not pieces:
        raise Unreadable("damaged", "the file does not tell where its text is")
    return _Block(lengths, pieces, Deletions(document, part_of_table(_CHARACTER_RUNS)), "cp1252")


def _word_6(document: bytes, language: int, flags: int) -> _Block:
    lengths = struct.unpack_from(f"<{_PARTS}I", document, 0x34)
    pieces: list[_Piece] = []
    if flags & _COMPLEX:
        offset, size = struct.unpack_from("<II", document, 0x160)
        pieces.extend(_pieces(document[offset : offset + size], has_wide=False))
    if not pieces:
        begin, end = struct.unpack_from("<II", document, 0x18)
        pieces.append(_Piece(max(0, end - begin), begin, wide=False))
    return _Block(lengths, pieces, Deletions(document, b""), _CODE_PAGES.get(language & 0x3FF, ""))


def _pieces(table: bytes, *, has_wide: bool) -> Iterator[_Piece]:
    """Yield the pieces of text in their order (MS-DOC, 2.9.38 and 2.8.35)."""
    place = 0
    while table.startswith(b"\x01", place) and len(table) >= place + 3:  # formatting that pieces share
        place += 3 + struct.unpack_from("<H", table, place + 1)[0]
    if not table.startswith(b"\x02", place) or len(table) < place + 5:
        return
    (size,) = struct.unpack_from("<I", table, place + 1)
    table = table[place + 5 : place + 5 + size]
    number = max(0, (len(table) - 4) // 12)
    positions = struct.unpack_from(f"<{number + 1}I", table) if number else ()
    for index in range(number):
        (offset,) = struct.unpack_from("<I", table, 4 * (number + 1) + 8 * index + 2)
        characters = max(0, positions[index + 1] - positions[index])
        if not has_wide:
            yield _Piece(characters, offset, wide=False)
        elif offset & _EIGHT_BIT:
            yield _Piece(characters, (offset & ~_EIGHT_BIT) // 2, wide=False)
        else:
            yield _Piece(characters, offset, wide=True)


def _parts(document: bytes, block: _Block) -> Iterator[str]:
    """Yield the parts of the document: its pieces, cut where the parts' lengths say."""
    pieces = iter(block.pieces)
    left_bytes = len(document)  # pieces that overlap tell more than there is
    piece: _Piece | None = None
    for length in block.lengths:
        texts: list[str] = []
        while length > 0 and left_bytes > 0:
            piece = piece if piece and piece.characters else next(pieces, None)
            if piece is None:
                break
            taken = min(length, piece.characters)
            width = 2 if piece.wide else 1
            texts.append(_decode(document, piece.offset, taken * width, piece.wide, block))
            length -= taken
            left_bytes -= max(1, min(taken * width, len(document) - piece.offset))
            piece = _Piece(piece.characters - taken, piece.offset + taken * width, piece.wide)
        yield "".join(texts)


def _decode(document: bytes, offset: int, size: int, wide: bool, block: _Block) -> str:
    data = b"".join(block.deletions.kept(document, offset, min(offset + size, len(document))))
    if wide:
        return data.decode("utf-16-le", "replace")
    return data.decode(block.codec, "replace") if block.codec else decode(data)


def _as_people_see_it(text: str) -> str:
    """Replace the characters that stand for what is no character: cells, hyphens, fields."""
    text = _without_field_codes(text)
    return text.replace("\x07\x07", "\n").replace("\x07", "\t").replace("\x1e", "-")


def _without_field_codes(text: str) -> str:
    """Keep of a field what it shows, and not how it is worked out. One that does not end stays as it is."""
    if _FIELD_BEGIN not in text:
        return text
    kept: list[str] = []
    open_fields: list[int | None] = []  # where the code of each began; None once its result is reached
    for part in _FIELD_MARKS.split(text):
        if part == _FIELD_BEGIN:
            open_fields.append(len(kept))
        elif part in (_FIELD_RESULT, _FIELD_END):
            if open_fields:
                begin = open_fields.pop()
                if begin is not None:
                    del kept[begin:]
                if part == _FIELD_RESULT:
                    open_fields.append(None)
        else:
            kept.append(part)
    return "".join(kept)
