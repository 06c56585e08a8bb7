"""PDF, from files made by reportlab and by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from ecm.extraction.interface import Unreadable

ReadText = Callable[[Path, str], str]
PDF = "application/pdf"


@pytest.fixture
def canvas(tmp_path: Path, cyrillic_font: str) -> Canvas:
    canvas = Canvas(str(tmp_path / "invoice.pdf"))
    canvas.setFont(cyrillic_font, 12)
    return canvas


def saved(canvas: Canvas, folder: Path) -> Path:
    canvas.save()
    return folder / "invoice.pdf"


def test_pages_are_read_in_order(
    read_text: ReadText, canvas: Canvas, tmp_path: Path, cyrillic_font: str
) -> None:
    canvas.drawString(72, 700, "Рахунок № 128")
    canvas.drawString(72, 680, "Оплата за рахунками: їжа, ґанок, є")
    canvas.showPage()
    canvas.setFont(cyrillic_font, 12)
    canvas.drawString(72, 700, "Друга сторінка")
    text = read_text(saved(canvas, tmp_path), PDF)
    assert text == "Рахунок № 128\nОплата за рахунками: їжа, ґанок, є\nДруга сторінка"


def test_a_word_hyphenated_at_the_end_of_a_line_is_whole(
    read_text: ReadText, canvas: Canvas, tmp_path: Path
) -> None:
    canvas.drawString(72, 700, "Постачальник зобо-")
    canvas.drawString(72, 686, "в'язується поставити товар, а покупець")
    canvas.drawString(72, 672, "прийняти та оплатити його")
    assert "зобов'язується поставити" in read_text(saved(canvas, tmp_path), PDF)


def test_notes_form_values_bookmarks_and_properties_are_read(
    read_text: ReadText, canvas: Canvas, tmp_path: Path
) -> None:
    canvas.drawString(72, 700, "Договір")
    canvas.setTitle("Договір поставки")
    canvas.setKeywords("сервер, постачання")
    canvas.textAnnotation("Узгодити з юристом", [100, 100, 200, 200])
    canvas.acroForm.textfield(name="sum", value="125000.00", x=50, y=50)
    canvas.acroForm.textfield(name="empty", value="", x=50, y=150)
    canvas.bookmarkPage("start")
    canvas.addOutlineEntry("Предмет договору", "start")
    lines = read_text(saved(canvas, tmp_path), PDF).splitlines()
    for words in (
        "Договір",
        "Узгодити з юристом",
        "Предмет договору",
        "Договір поставки",
        "сервер, постачання",
    ):
        assert words in lines
    assert any("125000.00" in line for line in lines)


def test_a_value_that_a_program_writes_for_want_of_one_is_no_text(
    read_text: ReadText, canvas: Canvas, tmp_path: Path
) -> None:
    canvas.showPage()
    assert read_text(saved(canvas, tmp_path), PDF) == ""


def test_a_file_that_asks_for_a_password_is_encrypted(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "secret.pdf"
    canvas = Canvas(str(path), encrypt=StandardEncryption("пароль".encode().hex(), strength=128))
    canvas.drawString(72, 700, "secret")
    canvas.save()
    with pytest.raises(Unreadable) as refusal:
        read_text(path, PDF)
    assert refusal.value.reason == "encrypted"


def test_a_file_that_only_forbids_printing_is_read(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "open.pdf"
    canvas = Canvas(
        str(path), encrypt=StandardEncryption("", ownerPassword="owner", canPrint=0, strength=128)
    )
    canvas.drawString(72, 700, "readable")
    canvas.save()
    assert read_text(path, PDF) == "readable"


def test_what_is_no_pdf_is_damaged(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "garbage.pdf"
    path.write_bytes(b"%PDF-1.7\ngarbage")
    with pytest.raises(Unreadable) as refusal:
        read_text(path, PDF)
    assert refusal.value.reason == "damaged"
