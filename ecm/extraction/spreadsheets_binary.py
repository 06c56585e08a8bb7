"""Excel's binary workbooks: xls of 1987 to 2003, and xlsb."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from .embedded import embedded_files
from .interface import Piece, Unreadable
from .macro_sheets import as_worksheets
from .office_xml import PartReader
from .ole_package import OlePackage
from .protected import decrypted, unprotected
from .spreadsheets import CELLS_LIMIT, header_words, rows, written
from .workbook_records import WorkbookRecords
from .zip_package import ZipPackage

if TYPE_CHECKING:
    import xlrd.sheet

_OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class BinaryWorkbookExtractor:
    """Excel workbooks and templates of 1987 to 2003."""

    media_types = frozenset({"application/vnd.ms-excel"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield sheet by sheet name and rows, then headers, comments, text boxes, charts and properties."""
        with path.open("rb") as file:
            is_package = file.read(len(_OLE_START)) == _OLE_START
        if not is_package:  # before Excel 5 a workbook was its records alone
            yield from _rows_one_by_one(path)
            return
        with ExitStack() as stack:
            records, summary = _read_records(path)
            if records.is_encrypted:
                path = stack.enter_context(decrypted(path))
                records, summary = _read_records(path)
            yield from _rows_of(path, records.cells)
            for words in records.words:
                yield words + "\n"
            yield from summary


def _read_records(path: Path) -> tuple[WorkbookRecords, list[str]]:
    with OlePackage(path) as package:
        stream = package.read("Workbook") or package.read("Book")
        if not stream:
            raise Unreadable("damaged", "the file has no workbook where Excel keeps it")
        return WorkbookRecords(stream), list(package.summary())


def _rows_of(path: Path, cells: int) -> Iterator[str]:
    if cells <= CELLS_LIMIT:
        try:
            found = list(rows(path))
        except Unreadable:
            pass  # versions that calamine does not know, and damage that it does not mend
        else:
            yield from found
            return
    yield from _rows_one_by_one(path)


def _rows_one_by_one(path: Path) -> Iterator[str]:
    """Yield the same by xlrd: slower, but it knows the oldest versions, and lays no empty cells out."""
    import xlrd
    from xlrd.compdoc import CompDocError

    try:
        workbook = xlrd.open_workbook(str(path), logfile=io.StringIO(), on_demand=True, ragged_rows=True)
    except (xlrd.XLRDError, CompDocError) as error:
        if "ncrypted" in str(error):
            raise Unreadable("encrypted", "the file is protected by a password") from error
        raise Unreadable("damaged", "the file is damaged, or is no workbook") from error
    with workbook:
        for number in range(workbook.nsheets):
            sheet = workbook.sheet_by_index(number)
            yield sheet.name + "\n"
            for row in range(sheet.nrows):
                cells = (_as_written(cell, workbook.datemode) for cell in sheet.row(row))
                if words := "\t".join(cell for cell in cells if cell):
                    yield words + "\n"
            workbook.unload_sheet(number)


