"""Documents inside of Office documents are read by the readers of their own types."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest

from ecm.extraction import ExtractionPool
from ecm.media_types import MediaTypeDetector


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    with ExtractionPool() as pool:
        yield pool


def letter(words: str) -> bytes:
    document = docx.Document()
    document.add_paragraph(words)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def read(pool: ExtractionPool, path: Path, parts: dict[str, bytes]) -> str:
    """The text of a letter with these parts in its package."""
    path.write_bytes(letter("Додаток: прайс у таблиці"))
    with zipfile.ZipFile(path, "a") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    found = pool.extract(path, MediaTypeDetector().of_file(path, path.name), path.name)
    assert (found.state, found.reason) == ("done", "")
    return found.text


def test_a_document_in_a_document_is_read_behind_its_name(pool: ExtractionPool, tmp_path: Path) -> None:
    text = read(pool, tmp_path / "a.docx", {"word/embeddings/Лист.docx": letter("Комутатор 15 000 грн")})
    assert text.splitlines() == ["Додаток: прайс у таблиці", "", "Лист.docx", "Комутатор 15 000 грн"]


def test_the_table_behind_a_chart_and_objects_of_other_programs_are_left_out(
    pool: ExtractionPool, tmp_path: Path
) -> None:
    parts = {
        "word/embeddings/Microsoft_Word1.docx": letter("за діаграмою"),
        "word/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0",
        "word/charts/_rels/chart1.xml.rels": b'<R Target="../embeddings/Microsoft_Word1.docx"/>',
    }
    assert read(pool, tmp_path / "a.docx", parts) == "Додаток: прайс у таблиці"
