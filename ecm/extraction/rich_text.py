"""Rich text (rtf): groups, control words and bytes in the code page of each font.

The format: Rich Text Format (RTF) Specification, version 1.9.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .interface import Unreadable
from .ole_package import code_page_codec

_SIZE_LIMIT_BYTES = 128 * 1024 * 1024
_DEPTH_LIMIT = 20_000
_BEGINNING = re.compile(rb"[\s\xef\xbb\xbf]*\{\\rtf")
_TOKEN = re.compile(
    rb"\\(?:([A-Za-z]{1,32})(-?[0-9]{1,9})? ?|'([0-9A-Fa-f]{2})|(.))|([{}])|([^\\{}]+)", re.DOTALL
)
_SOURCE_LINE_ENDS = bytes.maketrans(b"", b""), b"\r\n\x00"
_PIECES_AT_ONCE = 5_000

# What is no text of the document. Groups marked with \* are passed over too, unless they are named below.
_SKIPPED = frozenset(
    {"fonttbl", "colortbl", "stylesheet", "info", "filetbl", "listtable", "revtbl", "pict", "fldinst"}
    | {
        "objdata",
        "objclass",
        "objname",
        "objalias",
        "datafield",
        "private",
        "xe",
        "tc",
        "bkmkstart",
        "bkmkend",
    }
    | {"atnid", "atnref", "atndate", "atnicn", "atntime", "shprslt", "sp", "sv", "themedata", "datastore"}
    | {"colorschememapping", "latentstyles", "nonesttables", "pntext", "ftnsep", "ftnsepc", "ftncn"}
)
# The same text twice: for readers without Unicode, and for those with it, who take the second only.
_TWICE, _IN_UNICODE = "upr", "ud"
# Text, also inside of what is passed over, or in a group marked with \*.
_KEPT = frozenset({"shpinst", "shpgrp", "do"})
# Text that stands aside of the document's own: told after it, so that it parts no sentence.
_ASIDE = frozenset(
    {"header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf", "footnote"}
    | {"annotation", "shptxt", "dptxbxtext", "title", "subject", "keywords"}
)
_DESTINATIONS = _SKIPPED | _KEPT | _ASIDE | {"sn", _TWICE, _IN_UNICODE}
_PROPERTY_NAME, _PROPERTY_VALUE = "sn", "sv"
_SAID_OF_SHAPES = frozenset({"wzDescription", "gtextUNICODE"})

_SIGNS = {
    **dict.fromkeys(("par", "line", "sect", "page", "column", "row", "nestrow"), "\n"),
    **dict.fromkeys(("cell", "nestcell", "tab"), "\t"),
    **dict.fromkeys(("emspace", "enspace", "qmspace"), " "),
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
}
_SYMBOLS = {b"~": " ", b"_": "-", b"\n": "\n", b"\r": "\n", b"\\": "\\", b"{": "{", b"}": "}"}

_CHARSETS = {
    **dict.fromkeys((0, 1), ""),  # that of the West, or any: see `_codec_of`
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gbk",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
_DOCUMENT_CODECS = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_LETTERS_IN_A_ROW = re.compile(rb"[\xc0-\xff]{2}")


class RichTextExtractor:
    """Rich text documents."""

    media_types = frozenset({"text/rtf", "application/rtf"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield the text, then headers, footers, footnotes, comments, text boxes, and properties."""
        with path.open("rb") as file:
            yield from rich_text(file.read(_SIZE_LIMIT_BYTES))


def rich_text(data: bytes) -> Iterator[str]:
    """Yield the text of a document in RTF. Raises `Unreadable`, also at the end of one that is cut short."""
    if not _BEGINNING.match(data):
        raise Unreadable("damaged", "the file is no rich text")
    yield from _Reader(data).text()


