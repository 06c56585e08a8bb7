"""Tables as people have them: CSV in the encodings and with the signs of the region, and workbooks."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import openpyxl
import pytest

from ecm.errors import Invalid
from ecm.importing import tables
from ecm.importing.tables import Table, read_table

HEADER = ["Прізвище", "Ім'я", "Телефон"]
ROWS = [["Ґалаґан", "Їжакевич", "044 123-45-67"], ["Шевченко", "Олена", "+38 (067) 765-43-21"]]


def read(folder: Path, content: bytes, filename: str = "контакти.csv") -> Table:
    """The table in a file of this content."""
    path = folder / "table"
    path.write_bytes(content)
    return read_table(path, filename)


def csv_of(delimiter: str, end: str = "\r\n") -> str:
    """The table as CSV."""
    return end.join(delimiter.join(row) for row in [HEADER, *ROWS])


def workbook(folder: Path, *rows: list[object], before: int = 0) -> bytes:
    """A workbook whose first sheet has these rows, with so many empty ones before them."""
    book = openpyxl.Workbook()
    sheet = book.active
    for number, row in enumerate(rows, before + 1):
        for column, value in enumerate(row, 1):
            sheet.cell(number, column, value)
    book.create_sheet("Інший аркуш").append(["not this one"])
    book.save(folder / "book.xlsx")
    return (folder / "book.xlsx").read_bytes()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "koi8-u", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_table_is_read_in_each_encoding_with_each_delimiter(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    table = read(tmp_path, csv_of(delimiter).encode(encoding))
    assert (table.header, table.rows) == (HEADER, [(2, ROWS[0]), (3, ROWS[1])])


def test_the_first_line_of_excel_names_the_delimiter(tmp_path: Path) -> None:
    table = read(tmp_path, b"sep=|\r\n" + csv_of("|", "\n").encode())
    assert (table.header, table.rows[0]) == (HEADER, (2, ROWS[0]))


def test_cells_in_quotation_marks_hold_delimiters_and_lines(tmp_path: Path) -> None:
    table = read(tmp_path, 'Назва;Адреса\n"ТОВ ""Мрія""; філія";"Київ,\nвул. Хрещатик, 1"\n'.encode())
    assert table.rows == [(2, ['ТОВ "Мрія"; філія', "Київ,\nвул. Хрещатик, 1"])]


def test_empty_rows_and_columns_are_left_out_and_rows_filled_up(tmp_path: Path) -> None:
    table = read(tmp_path, ";;\n\nНазва;Сайт;;\nАльфа;alfa.example;;\n ;\nБета\n".encode())
    assert (table.header, table.rows) == (
        ["Назва", "Сайт"],
        [(4, ["Альфа", "alfa.example"]), (6, ["Бета", ""])],
    )


def test_a_workbooks_cells_read_as_people_see_them(tmp_path: Path) -> None:
    day = datetime.date(2026, 3, 1)
    content = workbook(
        tmp_path, ["Назва", "Код", "Сума", "Дата", "Так"], ["Альфа", 32855961, 1250.5, day, True], before=2
    )
    table = read(tmp_path, content, "угоди.xlsx")
    assert table.header == ["Назва", "Код", "Сума", "Дата", "Так"]
    assert table.rows == [(4, ["Альфа", "32855961", "1250.5", "2026-03-01", "True"])]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "a header and rows below it"),
        ("Назва;Сайт".encode(), "a header and rows below it"),
        (b"\x00\x01\x02 not text", "an Excel workbook"),
        (b"PK\x03\x04 cut short", "the file is cut short"),
        ("Назва\n".encode() + "А".encode() * 4001, "cells of 4000 characters at most: row 2 has 4001"),
        (";".join(f"к{number}" for number in range(201)).encode() + "\nА".encode(), "200 columns at most"),
    ],
    ids=["empty", "no rows", "no text", "damaged", "a long cell", "many columns"],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        read(tmp_path, content)


def test_rows_are_limited(tmp_path: Path) -> None:
    rows = "Назва\n" + "Альфа\n" * tables.ROWS_MOST
    assert len(read(tmp_path, rows.encode()).rows) == tables.ROWS_MOST
    with pytest.raises(Invalid, match="50,000 rows at most"):
        read(tmp_path, (rows + "Альфа\n").encode())


def test_a_file_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "FILE_MOST_BYTES", 1024 * 1024)
    with pytest.raises(Invalid, match="a file of 1 MB at most"):
        read(tmp_path, b"A\n" * 1024 * 1024)


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(Invalid, match="no sheet"):
        read(tmp_path, (tmp_path / "a.zip").read_bytes())


def test_a_workbook_that_unpacks_to_very_much_is_refused(tmp_path: Path) -> None:
    """Laid out, its sheet would have 17 thousand million cells, and it does not say where they are."""
    workbook(tmp_path, ["Назва"], ["Альфа"])
    sheet = b'<row r="1"><c><v>1</v></c></row><row r="1048576">' + b"<c><v>1</v></c>" * 16384 + b"</row>"
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(tmp_path / "book.xlsx") as source, zipfile.ZipFile(bomb, "w", 8) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                head, _, rest = content.partition(b"<sheetData>")
                content = head + b"<sheetData>" + sheet + b"</sheetData>" + rest.partition(b"</sheetData>")[2]
            target.writestr(name, content)
    with pytest.raises(Invalid, match="too large"):
        read_table(bomb, "bomb.xlsx")
