"""Hostile pictures; a tesseract that hangs, dies or is not there: a reason is told, and the pool lives."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from ecm.extraction import Extraction, ExtractionPool
from tests.parts import require

PNG, TIFF, JPEG, PDF = "image/png", "image/tiff", "image/jpeg", "application/pdf"


@pytest.fixture
def pool() -> Iterator[ExtractionPool]:
    with ExtractionPool() as pool:
        yield pool


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    image = Image.new("L", (400, 120), 255)
    ImageDraw.Draw(image).text((20, 20), "INVOICE", fill=0, font_size=60)
    image.save(path)
    return path


@pytest.fixture
def fake_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in tesseract's place, to be written by the test; the real one is not found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("sh", "sleep", "kill"):
        found = shutil.which(program)
        if found:
            (folder / program).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    return folder / "tesseract"


def write_program(path: Path, what_it_does: str) -> None:
    path.write_text(f"#!/bin/sh\nif [ $1 = --list-langs ]; then echo ukr; exit; fi\n{what_it_does}\n")
    path.chmod(0o755)


def read_then_go_on(pool: ExtractionPool, path: Path, media_type: str) -> Extraction:
    extraction = pool.extract(path, media_type, path.name, recognize=True)
    good = path.with_name("good.txt")
    good.write_text("оплата")
    assert pool.extract(good, "text/plain", "good.txt") == Extraction("done", "оплата")
    return extraction


def png_of(width: int, height: int) -> bytes:
    """A picture that says it is so large, and holds a row of zeros."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(3 * width + 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_an_image_bomb_is_too_large(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_of(50_000, 50_000))
    extraction = read_then_go_on(pool, path, PNG)
    assert (extraction.state, extraction.reason) == ("failed", "too_large")
    assert pool.extract(path, PNG, path.name).reason == "too_large"  # seen at once: no job for it


@pytest.mark.parametrize(
    "media_type", [PNG, JPEG, TIFF, "image/webp", "image/gif", "image/bmp", "image/heic"]
)
def test_garbage_is_damaged(pool: ExtractionPool, tmp_path: Path, media_type: str) -> None:
    path = tmp_path / "garbage"
    path.write_bytes(b"\x89PNG\r\n\x1a\nII*\x00\xff\xd8\xff\xe0GIF89aBMRIFF" * 200)
    extraction = read_then_go_on(pool, path, media_type)
    assert (extraction.state, extraction.reason) == ("failed", "damaged")


def test_garbage_that_begins_as_a_drawing_is_damaged(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "garbage.dxf"
    path.write_bytes(b"AutoCAD Binary DXF\r\n\x1a\x00" + b"\xff" * 5000)
    extraction = read_then_go_on(pool, path, "image/vnd.dxf")
    assert (extraction.state, extraction.reason) == ("failed", "damaged")


def test_a_picture_cut_short_is_damaged(pool: ExtractionPool, tmp_path: Path) -> None:
    require("tesseract", shutil.which("tesseract"), "install tesseract-ocr")
    path = tmp_path / "cut.jpg"
    Image.effect_noise((600, 600), 60).save(path)
    path.write_bytes(path.read_bytes()[:20_000])
    extraction = read_then_go_on(pool, path, JPEG)
    assert (extraction.state, extraction.reason) == ("failed", "damaged")


def test_pages_of_a_tiff_that_go_round_are_read_once(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "round.tif"
    pages = [Image.new("1", (64, 64), 1)] * 2
    pages[0].save(path, save_all=True, append_images=pages[1:])
    data = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, first)
    (second,) = struct.unpack_from("<I", data, first + 2 + 12 * entries)
    (entries,) = struct.unpack_from("<H", data, second)
    struct.pack_into("<I", data, second + 2 + 12 * entries, first)
    path.write_bytes(data)
    extraction = read_then_go_on(pool, path, TIFF)
    assert extraction.state in ("empty", "failed", "unsupported")


def test_more_pages_than_are_read_are_told(
    tmp_path: Path, fake_tesseract: Path, pool: ExtractionPool
) -> None:
    row = r"5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t96\tаркуш"
    write_program(fake_tesseract, f"while read -r line; do :; done; printf '{row}\\n'")
    path = tmp_path / "long.tif"
    page = Image.new("1", (32, 32), 1)
    page.save(path, save_all=True, append_images=[page] * 101, compression="group4")
    extraction = read_then_go_on(pool, path, TIFF)
    assert (extraction.state, extraction.reason, extraction.has_scans) == ("done", "truncated", True)
    assert extraction.text.split() == ["аркуш"] * 100


def test_without_tesseract_people_are_told_what_to_install(
    picture: Path, fake_tesseract: Path, pool: ExtractionPool
) -> None:
    extraction = read_then_go_on(pool, picture, PNG)
    assert (extraction.state, extraction.reason) == ("unsupported", "no_recognizer")
    assert "tesseract-ocr" in extraction.detail
    assert extraction.has_scans


def test_without_tesseract_the_text_beside_pictures_is_kept(
    tmp_path: Path, picture: Path, fake_tesseract: Path, pool: ExtractionPool
) -> None:
    path = tmp_path / "mixed.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(72, 700, "The first page is text, as a program wrote it")
    canvas.showPage()
    canvas.drawImage(str(picture), 0, 100, 595, 400)
    canvas.save()
    extraction = read_then_go_on(pool, path, PDF)
    assert (extraction.state, extraction.reason) == ("done", "no_recognizer")
    assert "The first page" in extraction.text


@pytest.mark.parametrize(
    ("what_it_does", "reason"),
    [
        ("kill -9 $$", "crashed"),
        ("exit 1", "crashed"),
        ("echo 'std::bad_alloc' >&2; exit 134", "memory_limit"),
    ],
)
def test_a_tesseract_that_dies_is_told(
    picture: Path, fake_tesseract: Path, pool: ExtractionPool, what_it_does: str, reason: str
) -> None:
    write_program(fake_tesseract, what_it_does)
    extraction = read_then_go_on(pool, picture, PNG)
    assert (extraction.state, extraction.reason) == ("failed", reason)


def test_a_tesseract_that_hangs_is_killed(picture: Path, fake_tesseract: Path) -> None:
    write_program(fake_tesseract, "sleep 600")
    with ExtractionPool(recognition_limit_s=3) as pool:
        extraction = read_then_go_on(pool, picture, PNG)
    assert (extraction.state, extraction.reason) == ("failed", "time_limit")
