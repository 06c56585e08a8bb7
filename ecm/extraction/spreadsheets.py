"""Excel: cells by calamine, and what is around them by a walk over the package's XML."""

from __future__ import annotations

import datetime
import html
import re
from collections.abc import Iterator
from pathlib import Path

import python_calamine

from .embedded import embedded_files
from .interface import Piece, Unreadable
from .macro_sheets import as_worksheets
from .office_xml import PartReader
from .protected import unprotected
from .zip_package import ZipPackage

_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_AROUND_CELLS = (".comments+xml", "threadedcomments+xml", "drawing+xml", ".chart+xml", "core-properties+xml")
# calamine lays out a sheet as a full rectangle: one cell in the farthest corner would take all memory.
CELLS_LIMIT = 5_000_000
_CELL = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})([0-9]{1,7})"')
_LONGEST_CELL_START = 64
_SHEET_END_BYTES = 64 * 1024
_HEADER = re.compile(rb"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)[^>/]*>([^<]*)<")
_HEADER_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-F+-]{6,8}|[0-9]+|[A-Z])')

Cell = int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta


class SpreadsheetExtractor:
    """Excel workbooks and templates, with and without macros."""

    media_types = frozenset(
        {
            _SHEETS + "sheet",
            _SHEETS + "template",
            "application/vnd.ms-excel.sheet.macroenabled.12",
            "application/vnd.ms-excel.template.macroenabled.12",
        }
    )

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[Piece]:
        """Yield sheet by sheet name and rows, then headers, footers, comments, text boxes, charts; and what
        is embedded."""
        with unprotected(path) as readable, ZipPackage(readable) as package:
            parts = PartReader(package)
            headers: list[str] = []
            sheets = [*parts.names(".worksheet+xml"), *parts.names("macrosheet+xml")]
            cells = max((_measure(package, name, headers) for name in sheets), default=0)
            if cells > CELLS_LIMIT:
                yield from parts.read((".sharedstrings+xml", ".worksheet+xml", *_AROUND_CELLS))
                raise Unreadable("too_large", "a table of the file is too large; only its words were read")
            with as_worksheets(readable, package) as plain:
                yield from rows(plain)
            for header in headers:
                yield header + "\n"
            yield from parts.read(_AROUND_CELLS)
            yield from embedded_files(package)


def read_first_sheet(path: Path) -> Iterator[list[str]]:
    """Yield the rows of a workbook's first sheet, each cell as people write it. Raises `Unreadable`."""
    with ZipPackage(path) as package:
        sheets = PartReader(package).names(".worksheet+xml")
        if not sheets:
            raise Unreadable("damaged", "the file has no sheet")
        cells = max(_measure(package, name, []) for name in sheets)
    if cells > CELLS_LIMIT:
        raise Unreadable("too_large", "the table is too large")
    try:
        with python_calamine.load_workbook(path) as workbook:
            for row in workbook.get_sheet_by_index(0).iter_rows():
                yield [written(cell) for cell in row]
    except python_calamine.PasswordError as error:
        raise Unreadable("encrypted", "the file is protected by a password") from error
    except python_calamine.CalamineError as error:
        raise Unreadable("damaged", "the file is damaged, or is no workbook") from error


def rows(path: Path) -> Iterator[str]:
    """Yield the names of the sheets, and their rows with a tab between cells. Raises `Unreadable`."""
    try:
        with python_calamine.load_workbook(path) as workbook:
            for sheet in workbook.sheets_metadata:
                yield sheet.name + "\n"
                if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet:
                    for row in workbook.get_sheet_by_name(sheet.name).iter_rows():
                        if words := "\t".join(written(cell) for cell in row if cell != ""):
                            yield words + "\n"
    except python_calamine.PasswordError as error:
        raise Unreadable("encrypted", "the file is protected by a password") from error
    except python_calamine.CalamineError as error:
        raise Unreadable("damaged", "the file is damaged, or is no workbook") from error


def written(cell: Cell) -> str:
    """Return a cell as people write it: whole numbers without a point, days without a time."""
    if isinstance(cell, float):
        return f"{cell:.15g}"
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell)


def _measure(package: ZipPackage, name: str, headers: list[str]) -> int:
    """Return how many cells the sheet spans, empty ones included, and append its page headers and footers."""
    first_row = first_column = 1 << 30
    last_row = last_column = 0
    end = b""
    for chunk in package.chunks(name):
        text = end[-_LONGEST_CELL_START:] + chunk
        for column_letters, row_digits in _CELL.findall(text):
            row, column = int(row_digits), _column(column_letters)
            first_row, last_row = min(first_row, row), max(last_row, row)
            first_column, last_column = min(first_column, column), max(last_column, column)
        end = (end + chunk)[-_SHEET_END_BYTES:]
    for found in _HEADER.findall(end):
        headers.append(header_words(html.unescape(found.decode("utf-8", "replace"))))
    return (last_row - first_row + 1) * (last_column - first_column + 1) if last_row else 0


def header_words(header: str) -> str:
    """Return a page header or footer without the codes for fonts, places and page numbers."""
    return _HEADER_CODE.sub(" ", header)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
