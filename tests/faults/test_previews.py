"""Files that mean harm to whoever draws them: they end with a reason, and leave no process and no file."""

from __future__ import annotations

import http.server
import io
import os
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image

from ecm.drawing import Drawing, DrawingPool, OfficeConverter
from ecm.drawing.interface import Undrawable
from ecm.drawing.office import find_office
from tests.ecm.test_previews import make_image, make_pdf
from tests.parts import require

ODT = "application/vnd.oasis.opendocument.text"


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files, which must be empty in the end; and no process of ours may be left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield folder
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
    assert list(folder.iterdir()) == []


@pytest.fixture
def pool(nothing_left: Path) -> Iterator[DrawingPool]:
    with DrawingPool(processes=1, time_limit_s=5.0, memory_limit_bytes=512 * 1024**2) as opened:
        yield opened


def draw(pool: DrawingPool, folder: Path, content: bytes, media_type: str) -> Drawing:
    path = folder / "content"
    path.write_bytes(content)
    return pool.draw(path, media_type, page=1, widths=[240], folder=folder)


def make_png_bomb(width: int, height: int) -> bytes:
    """A PNG that says to be huge: its pixels, all alike, take next to nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"x\x9c\x03\x00") + chunk(b"IEND", b"")
    )


def make_endless_pdf() -> bytes:
    """A PDF whose forms draw each other ten times, ten levels deep."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 500]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>",
    ]
    ten = b"/F Do " * 10
    objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(ten), ten))
    for level in range(12):
        inner = b"<</XObject<</F %d 0 R>>>>" % (level + 6) if level < 11 else b"<<>>"
        body = ten if level < 11 else b"0 0 500 500 re f 0 0 400 400 re S"
        head = b"<</Type/XObject/Subtype/Form/BBox[0 0 500 500]/Resources %s/Length %d>>" % (inner, len(body))
        objects.append(head + b"stream\n" + body + b"\nendstream")
    pdf, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(pdf))
    return pdf + head + table + trailer


@pytest.mark.parametrize(
    ("content", "media_type", "reasons"),
    [
        (make_png_bomb(50_000, 50_000), "image/png", {"too_large"}),
        (make_png_bomb(9_000, 9_000), "image/png", {"damaged", "memory_limit"}),
        (make_image("JPEG")[:900], "image/jpeg", {"damaged"}),
        (make_image("TIFF")[:100], "image/tiff", {"damaged"}),
        (b"II*\x00\x08\x00\x00\x00" + b"\x00" * 8, "image/tiff", {"damaged"}),
        (b"\x89PNG\r\n\x1a\n" + b"garbage" * 9, "image/png", {"damaged"}),
        (b"\x00\x00\x00\x18ftypheic" + b"\x01" * 200, "image/heic", {"damaged"}),
        (make_pdf(1)[:300], "application/pdf", {"damaged"}),
        (b"  0\nSECTION\n  2\nENTITIES\n", "image/vnd.dxf", {"damaged", "empty"}),
        (b"", "text/plain", {"empty"}),
    ],
)  # fmt: skip
def test_hostile_files_end_with_a_reason(
    pool: DrawingPool, tmp_path: Path, content: bytes, media_type: str, reasons: set[str]
) -> None:
    drawing = draw(pool, tmp_path, content, media_type)
    assert drawing.state == "failed"
    assert drawing.reason in reasons
    assert drawing.detail
    assert draw(pool, tmp_path, make_pdf(1), "application/pdf").state == "done"  # the next one is drawn


def test_a_file_that_is_drawn_without_end_is_stopped(nothing_left: Path, tmp_path: Path) -> None:
    with DrawingPool(processes=1, time_limit_s=1.0) as pool:
        drawing = draw(pool, tmp_path, make_endless_pdf(), "application/pdf")
        assert (drawing.state, drawing.reason) == ("failed", "time_limit")


