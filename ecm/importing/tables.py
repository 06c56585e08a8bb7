"""Tables out of files: CSV in any encoding of the region, and the first sheet of an Excel workbook."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ecm.errors import Invalid
from ecm.extraction.encodings import decode
from ecm.importing.workbooks import read_workbook

FILE_MOST_BYTES: Final = 20 * 1024 * 1024
ROWS_MOST: Final = 50_000
LINES_MOST: Final = 2 * ROWS_MOST
"""Rows of a workbook with the empty ones among them."""
COLUMNS_MOST: Final = 200
CELL_MOST_CHARS: Final = 4000
_DELIMITERS: Final = (";", ",", "\t", "|")
_SAMPLE_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class Table:
    """The names of the columns, and the rows with their numbers as people see them in the file. Rows without
    any text are left out; all have as many cells as the header."""

    header: list[str]
    rows: list[tuple[int, list[str]]]


def read_table(path: Path, filename: str) -> Table:
    """The table in a file. Invalid: it is too large, is no table, or has no rows below its header."""
    if path.stat().st_size > FILE_MOST_BYTES:
        raise Invalid("file", f"a file of {FILE_MOST_BYTES // 1024 // 1024} MB at most")
    with path.open("rb") as file:
        is_workbook = file.read(4) == b"PK\x03\x04"
    lines = read_workbook(path, rows_most=LINES_MOST) if is_workbook else _lines_of_text(path)
    return _table(lines, filename)


def _lines_of_text(path: Path) -> Iterator[list[str]]:
    data = path.read_bytes()
    if b"\x00" in data[:1000] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Invalid("file", "an Excel workbook (.xlsx) or a CSV file")
    text = decode(data).lstrip("\ufeff")
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == len("sep=;"):
        return _parse(rest, first.strip()[-1])  # Excel's own way to name the delimiter
    return _parse(text, _delimiter_of(text))


def _parse(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise Invalid("file", f"a table that can be read: {error}") from error


def _delimiter_of(text: str) -> str:
    """The sign that parts the first lines into most columns, the same in each."""

    def likeness(delimiter: str) -> tuple[int, int]:
        widths = []
        for number, line in enumerate(_parse(text, delimiter)):
            if number == _SAMPLE_ROWS:
                break
            widths.append(len(line))
        most = max(widths, key=widths.count, default=1)
        return (widths.count(most) if most > 1 else 0), most

    return max(_DELIMITERS, key=likeness)


def _table(lines: Iterable[list[str]], filename: str) -> Table:
    header: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(lines, 1):
        cells = [cell.replace("\0", "").strip() for cell in line]
        if not any(cells):
            continue
        if not header:
            while cells and not cells[-1]:
                cells.pop()
            header = cells
            if len(header) > COLUMNS_MOST:
                raise Invalid("file", f"{COLUMNS_MOST} columns at most")
            continue
        if len(rows) == ROWS_MOST or number > LINES_MOST:
            raise Invalid("file", f"{ROWS_MOST:,} rows at most")
        if long := next((cell for cell in cells if len(cell) > CELL_MOST_CHARS), None):
            raise Invalid(
                "file", f"cells of {CELL_MOST_CHARS} characters at most: row {number} has {len(long)}"
            )
        cells = cells[: len(header)] + [""] * (len(header) - len(cells))
        rows.append((number, cells))
    if not rows:
        raise Invalid("file", f"a header and rows below it: {filename} has none")
    return Table(header, rows)
