"""OpenDocument, from files made by odfpy."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from odf import dc, draw, office, style, svg, table, text
from odf.opendocument import (
    OpenDocumentPresentation,
    OpenDocumentSpreadsheet,
    OpenDocumentText,
)

from ecm.extraction.interface import Unreadable

ReadText = Callable[[Path, str], str]
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"


def saved(document: object, folder: Path) -> Path:
    path = folder / "document"
    document.save(str(path))  # type: ignore[attr-defined]
    return path


def test_headings_paragraphs_and_marked_words_are_read(read_text: ReadText, tmp_path: Path) -> None:
    document = OpenDocumentText()
    document.text.addElement(text.H(outlinelevel=1, text="Лист"))
    paragraph = text.P(text="Оплата за рахун")
    paragraph.addElement(text.Span(text="ками"))
    paragraph.addText(";")
    paragraph.addElement(text.S(c=3))
    paragraph.addText("далі")
    paragraph.addElement(text.LineBreak())
    paragraph.addText("рядок")
    document.text.addElement(paragraph)
    document.text.addElement(text.P(text="Дякуємо"))
    assert read_text(saved(document, tmp_path), ODT) == "Лист\nОплата за рахунками; далі\nрядок\nДякуємо"


def test_notes_and_comments_stay_in_their_place(read_text: ReadText, tmp_path: Path) -> None:
    document = OpenDocumentText()
    paragraph = text.P(text="Пеня")
    note = text.Note(noteclass="footnote")
    note.addElement(text.NoteCitation(text="7"))
    body = text.NoteBody()
    body.addElement(text.P(text="виноска про пеню"))
    note.addElement(body)
    paragraph.addElement(note)
    comment = office.Annotation()
    comment.addElement(dc.Creator(text="Ірина Петренко"))
    comment.addElement(text.P(text="перевірити розмір"))
    paragraph.addElement(comment)
    paragraph.addText("нараховується")
    document.text.addElement(paragraph)
    found = read_text(saved(document, tmp_path), ODT)
    assert found == "Пеня виноска про пеню перевірити розмір нараховується"


def test_headers_footers_and_the_title_are_read(read_text: ReadText, tmp_path: Path) -> None:
    document = OpenDocumentText()
    document.text.addElement(text.P(text="Текст"))
    document.meta.addElement(dc.Title(text="Лист про оплату"))
    layout = style.PageLayout(name="Layout")
    document.automaticstyles.addElement(layout)
    page = style.MasterPage(name="Standard", pagelayoutname=layout)
    header = style.Header()
    header.addElement(text.P(text="ТОВ «Альфа»"))
    page.addElement(header)
    document.masterstyles.addElement(page)
    found = read_text(saved(document, tmp_path), ODT)
    assert found.split() == ["Текст", "ТОВ", "«Альфа»", "Лист", "про", "оплату"]


def test_deleted_text_is_not_read(read_text: ReadText, tmp_path: Path) -> None:
    document = OpenDocumentText()
    changes = text.TrackedChanges()
    region = text.ChangedRegion(check_grammar=False)
    deletion = text.Deletion()
    deletion.addElement(text.P(text="вилучено"))
    region.addElement(deletion)
    changes.addElement(region)
    document.text.addElement(changes)
    document.text.addElement(text.P(text="лишилося"))
    assert read_text(saved(document, tmp_path), ODT) == "лишилося"


def test_rows_of_a_sheet_are_lines_with_cells_parted(read_text: ReadText, tmp_path: Path) -> None:
    document = OpenDocumentSpreadsheet()
    sheet = table.Table(name="Прайс")
    for words in (("Товар", "Ціна"), ("Сервер", "125 000,00")):
        row = table.TableRow()
        for word in words:
            cell = table.TableCell(valuetype="string")
            cell.addElement(text.P(text=word))
            row.addElement(cell)
        sheet.addElement(row)
    document.spreadsheet.addElement(sheet)
    assert read_text(saved(document, tmp_path), ODS) == "Прайс\nТовар\tЦіна\nСервер\t125 000,00"


def test_slides_and_alternative_texts_are_read(read_text: ReadText, tmp_path: Path) -> None:
    document = OpenDocumentPresentation()
    layout = style.PageLayout(name="Layout")
    document.automaticstyles.addElement(layout)
    master = style.MasterPage(name="Master", pagelayoutname=layout)
    document.masterstyles.addElement(master)
    page = draw.Page(masterpagename=master)
    frame = draw.Frame(width="10cm", height="5cm")
    box = draw.TextBox()
    box.addElement(text.P(text="Пропозиція на 2026 рік"))
    frame.addElement(box)
    frame.addElement(svg.Desc(text="Схема складу"))
    page.addElement(frame)
    document.presentation.addElement(page)
    found = read_text(saved(document, tmp_path), ODP)
    assert "Пропозиція на 2026 рік" in found
    assert "Схема складу" in found


def test_a_file_protected_by_a_password_is_encrypted(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "secret.odt"
    manifest = (
        '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry '
        'm:full-path="content.xml"><m:encryption-data m:checksum="x"/></m:file-entry></m:manifest>'
    )
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", ODT)
        package.writestr("content.xml", b"\x8f\x12 what was content")
        package.writestr("META-INF/manifest.xml", manifest)
    with pytest.raises(Unreadable) as refusal:
        read_text(path, ODT)
    assert refusal.value.reason == "encrypted"


def test_a_package_without_content_is_damaged(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "empty.odt"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", ODT)
    with pytest.raises(Unreadable, match="no content"):
        read_text(path, ODT)
