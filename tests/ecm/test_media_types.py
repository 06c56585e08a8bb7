"""Media types, found from real files, whole and by their first bytes."""

from __future__ import annotations

import io
import os
import random
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docx
import openpyxl
import pytest
from odf.opendocument import OpenDocumentPresentation, OpenDocumentSpreadsheet, OpenDocumentText
from reportlab.pdfgen.canvas import Canvas

from ecm.media_types import MediaTypeDetector, format_of

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def detector() -> MediaTypeDetector:
    return MediaTypeDetector()


def both(detector: MediaTypeDetector, folder: Path, content: bytes, filename: str) -> str:
    """The type, which must be the same for a file and for its first mebibyte."""
    path = folder / "blob"
    path.write_bytes(content)
    found = detector.of_file(path, filename)
    assert detector.of_bytes(content[:MEBIBYTE], filename) == found
    return found


def word_file() -> bytes:
    file = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Договір")
    document.save(file)
    return file.getvalue()


def sheet_file() -> bytes:
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    return file.getvalue()


def open_document(kind: type) -> bytes:
    file = io.BytesIO()
    kind().write(file)
    return file.getvalue()


def pdf_file() -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file)
    canvas.drawString(72, 700, "Contract")
    canvas.save()
    return file.getvalue()


def zipped(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("filename", ["Договір.docx", "no name", "wrong.txt"])
def test_an_office_document_is_known_whatever_its_name(
    detector: MediaTypeDetector, tmp_path: Path, filename: str
) -> None:
    assert both(detector, tmp_path, word_file(), filename) == DOCX
    assert both(detector, tmp_path, sheet_file(), filename) == XLSX
    assert both(detector, tmp_path, open_document(OpenDocumentText), filename) == OPEN_DOCUMENT + "text"
    assert (
        both(detector, tmp_path, open_document(OpenDocumentSpreadsheet), filename)
        == OPEN_DOCUMENT + "spreadsheet"
    )
    assert (
        both(detector, tmp_path, open_document(OpenDocumentPresentation), filename)
        == OPEN_DOCUMENT + "presentation"
    )
    assert both(detector, tmp_path, pdf_file(), filename) == "application/pdf"


def test_a_word_file_with_a_picture_first_is_known(detector: MediaTypeDetector, tmp_path: Path) -> None:
    parts = {"word/media/image1.png": os.urandom(200_000), **unzipped(word_file())}
    assert both(detector, tmp_path, zipped(parts), "") == DOCX


def test_a_head_that_ends_before_the_telling_part_leaves_it_to_the_name(detector: MediaTypeDetector) -> None:
    parts = {"media/image1.png": os.urandom(2 * MEBIBYTE), **unzipped(word_file())}
    head = zipped(parts)[:MEBIBYTE]
    assert detector.of_bytes(head, "Договір.docx") == DOCX
    assert detector.of_bytes(head, "Договір.pdf") == "application/zip"


def test_an_archive_that_holds_a_word_file_is_an_archive(detector: MediaTypeDetector, tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("Договір.docx", word_file())
    assert both(detector, tmp_path, file.getvalue(), "Договір.docx") == "application/zip"


def test_a_word_file_with_macros_is_told_by_its_name(detector: MediaTypeDetector, tmp_path: Path) -> None:
    found = both(detector, tmp_path, word_file(), "Лист.DOCM")
    assert found == "application/vnd.ms-word.document.macroenabled.12"


def test_an_old_office_file_of_an_unclear_kind_is_told_by_its_name(
    detector: MediaTypeDetector, tmp_path: Path
) -> None:
    unclear = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000)
    assert both(detector, tmp_path, unclear, "Звіт.doc") == "application/msword"
    assert both(detector, tmp_path, unclear, "Ціни.xls") == "application/vnd.ms-excel"
    assert both(detector, tmp_path, unclear, "Ціни.pdf") == "application/x-ole-storage"


def test_an_empty_file_has_a_type_of_its_own(detector: MediaTypeDetector, tmp_path: Path) -> None:
    assert both(detector, tmp_path, b"", "empty.pdf") == "application/x-empty"


def test_bytes_of_no_format_are_unknown(detector: MediaTypeDetector, tmp_path: Path) -> None:
    noise = random.Random(7).randbytes(4096)
    assert both(detector, tmp_path, noise, "noise.txt") == "application/octet-stream"


MAIL = (
    "Received: from mail.example by mx.example; Mon, 5 Jan 2026 10:00:00 +0200\r\n"
    "From: =?utf-8?b?0IbQstCw0L0=?= <ivan@alfa.example>\r\nTo: sales@beta.example\r\n"
    "Subject: Invoice\r\n\r\nДобрий день!\r\n"
)


def test_mail_is_known_by_its_header(detector: MediaTypeDetector, tmp_path: Path) -> None:
    assert both(detector, tmp_path, MAIL.encode(), "лист.eml") == "message/rfc822"
    assert both(detector, tmp_path, MAIL.encode(), "лист") == "message/rfc822"
    sent = "Subject: hello\nFrom: a@b.example\n\ntext"
    assert both(detector, tmp_path, sent.encode(), "sent.eml") == "message/rfc822"
    assert both(detector, tmp_path, b"no header here\n", "note.eml") == "text/plain"
    note = "From: Ivan\nTo: Petro\nSubject: about lunch\n\nat one"
    assert both(detector, tmp_path, note.encode(), "note.txt") == "text/plain"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "cp1251", "koi8_u", "cp1125", "utf-16", "utf-16-le", "utf-8-sig"]
)
def test_tables_are_known_in_every_encoding(
    detector: MediaTypeDetector, tmp_path: Path, encoding: str
) -> None:
    table = "Назва;Ціна;Кількість\nСервер;125000,00;1\nКабель;12,50;100\n"
    assert both(detector, tmp_path, table.encode(encoding), "Прайс.csv") == "text/csv"
    assert both(detector, tmp_path, table.replace(";", "\t").encode(encoding), "p.tsv") == (
        "text/tab-separated-values"
    )