@dataclass(slots=True)
class _Group:
    """What holds inside of a group, and ends with it."""

    skipped: bool = False
    without_unicode: bool = False  # what another group tells better
    deleted: bool = False
    aside: int = 0  # which text this belongs to; 0 is the document's own
    font: int = -1
    replacement_chars: int = 1  # how many characters stand for one in Unicode
    destination: str = ""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._codec = "cp1252"
        self._default_font = -1
        self._fonts: dict[int, str] = {}
        self._group = _Group()
        self._outer: list[_Group] = []
        self._starred = False
        self._to_skip = 0  # characters that stand for one in Unicode
        self._bytes = bytearray()
        self._property = ""
        self._document: list[str] = []
        self._asides: list[list[str]] = []

    def text(self) -> Iterator[str]:
        place = 0
        ended = False
        while not ended and (token := _TOKEN.match(self._data, place)):
            place = token.end()
            word, number, byte, symbol, brace, plain = token.groups()
            if plain is not None:
                self._add_bytes(plain.translate(*_SOURCE_LINE_ENDS))
            elif byte is not None:
                self._add_bytes(bytes.fromhex(byte.decode()))
            elif word is not None:
                value = int(number) if number else None
                if word == b"bin":
                    place += max(0, value or 0)
                else:
                    self._obey(word.decode(), value)
            elif symbol is not None:
                self._add_symbol(symbol)
            else:
                ended = self._open() if brace == b"{" else self._close()
            if len(self._document) > _PIECES_AT_ONCE:
                yield _joined(self._document)
                self._document.clear()
        self._flush()
        yield _joined(self._document)
        for aside in self._asides:
            yield "\n" + _joined(aside)
        if not ended:
            raise Unreadable("damaged", "the file is cut short")

    def _open(self) -> bool:
        self._flush()
        self._to_skip = 0
        if len(self._outer) > _DEPTH_LIMIT:
            raise Unreadable("damaged", "the groups of the file are nested too deeply")
        self._outer.append(self._group)
        self._group = replace(self._group, destination="")
        self._starred = False
        return False

    def _close(self) -> bool:
        """End a group; return whether it was the document."""
        self._flush()
        self._to_skip = 0
        if self._outer:
            self._group = self._outer.pop()
        return not self._outer

    def _obey(self, word: str, value: int | None) -> None:
        self._flush()
        if self._to_skip:
            self._to_skip -= 1
        elif self._starred or word in _DESTINATIONS:
            self._begin_destination(word)
        elif word in _SIGNS:
            self._add(_SIGNS[word])
        elif word == "u" and value is not None:
            self._add(chr(value & 0xFFFF))
            self._to_skip = self._group.replacement_chars
        elif value is None and word in _DOCUMENT_CODECS:
            self._codec = _DOCUMENT_CODECS[word]
        elif word == "plain":
            self._group.font = self._default_font
        elif word == "deleted":
            self._group.deleted = value != 0
        elif value is not None:
            self._set(word, value)
        self._starred = False

    def _set(self, word: str, value: int) -> None:
        if word == "f":
            self._group.font = value
        elif word == "uc":
            self._group.replacement_chars = min(max(0, value), 100)
        elif word == "fcharset":
            self._fonts[self._group.font] = _CHARSETS.get(value, "cp1252")
        elif word == "cpg":
            self._fonts[self._group.font] = code_page_codec(value)
        elif word == "ansicpg":
            self._codec = code_page_codec(value) if value else self._codec
        elif word == "deff":
            self._default_font = self._group.font = value

    def _begin_destination(self, word: str) -> None:
        group = self._group
        group.destination = word
        if word == _PROPERTY_NAME:
            self._property = ""
            group.skipped = True
        elif word == _PROPERTY_VALUE:
            group.skipped = self._property not in _SAID_OF_SHAPES
            if not group.skipped:
                self._begin_aside()
        elif word in (_TWICE, _IN_UNICODE):
            group.skipped = group.without_unicode = word == _TWICE
        elif word in _ASIDE:
            group.skipped = group.without_unicode
            self._begin_aside()
        else:
            group.skipped = group.without_unicode or word not in _KEPT

    def _begin_aside(self) -> None:
        self._asides.append([])
        self._group.aside = len(self._asides)

    def _add_symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._starred = True
        elif self._to_skip:
            self._to_skip -= 1
        elif symbol in _SYMBOLS:
            self._flush()
            self._add(_SYMBOLS[symbol])

    def _add_bytes(self, data: bytes) -> None:
        if self._to_skip and data:
            skipped = min(self._to_skip, len(data))
            self._to_skip -= skipped
            data = data[skipped:]
        if not self._group.skipped:
            self._bytes += data
        elif self._group.destination == _PROPERTY_NAME:
            self._property += data[:100].decode("latin-1")

    def _flush(self) -> None:
        if self._bytes:
            self._add(self._bytes.decode(self._codec_of(self._bytes), "replace"))
            self._bytes.clear()

    def _codec_of(self, data: bytearray) -> str:
        """Return the font's codec. Some programs call every font one of the West, whatever its letters."""
        codec = self._fonts.get(self._group.font, self._codec)
        if codec:
            return codec
        return self._codec if _LETTERS_IN_A_ROW.search(data) else "cp1252"

    def _add(self, text: str) -> None:
        group = self._group
        if not (group.skipped or group.deleted):
            (self._asides[group.aside - 1] if group.aside else self._document).append(text)


def _joined(pieces: list[str]) -> str:
    """Join pieces of text, and the two halves of characters that UTF-16 tells in two."""
    return "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