def _as_written(cell: xlrd.sheet.Cell, datemode: int) -> str:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return written(xlrd.xldate_as_datetime(cell.value, datemode))
        except (ValueError, OverflowError):
            return written(cell.value)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return str(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return ""
    return written(cell.value)


_ROW = 0
_FIRST_CELL, _LAST_CELL = 1, 11
# Cells that tell no column: the one beside the cell before. Excel reads them, calamine does not.
_SHORT_SMALL_NUMBER, _SHORT_NUMBER, _SHORT_STRING = 13, 16, 17
_COMMENT = 637
_HEADERS_FOOTERS = 479
_NO_STRING = 0xFFFFFFFF
_AROUND_CELLS = ("drawing+xml", ".chart+xml", "core-properties+xml")


class BinaryPackageExtractor:
    """Excel workbooks whose parts are binary records in a zip file (xlsb).

    The format: https://learn.microsoft.com/openspecs/office_file_formats/ms-xlsb, 2.1.4 (records).
    """

    media_types = frozenset({"application/vnd.ms-excel.sheet.binary.macroenabled.12"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[Piece]:
        """Yield sheet by sheet name and rows, then headers, footers, comments, text boxes, charts; and what
        is embedded."""
        with unprotected(path) as readable, ZipPackage(readable) as package:
            parts = PartReader(package)
            around: list[str] = []
            for name in [*parts.names("ms-excel.worksheet"), *parts.names("macrosheet")]:
                if _measure(_part_records(package, name), around) > CELLS_LIMIT:
                    raise Unreadable("too_large", "a table of the file is too large to be read")
            with as_worksheets(readable, package) as plain:
                yield from rows(plain)
            for words in around:
                yield words + "\n"
            # Some programs declare them as if they were XML.
            for name in [*parts.names(".comments"), *parts.names(".comments+xml")]:
                for kind, content in _part_records(package, name):
                    if kind == _COMMENT:
                        yield _string(content, 1)[0] + "\n"
            yield from parts.read(_AROUND_CELLS)
            yield from embedded_files(package)


def _part_records(package: ZipPackage, name: str) -> Iterator[tuple[int, bytes]]:
    data = b"".join(package.chunks(name))
    place = 0
    while place < len(data):
        kind, place = _number(data, place, 2)
        size, place = _number(data, place, 4)
        yield kind, data[place : place + size]
        place += size


def _number(data: bytes, place: int, length: int) -> tuple[int, int]:
    """Return a number in sevens of bits, the lowest first, and the place behind it."""
    number = 0
    for index in range(length):
        byte = data[place] if place < len(data) else 0
        place += 1
        number |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            break
    return number, place


def _measure(records: Iterator[tuple[int, bytes]], around: list[str]) -> int:
    """Return how many cells the sheet spans, empty ones included; append headers, footers and short cells."""
    rows_seen: set[int] = set()
    columns: set[int] = set()
    for kind, content in records:
        if kind == _ROW and len(content) >= 4:
            rows_seen.add(struct.unpack_from("<I", content)[0])
        elif _FIRST_CELL <= kind <= _LAST_CELL and len(content) >= 4:
            columns.add(struct.unpack_from("<I", content)[0])
        elif kind in (_SHORT_SMALL_NUMBER, _SHORT_NUMBER, _SHORT_STRING):
            around.append(_short_cell(kind, content))
        elif kind == _HEADERS_FOOTERS:
            place = 2
            while place + 4 <= len(content):
                words, place = _string(content, place)
                around.append(header_words(words))
    if not columns or not rows_seen:
        return 0
    return (max(rows_seen) - min(rows_seen) + 1) * (max(columns) - min(columns) + 1)


def _short_cell(kind: int, content: bytes) -> str:
    """Return a cell behind the four bytes of its format (MS-XLSB, 2.4.741 to 2.4.747)."""
    if kind == _SHORT_STRING:
        return _string(content, 4)[0]
    if kind == _SHORT_NUMBER and len(content) >= 12:
        return written(struct.unpack_from("<d", content, 4)[0])
    if kind == _SHORT_SMALL_NUMBER and len(content) >= 8:
        (packed,) = struct.unpack_from("<i", content, 4)
        # The upper thirty bits are a whole number, or the upper half of a float; perhaps of hundredths.
        whole = float(packed >> 2)
        number = whole if packed & 2 else struct.unpack("<d", struct.pack("<q", (packed & ~3) << 32))[0]
        return written(number / 100 if packed & 1 else number)
    return ""


def _string(content: bytes, place: int) -> tuple[str, int]:
    """Return a string behind its length, empty where there is none, and the place behind it."""
    if place + 4 > len(content):
        return "", len(content)
    (characters,) = struct.unpack_from("<I", content, place)
    place += 4
    if characters == _NO_STRING:
        return "", place
    end = place + 2 * characters
    return content[place:end].decode("utf-16-le", "replace"), end
