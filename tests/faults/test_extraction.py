"""Hostile and broken files: each is refused with its reason, and the pool reads the next file as before."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import openpyxl
import psutil
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from ecm.extraction import Extraction, ExtractionPool

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MEBIBYTE = 1024 * 1024
Children = Callable[[], list[psutil.Process]]


@pytest.fixture
def pool() -> Iterator[ExtractionPool]:
    with ExtractionPool(memory_limit_bytes=512 * MEBIBYTE) as pool:
        yield pool


@pytest.fixture(scope="module")
def good_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "good.docx"
    path.write_bytes(word_file())
    return path


def read_then_go_on(pool: ExtractionPool, path: Path, media_type: str, good_file: Path) -> Extraction:
    """Read a bad file, then a good one in the same pool."""
    extraction = pool.extract(path, media_type, path.name)
    assert_works(pool, good_file)
    if extraction.state == "failed":
        assert extraction.text == ""
        assert extraction.detail
    return extraction


def assert_works(pool: ExtractionPool, good_file: Path) -> None:
    assert pool.extract(good_file, DOCX, "good.docx") == Extraction("done", "Оплата за рахунками")


def word_file() -> bytes:
    document = docx.Document()
    document.core_properties.title = ""
    document.add_paragraph("Оплата за рахунками")
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def pdf_file(pages: int = 3) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file)
    for page in range(pages):
        canvas.drawString(72, 700, f"Page {page} of the contract")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def word_file_with(body: bytes | Iterator[bytes], path: Path) -> Path:
    """A Word file whose main part is this XML."""
    with (
        zipfile.ZipFile(io.BytesIO(word_file())) as good,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bad,
    ):
        for name in good.namelist():
            if name != "word/document.xml":
                bad.writestr(name, good.read(name))
        with bad.open("word/document.xml", "w", force_zip64=True) as part:
            for chunk in [body] if isinstance(body, bytes) else body:
                part.write(chunk)
    return path


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_pdf(pool: ExtractionPool, tmp_path: Path, good_file: Path, kept: float) -> None:
    path = tmp_path / "cut.pdf"
    whole = pdf_file()
    path.write_bytes(whole[: int(len(whole) * kept)])
    extraction = read_then_go_on(pool, path, PDF, good_file)
    # PDFium mends what it can: either the pages that are there, or the reason why not.
    assert (extraction.state, extraction.reason) in (("done", ""), ("failed", "damaged"))
    if extraction.state == "done":
        assert "contract" in extraction.text


def test_garbage_that_begins_as_a_pdf(pool: ExtractionPool, tmp_path: Path, good_file: Path) -> None:
    path = tmp_path / "garbage.pdf"
    path.write_bytes(b"%PDF-1.7\n" + os.urandom(200_000))
    assert read_then_go_on(pool, path, PDF, good_file).reason == "damaged"


def test_a_pdf_of_flipped_bits_never_harms_the_pool(
    pool: ExtractionPool, tmp_path: Path, good_file: Path
) -> None:
    whole = pdf_file()
    path = tmp_path / "flipped.pdf"
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        flipped = bytearray(whole)
        flipped[place] ^= 0x40
        path.write_bytes(flipped)
        assert pool.extract(path, PDF, "flipped.pdf").state in ("done", "empty", "failed")
    assert_works(pool, good_file)


def test_a_pdf_with_a_password(pool: ExtractionPool, tmp_path: Path, good_file: Path) -> None:
    path = tmp_path / "secret.pdf"
    canvas = Canvas(str(path), encrypt=StandardEncryption("password", strength=128))
    canvas.drawString(72, 700, "secret")
    canvas.save()
    extraction = read_then_go_on(pool, path, PDF, good_file)
    assert (extraction.state, extraction.reason) == ("failed", "encrypted")


def test_a_pdf_whose_pages_go_round(pool: ExtractionPool, tmp_path: Path, good_file: Path) -> None:
    path = tmp_path / "round.pdf"
    path.write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/Outlines 4 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
        b"4 0 obj<</Type/Outlines/First 5 0 R/Last 5 0 R/Count 1>>endobj\n"
        b"5 0 obj<</Title(round)/Parent 4 0 R/Next 5 0 R/First 5 0 R>>endobj\n"
        b"trailer<</Root 1 0 R/Size 6>>\n%%EOF\n"
    )
    assert read_then_go_on(pool, path, PDF, good_file).state in ("done", "empty", "failed")


def test_a_zip_bomb(pool: ExtractionPool, tmp_path: Path, good_file: Path) -> None:
    def gigabyte() -> Iterator[bytes]:
        yield f'<w:document xmlns:w="{WORD}"><w:body>'.encode()
        for _ in range(1024):
            yield b" " * MEBIBYTE
        yield b"</w:body></w:document>"

    path = word_file_with(gigabyte(), tmp_path / "bomb.docx")
    assert path.stat().st_size < 8 * MEBIBYTE
    extraction = read_then_go_on(pool, path, DOCX, good_file)
    assert (extraction.state, extraction.reason) == ("failed", "too_large")


def test_a_zip_bomb_that_lies_about_its_size(pool: ExtractionPool, tmp_path: Path, good_file: Path) -> None:
    def half_a_gigabyte() -> Iterator[bytes]:
        for _ in range(512):
            yield b" " * MEBIBYTE

    path = word_file_with(half_a_gigabyte(), tmp_path / "bomb.docx")
    data = path.read_bytes()
    assert data.count((512 * MEBIBYTE).to_bytes(4, "little")) >= 1
    path.write_bytes(data.replace((512 * MEBIBYTE).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    assert read_then_go_on(pool, path, DOCX, good_file).state == "failed"


def test_text_without_end_is_cut(pool: ExtractionPool, tmp_path: Path, good_file: Path) -> None:
    def words() -> Iterator[bytes]:
        yield f'<w:document xmlns:w="{WORD}"><w:body>'.encode()
        for _ in range(60):
            yield b"<w:p><w:r><w:t>word </w:t></w:r></w:p>" * 20_000
        yield b"</w:body></w:document>"

    extraction = read_then_go_on(pool, word_file_with(words(), tmp_path / "long.docx"), DOCX, good_file)
    assert (extraction.state, extraction.reason) == ("done", "truncated")
    assert 1_500_000 < len(extraction.text) <= 2_000_000


def test_xml_entities_that_multiply(pool: ExtractionPool, tmp_path: Path, good_file: Path) -> None:
    entities = "".join(
        f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' if level else '<!ENTITY e0 "ha">'
        for level in range(10)
    )
    body = f'<!DOCTYPE w [{entities}]><w:document xmlns:w="{WORD}"><w:t>&e9;</w:t></w:document>'
    path = word_file_with(body.encode(), tmp_path / "laughs.docx")
    extraction = read_then_go_on(pool, path, DOCX, good_file)
    assert (extraction.state, extraction.reason) == ("failed", "damaged")


def test_an_xml_entity_from_a_file(pool: ExtractionPool, tmp_path: Path, good_file: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    body = f'<!DOCTYPE w [<!ENTITY e SYSTEM "{secret.as_uri()}">]><w:t xmlns:w="{WORD}">a &e; b</w:t>'
    path = word_file_with(body.encode(), tmp_path / "entity.docx")
    assert "secret" not in read_then_go_on(pool, path, DOCX, good_file).text


def test_xml_nested_without_end(pool: ExtractionPool, tmp_path: Path, good_file: Path) -> None:
    body = f'<w:document xmlns:w="{WORD}">'.encode() + b"<w:p>" * 2_000_000
    path = word_file_with(body, tmp_path / "deep.docx")
    extraction = read_then_go_on(pool, path, DOCX, good_file)
    assert (extraction.state, extraction.reason) == ("failed", "damaged")


def test_a_part_cut_in_the_middle_gives_what_stands_before(
    pool: ExtractionPool, tmp_path: Path, good_file: Path
) -> None:
    body = f'<w:document xmlns:w="{WORD}"><w:p><w:r><w:t>Договір</w:t></w:r></w:p><w:p><w:r'.encode()
    extraction = read_then_go_on(pool, word_file_with(body, tmp_path / "cut.docx"), DOCX, good_file)
    assert extraction.text == "Договір"
    assert (extraction.state, extraction.reason) == ("done", "damaged")


def test_a_truncated_word_file(pool: ExtractionPool, tmp_path: Path, good_file: Path) -> None:
    path = tmp_path / "cut.docx"
    path.write_bytes(word_file()[:9000])
    assert read_then_go_on(pool, path, DOCX, good_file).reason == "damaged"


def test_a_zip_of_very_many_parts(pool: ExtractionPool, tmp_path: Path, good_file: Path) -> None:
    path = tmp_path / "many.odt"
    with zipfile.ZipFile(path, "w") as package:
        for number in range(25_000):
            package.writestr(f"{number}/content.xml", b"")
    extraction = read_then_go_on(pool, path, ODT, good_file)
    assert (extraction.state, extraction.reason) == ("failed", "too_large")


def test_a_sheet_of_huge_dimensions_gives_its_words(
    pool: ExtractionPool, tmp_path: Path, good_file: Path
) -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "близько"
    workbook.active["XFD1048576"] = "далеко"
    path = tmp_path / "huge.xlsx"
    workbook.save(path)
    extraction = read_then_go_on(pool, path, XLSX, good_file)
    assert (extraction.state, extraction.reason) == ("done", "too_large")
    assert extraction.text.split() == ["близько", "далеко"]


def test_memory_is_limited(tmp_path: Path, good_file: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "близько"
    workbook.active["ALL4900"] = "далеко"  # the library that reads cells lays out the 4.9 million between
    path = tmp_path / "wide.xlsx"
    workbook.save(path)
    with ExtractionPool(memory_limit_bytes=128 * MEBIBYTE) as pool:
        extraction = read_then_go_on(pool, path, XLSX, good_file)
    assert (extraction.state, extraction.reason) == ("failed", "memory_limit")
    with ExtractionPool() as pool:
        assert pool.extract(path, XLSX, "wide.xlsx").text == "Sheet\nблизько\nдалеко"


def test_a_file_that_takes_too_long(tmp_path: Path, good_file: Path) -> None:
    def words() -> Iterator[bytes]:
        yield f'<w:document xmlns:w="{WORD}"><w:body>'.encode()
        for _ in range(40):
            yield b"<w:tab/>" * 100_000
        yield b"</w:body></w:document>"

    path = word_file_with(words(), tmp_path / "slow.docx")
    with ExtractionPool(time_limit_s=0.7) as impatient:
        impatient.extract(good_file, DOCX, "good.docx")  # so that the start of a process is not measured
        extraction = impatient.extract(path, DOCX, "slow.docx")
        assert (extraction.state, extraction.reason) == ("failed", "time_limit")
    with ExtractionPool() as patient:
        assert_works(patient, good_file)


def test_a_reader_that_hangs_is_killed(tmp_path: Path, good_file: Path, children: Children) -> None:
    pipe = tmp_path / "pipe.docx"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)  # nothing will ever come
    try:
        with ExtractionPool(time_limit_s=1.5) as pool:
            assert_works(pool, good_file)
            hung = children()
            extraction = pool.extract(pipe, "text/plain", "pipe.txt")
            assert (extraction.state, extraction.reason) == ("failed", "time_limit")
            _, alive = psutil.wait_procs(hung, timeout=20)
            assert not alive
            assert_works(pool, good_file)
    finally:
        os.close(writer)


def test_a_child_killed_from_outside_in_the_middle_of_its_work(
    tmp_path: Path, good_file: Path, children: Children
) -> None:
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)
    try:
        with ExtractionPool() as pool:
            found: list[Extraction] = []
            thread = threading.Thread(
                target=lambda: found.append(pool.extract(pipe, "text/plain", "pipe.txt"))
            )
            thread.start()
            wait_until_reading(pipe)
            for child in children():
                child.send_signal(signal.SIGKILL)
            thread.join(timeout=30)
            assert [(each.state, each.reason) for each in found] == [("failed", "crashed")]
            assert_works(pool, good_file)
    finally:
        os.close(writer)


def test_a_used_child_that_dies_does_not_take_the_file_with_it(
    tmp_path: Path, good_file: Path, children: Children
) -> None:
    with ExtractionPool() as pool:
        assert_works(pool, good_file)
        (idle,) = children()
        idle.send_signal(signal.SIGKILL)
        idle.wait(timeout=20)
        assert_works(pool, good_file)


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path, good_file: Path) -> None:
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)
    program = textwrap.dedent(
        """
        import sys, threading
        from pathlib import Path
        from ecm.extraction import ExtractionPool
        pool = ExtractionPool(processes=2)
        pool.extract(Path(sys.argv[1]), sys.argv[2], "good.docx")
        hanging = (Path(sys.argv[3]), "text/plain", "x")
        threads = [threading.Thread(target=pool.extract, args=hanging) for _ in range(2)]
        for thread in threads:
            thread.start()
        threads[0].join()
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(good_file), DOCX, str(pipe)])
    try:
        deadline = time.monotonic() + 60
        while len(readers := readers_of(pipe, psutil.Process(parent.pid))) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        parent.kill()
        parent.wait()
        _, alive = psutil.wait_procs(readers, timeout=20)
        assert not alive
    finally:
        parent.kill()
        parent.wait()
        os.close(writer)


def readers_of(path: Path, parent: psutil.Process) -> list[psutil.Process]:
    """The children that have this file open."""

    def reads(child: psutil.Process) -> bool:
        links = Path(f"/proc/{child.pid}/fd").iterdir()
        return any(target(link) == str(path) for link in links)

    def target(link: Path) -> str | None:
        try:
            return os.readlink(link)
        except FileNotFoundError:  # closed meanwhile: a process that starts opens and closes many
            return None

    return [child for child in parent.children() if reads(child)]


def wait_until_reading(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not readers_of(path, psutil.Process()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
