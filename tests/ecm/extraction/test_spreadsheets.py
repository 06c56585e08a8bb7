"""Excel, from files made by openpyxl."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment

from ecm.extraction.interface import Unreadable

ReadText = Callable[[Path, str], str]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def workbook() -> openpyxl.Workbook:
    workbook = openpyxl.Workbook()
    workbook.active.title = "Прайс"
    workbook.active.append(["Товар", "Ціна", "Дата"])
    workbook.active.append(["Сервер", 125000.0, datetime.date(2026, 3, 5)])
    workbook.active.append(["Кабель", 12.5, datetime.datetime.fromisoformat("2026-03-05T14:30")])
    return workbook


def saved(workbook: openpyxl.Workbook, folder: Path) -> Path:
    path = folder / "prices.xlsx"
    workbook.save(path)
    return path


def test_rows_are_read_as_people_write_them(
    read_text: ReadText, workbook: openpyxl.Workbook, tmp_path: Path
) -> None:
    assert read_text(saved(workbook, tmp_path), XLSX) == (
        "Прайс\nТовар\tЦіна\tДата\nСервер\t125000\t2026-03-05\nКабель\t12.5\t2026-03-05 14:30:00"
    )


def test_every_sheet_is_read_hidden_ones_too(
    read_text: ReadText, workbook: openpyxl.Workbook, tmp_path: Path
) -> None:
    hidden = workbook.create_sheet("Знижки")
    hidden["C7"] = "для партнерів"
    hidden.sheet_state = "hidden"
    text = read_text(saved(workbook, tmp_path), XLSX)
    assert "Знижки\nдля партнерів" in text


def test_comments_headers_and_charts_are_read(
    read_text: ReadText, workbook: openpyxl.Workbook, tmp_path: Path
) -> None:
    sheet = workbook.active
    sheet["B2"].comment = Comment("узгодити знижку", "Іван")
    sheet.oddHeader.center.text = "ТОВ «Альфа» & партнери"
    sheet.oddHeader.center.size = 14
    sheet.oddFooter.right.text = "Аркуш &P"
    chart = BarChart()
    chart.title = "Динаміка цін"
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    sheet.add_chart(chart, "E5")
    lines = read_text(saved(workbook, tmp_path), XLSX).splitlines()
    assert "узгодити знижку" in lines
    assert "ТОВ «Альфа» & партнери" in [line.replace(" & ", " & ").strip() for line in lines]
    assert "Аркуш" in lines
    assert "Динаміка цін" in lines


def test_a_sheet_of_one_cell_in_the_farthest_corner_gives_its_words(
    read_text: ReadText, workbook: openpyxl.Workbook, tmp_path: Path
) -> None:
    workbook.active["XFD1048576"] = "далеко"
    path = saved(workbook, tmp_path)
    with pytest.raises(Unreadable) as refusal:
        read_text(path, XLSX)
    assert refusal.value.reason == "too_large"


def test_what_is_no_workbook_is_damaged(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "prices.xlsx"
    path.write_bytes(b"no zip at all")
    with pytest.raises(Unreadable) as refusal:
        read_text(path, XLSX)
    assert refusal.value.reason == "damaged"