def test_a_locked_pdf_says_so(pool: DrawingPool, tmp_path: Path) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt=StandardEncryption("secret", canPrint=0))
    canvas.drawString(72, 720, "text")
    canvas.save()
    assert draw(pool, tmp_path, buffer.getvalue(), "application/pdf").reason == "encrypted"


def test_a_picture_is_never_opened_as_another_format(pool: DrawingPool, tmp_path: Path) -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n"
    assert draw(pool, tmp_path, postscript, "image/png").reason == "damaged"


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in LibreOffice's place that starts another one, and neither ends."""
    program = tmp_path / "bin/soffice"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {tmp_path}/started\nsleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "started"


def has_ended(pid: int) -> bool:
    """Whether a process ends within ten seconds: one that was killed may die a little later. Nobody may be
    there to take its exit code."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(sys.platform == "win32", reason="a script of a shell that is not there")
def test_an_endless_libreoffice_is_killed_with_all_that_it_started(tmp_path: Path, endless: Path) -> None:
    (tmp_path / "content").write_bytes(b"x")
    with tempfile.TemporaryDirectory() as folder, pytest.raises(Undrawable) as caught:
        OfficeConverter(time_limit_s=1.5).convert(tmp_path / "content", ODT, Path(folder))
    assert caught.value.reason == "time_limit"
    assert has_ended(int(endless.read_text()))


class _Ear(http.server.BaseHTTPRequestHandler):
    """Remembers who came."""

    heard: list[str]

    def do_GET(self) -> None:
        """Answer with nothing."""
        self.heard.append(self.path)
        self.send_error(404)

    do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

    def log_message(self, *arguments: object) -> None:
        """Nobody reads it."""


def test_an_office_document_reaches_neither_the_network_nor_other_files(tmp_path: Path) -> None:
    require("LibreOffice", find_office(), "Debian's packages libreoffice-writer-nogui and others")
    Image.new("RGB", (300, 300), "red").save(tmp_path / "private.png")
    (tmp_path / "private.txt").write_text("TOPSECRET")
    handler = type("Ear", (_Ear,), {"heard": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/picture.png"
        (tmp_path / "content").write_bytes(make_odt(address, tmp_path))
        with tempfile.TemporaryDirectory() as folder:
            made = OfficeConverter().convert(tmp_path / "content", ODT, Path(folder))
            text, pictures = read_pdf(made)
        server.shutdown()
    assert "Visible" in text
    assert "TOPSECRET" not in text
    assert pictures == 0
    assert handler.heard == []  # type: ignore[attr-defined]


def make_odt(address: str, private: Path) -> bytes:
    """A text that wants a picture from the network, and another file's picture and text."""
    names = ("office:1.0", "text:1.0", "drawing:1.0", "xsl-fo-compatible:1.0", "svg-compatible:1.0")
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}"'
        for short, name in zip(("office", "text", "draw", "fo", "svg"), names, strict=True)
    )
    frames = "".join(
        f'<text:p><draw:frame svg:width="5cm" svg:height="5cm" text:anchor-type="as-char">'
        f'<draw:image xlink:href="{href}" xlink:type="simple" xlink:actuate="onLoad"/></draw:frame></text:p>'
        for href in (address, (private / "private.png").as_uri())
    )
    section = (
        '<text:section text:name="s"><text:section-source xlink:type="simple" '
        f'xlink:href="{(private / "private.txt").as_uri()}"/><text:p>old</text:p></text:section>'
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces} xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'office:version="1.2"><office:body><office:text><text:p>Visible</text:p>{frames}{section}'
        "</office:text></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:'
        f'manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="{ODT}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("mimetype", ODT)
        package.writestr("content.xml", content)
        package.writestr("META-INF/manifest.xml", manifest)
    return buffer.getvalue()


def read_pdf(path: Path) -> tuple[str, int]:
    """The text of a PDF's first page, and how many pictures stand on it."""
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    document = pdfium.PdfDocument(path)
    page = document[0]
    text_page = page.get_textpage()
    text = text_page.get_text_range()
    pictures = sum(1 for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]))
    text_page.close()
    page.close()
    document.close()
    return text, pictures