def test_tables_without_a_telling_name_are_known_by_parsing(
    detector: MediaTypeDetector, tmp_path: Path
) -> None:
    assert both(detector, tmp_path, b"name,price\nserver,125000.00\ncable,12.50\n", "export") == "text/csv"
    assert both(detector, tmp_path, b"name;price\nserver;125000,00\ncable;12,50\n", "export") == "text/csv"


def test_prose_with_commas_is_no_table(detector: MediaTypeDetector, tmp_path: Path) -> None:
    letter = "Dear Sir, we thank you\nYours, truly\nOne, two\nThree, four\n"
    assert both(detector, tmp_path, letter.encode(), "letter.txt") == "text/plain"
    assert both(detector, tmp_path, letter.encode(), "letter") == "text/plain"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "koi8_u", "cp1125", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("text", ["Оплата за рахунками\n", "Угода", "10", "Шановний пане, дякуємо.\n" * 900])
def test_text_is_text_in_every_encoding(
    detector: MediaTypeDetector, tmp_path: Path, encoding: str, text: str
) -> None:
    assert both(detector, tmp_path, text.encode(encoding), "Лист.txt") == "text/plain"
    assert both(detector, tmp_path, text.encode(encoding), "Лист.md") == "text/markdown"


def test_a_single_letter_is_text(detector: MediaTypeDetector, tmp_path: Path) -> None:
    for letter in ("a", "Є"):
        for encoding in ("utf-8", "utf-16"):
            assert both(detector, tmp_path, letter.encode(encoding), "a.txt") == "text/plain"


def test_words_that_look_like_a_program_or_music_are_text(
    detector: MediaTypeDetector, tmp_path: Path
) -> None:
    # In cp1125 it begins as a program for DOS does (MZ is not needed), in cp1251 as a frame of MP3 does.
    assert both(detector, tmp_path, "являє собою текст".encode("cp1251"), "a.txt") == "text/plain"
    assert both(detector, tmp_path, b"MZ " + "і далі текст".encode("cp1251"), "b.txt") == "text/plain"


@pytest.mark.parametrize(
    "prolog",
    [
        "",
        "\ufeff",
        '<?xml version="1.0" encoding="utf-8"?>\n',
        f"<!-- {'comment ' * 1500} -->\n",
        '<?xml version="1.0"?><!-- a --><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">\n',
    ],
)
def test_a_drawing_in_svg_is_known_behind_what_may_stand_before_it(
    detector: MediaTypeDetector, tmp_path: Path, prolog: str
) -> None:
    drawing = prolog + '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'
    assert both(detector, tmp_path, drawing.encode(), "План.svg") == "image/svg+xml"
    assert both(detector, tmp_path, drawing.encode(), "План.txt") == "image/svg+xml"


def test_a_page_with_a_drawing_in_it_is_a_page(detector: MediaTypeDetector, tmp_path: Path) -> None:
    page = "<!-- made by a program -->\n<html><body><svg width='1'/></body></html>"
    assert both(detector, tmp_path, page.encode(), "page.svg") == "text/html"
    assert both(detector, tmp_path, "<p>Пропозиція</p>".encode(), "offer.html") == "text/html"
    assert both(detector, tmp_path, "Пропозиція: 2 < 3".encode(), "offer.html") == "text/plain"


def test_notes_that_look_like_source_are_text(detector: MediaTypeDetector, tmp_path: Path) -> None:
    source = "#include <stdio.h>\nint main(void) { return 0; }\n"
    assert both(detector, tmp_path, source.encode(), "notes.txt") == "text/plain"
    assert both(detector, tmp_path, source.encode(), "main.c") == "text/x-c"


def test_the_word_of_the_name_is_not_taken_against_the_content(
    detector: MediaTypeDetector, tmp_path: Path
) -> None:
    assert both(detector, tmp_path, pdf_file(), "malware.txt") == "application/pdf"
    assert both(detector, tmp_path, b"just words", "contract.pdf") == "text/plain"
    assert both(detector, tmp_path, b'{"a": [1, 2]}', "data.json") == "application/json"


def test_threads_share_a_detector(detector: MediaTypeDetector) -> None:
    samples = [(pdf_file(), "application/pdf"), (word_file(), DOCX), ("Привіт".encode(), "text/plain")] * 100
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda sample: detector.of_bytes(sample[0], "x"), samples))
    assert found == [expected for _, expected in samples]


def test_a_missing_file_is_an_error(detector: MediaTypeDetector, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        detector.of_file(tmp_path / "nothing", "nothing.txt")


@pytest.mark.parametrize(
    ("media_type", "filename", "name"),
    [
        ("application/pdf", "scan.PDF", "pdf"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "x", "docx"),
        ("application/msword", "x.dot", "doc"),
        ("image/jpeg", "photo.jpeg", "jpg"),
        ("message/rfc822", "letter", "eml"),
        ("text/x-unknown", "setup.PY", "py"),
        ("application/octet-stream", "noise", "other"),
        ("application/octet-stream", "Договір № 5. остаточний", "other"),
    ],
)
def test_formats_have_short_names(media_type: str, filename: str, name: str) -> None:
    assert format_of(media_type, filename) == name
