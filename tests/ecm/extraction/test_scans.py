"""Text out of pictures: pages, photos and faxes whose words are known (tests/files/scans)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from ecm.extraction import Extraction, ExtractionPool
from ecm.extraction.tesseract import Word, text_of
from ecm.media_types import MediaTypeDetector
from tests.files.scans.make import FONTS, TEXTS
from tests.parts import require

SCANS = Path(__file__).parents[2] / "files" / "scans"


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    require("tesseract", shutil.which("tesseract"), "install tesseract-ocr with ukr, rus and eng")
    with ExtractionPool() as pool:
        yield pool


def recognize(pool: ExtractionPool, name: str) -> Extraction:
    path = SCANS / name
    return pool.extract(path, MediaTypeDetector().of_file(path, name), name, recognize=True)


def words(text: str) -> list[str]:
    return re.findall(r"[\w'/.-]+\w|\w", text.lower())


def share_found(language: str, text: str) -> float:
    """How many of the words on the picture were read, each as often as it stands there."""
    left = words(text)
    wanted = words(TEXTS[language])
    for word in list(wanted):
        if word in left:
            left.remove(word)
            wanted.remove(word)
    return 1 - len(wanted) / len(words(TEXTS[language]))


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("contract-uk.jpg", "uk"),
        ("invoice-ru.png", "ru"),
        ("agreement-en.webp", "en"),
        ("phone.heic", "uk"),
        ("photo-turned-by-exif.jpg", "uk"),
        ("upside-down.jpg", "en"),
        ("scanned-by-writer.pdf", "uk"),
    ],
)
def test_nineteen_of_twenty_words_are_read(pool: ExtractionPool, name: str, language: str) -> None:
    extraction = recognize(pool, name)
    assert (extraction.state, extraction.reason, extraction.has_scans) == ("done", "", False)
    assert share_found(language, extraction.text) >= 0.95


def test_all_pages_of_a_fax_are_read_in_order(pool: ExtractionPool) -> None:
    text = recognize(pool, "fax-three-pages.tif").text
    assert text.index("ПОСТАЧАННЯ") < text.index("Поставщик") < text.index("Supplier")
    assert all(share_found(language, text) >= 0.95 for language in TEXTS)


def test_the_scanned_page_of_a_pdf_stands_between_its_neighbours(pool: ExtractionPool) -> None:
    text = recognize(pool, "text-scan-text.pdf").text
    assert text.index("The first page") < text.index("Поставщик") < text.index("The last page")
    assert text.count("The first page") == 1


@pytest.mark.parametrize("name", ["notice.bmp", "notice.gif"])
def test_a_few_large_words_are_read(pool: ExtractionPool, name: str) -> None:
    assert words(recognize(pool, name).text) == ["увага", "склад", "зачинено", "до", "понеділка"]


def test_a_landscape_gives_no_words(pool: ExtractionPool) -> None:
    assert recognize(pool, "landscape.jpg") == Extraction("empty")


def test_pictures_are_only_noticed_unless_they_are_to_be_read(pool: ExtractionPool) -> None:
    path = SCANS / "text-scan-text.pdf"
    extraction = pool.extract(path, "application/pdf", path.name)
    assert extraction.has_scans
    assert "The first page" in extraction.text
    assert "Поставщик" not in extraction.text
    photo = SCANS / "contract-uk.jpg"
    assert pool.extract(photo, "image/jpeg", photo.name) == Extraction("empty", has_scans=True)


def test_an_icon_is_no_scan(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "icon.png"
    Image.new("L", (12, 12), 255).save(path)
    assert pool.extract(path, "image/png", path.name) == Extraction("empty")


def test_a_transparent_picture_is_read_on_white(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "stamp.png"
    picture = Image.new("RGBA", (700, 160), (0, 0, 0, 0))
    drawing = ImageDraw.Draw(picture)
    drawing.text(
        (40, 40),
        "ОПЛАЧЕНО",
        fill=(20, 20, 90, 255),
        font=ImageFont.truetype(str(FONTS / "DejaVuSans.ttf"), 60),
    )
    picture.save(path)
    assert pool.extract(path, "image/png", path.name, recognize=True).text == "ОПЛАЧЕНО"


def test_words_that_tesseract_is_not_sure_of_are_dropped_by_block() -> None:
    found = [
        Word("Договір", "1.1", "1.1", 96),
        Word("Ме", "1.1", "1.1", 90),
        Word("12/2026-К", "1.1", "1.1", 91),
        Word("=~", "1.1", "1.1", 70),
        Word("зобо-", "1.1", "1.2", 95),
        Word("в'язання", "1.1", "1.3", 95),
        Word("vA}", "1.2", "1.1", 31),
        Word("ЩЦ", "1.2", "1.1", 61),
        Word("оплата", "1.3", "1.1", 88),
    ]
    assert text_of(found) == "Договір № 12/2026-К\nзобов'язання\n\nоплата"
