"""The demo company's documents: real files, that other programs open and search finds words in."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import docx
import openpyxl
import pypdfium2
import pytest
from odf import teletype
from odf.opendocument import load
from odf.text import P

from ecm.demo_documents import DemoDeal, DemoDocument, make_demo_deals
from ecm.extraction import ExtractionPool
from ecm.media_types import MediaTypeDetector

KINDS = {"contract", "invoice", "act", "offer", "letter", "drawing", "photo", "other"}
OFFICE = "application/vnd.openxmlformats-officedocument."
MEDIA_TYPES = {
    "docx": OFFICE + "wordprocessingml.document",
    "xlsx": OFFICE + "spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "pdf": "application/pdf",
    "html": "text/html",
    "txt": "text/plain",
    "csv": "text/csv",
    "svg": "image/svg+xml",
    "png": "image/png",
}


@pytest.fixture(scope="module")
def deals() -> tuple[DemoDeal, ...]:
    return make_demo_deals()


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    with ExtractionPool() as pool:
        yield pool


def documents(deals: tuple[DemoDeal, ...], ending: str = "") -> list[DemoDocument]:
    found = [document for deal in deals for document in deal.documents if document.filename.endswith(ending)]
    assert found
    return found


def ending_of(document: DemoDocument) -> str:
    return document.filename.rpartition(".")[2]


def test_there_are_a_dozen_documents_of_several_formats_kinds_and_deals(deals: tuple[DemoDeal, ...]) -> None:
    assert len(deals) >= 4
    assert {deal.currency for deal in deals} == {"UAH", "EUR"}
    assert all(deal.amount > 0 and deal.documents for deal in deals)
    assert len(documents(deals)) >= 12
    assert {ending_of(document) for document in documents(deals)} == set(MEDIA_TYPES)
    assert {document.kind for document in documents(deals)} == KINDS
    assert len({document.filename for document in documents(deals)}) == len(documents(deals))


def test_every_file_is_what_its_name_says(deals: tuple[DemoDeal, ...]) -> None:
    detector = MediaTypeDetector()
    for document in documents(deals):
        assert detector.of_bytes(document.content, "") in (MEDIA_TYPES[ending_of(document)], "text/plain")
        assert detector.of_bytes(document.content, document.filename) == MEDIA_TYPES[ending_of(document)]


def test_every_text_is_read(deals: tuple[DemoDeal, ...], pool: ExtractionPool, tmp_path: Path) -> None:
    for document in documents(deals):
        path = tmp_path / "file"
        path.write_bytes(document.content)
        media_type = MEDIA_TYPES[ending_of(document)]
        extraction = pool.extract(path, media_type, document.filename)
        if media_type.startswith("image/"):
            assert extraction.state == "unsupported"
        else:
            assert (extraction.state, extraction.reason) == ("done", "")
            assert len(extraction.text) > 100
            assert "\ufffd" not in extraction.text


def test_invoices_are_spoken_of_in_a_cp1251_text_a_word_file_a_pdf_and_an_odt(
    deals: tuple[DemoDeal, ...], pool: ExtractionPool, tmp_path: Path
) -> None:
    for ending, words in (
        ("txt", "рахунками"),
        ("docx", "рахунками"),
        ("pdf", "рахунка"),
        ("odt", "рахунками"),
    ):
        texts = []
        for document in documents(deals, ending):
            path = tmp_path / "file"
            path.write_bytes(document.content)
            texts.append(pool.extract(path, MEDIA_TYPES[ending], document.filename).text)
        assert any(words in text for text in texts), ending
    (notes,) = documents(deals, "txt")
    assert "рахунками" in notes.content.decode("cp1251")


def test_other_programs_open_the_files(deals: tuple[DemoDeal, ...]) -> None:
    for document in documents(deals, "docx"):
        opened = docx.Document(io.BytesIO(document.content))
        assert opened.paragraphs[0].style is not None
        assert opened.paragraphs[0].style.name == "Heading 1"
        assert opened.sections[0].header.paragraphs[0].text
    for document in documents(deals, "xlsx"):
        sheet = openpyxl.load_workbook(io.BytesIO(document.content)).worksheets[0]
        assert sheet["A1"].font.bold
        assert sheet["E2"].is_date
        assert sheet["C2"].value
    for document in documents(deals, "odt"):
        paragraphs = load(io.BytesIO(document.content)).text.getElementsByType(P)
        assert any(len(teletype.extractText(paragraph)) > 20 for paragraph in paragraphs)
    for document in documents(deals, "pdf"):
        with pypdfium2.PdfDocument(document.content) as opened_pdf:
            assert len(opened_pdf) == 1
            bitmap = opened_pdf[0].render(scale=0.2, grayscale=True)
            assert min(bitmap.buffer) < 128  # there is ink on the page


def test_a_table_of_a_word_file_is_a_table(deals: tuple[DemoDeal, ...]) -> None:
    opened = docx.Document(io.BytesIO(documents(deals, "№ 14.docx")[0].content))
    assert [cell.text for cell in opened.tables[0].rows[2].cells] == [
        "Доставка та монтаж",
        "1",
        "7 000,00",
        "7 000,00",
    ]


def test_a_pdf_holds_only_the_letters_that_it_needs(deals: tuple[DemoDeal, ...]) -> None:
    assert all(len(document.content) < 100_000 for document in documents(deals, "pdf"))


def test_what_is_made_twice_says_the_same(deals: tuple[DemoDeal, ...]) -> None:
    for first, second in zip(documents(deals), documents(make_demo_deals()), strict=True):
        if not first.filename.endswith(".pdf"):
            assert first == second
