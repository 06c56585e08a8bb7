"""Hostile and broken files that hold other files: each ends with its reason, and the pool reads on."""

from __future__ import annotations

import io
import os
import random
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecm.extraction import Extraction, ExtractionPool
from ecm.media_types import MediaTypeDetector
from tests.ecm.extraction.rar_files import rar_4, rar_5

FILES = Path(__file__).parents[1] / "files" / "containers"
RAR_FILES = {"Угода 42/лист.txt": "Лист постачальника".encode() * 20, "b.txt": b"letter " * 50}
MEBIBYTE = 1024 * 1024
ZIP = "application/zip"
MAIL = "message/rfc822"
FIELDS = b"From: a@b.example\r\nSubject: letter\r\nDate: Thu, 5 Mar 2026 10:00:00 +0200\r\n"


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    with ExtractionPool(time_limit_s=40) as pool:
        yield pool


def read(pool: ExtractionPool, path: Path, media_type: str | None = None) -> Extraction:
    """Read a bad file, then a good one in the same pool."""
    media_type = media_type or MediaTypeDetector().of_file(path, path.name)
    extraction = pool.extract(path, media_type, path.name)
    good = pool.extract(FILES / "tar.tar", "application/x-tar", "tar.tar")
    assert good == Extraction("done", "Угода 42/Нотатки.txt\nЗателефонувати Олені щодо знижки")
    if extraction.state == "failed":
        assert extraction.text == ""
        assert extraction.detail
    return extraction


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_a_flat_bomb(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("first.txt", "перший")
        with archive.open("zeros.txt", "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(b" " * MEBIBYTE)
    extraction = read(pool, path)
    assert (extraction.state, extraction.reason) == ("done", "too_large")
    assert extraction.text.startswith("first.txt\nперший")


def test_a_bomb_of_archives_in_archives(pool: ExtractionPool, tmp_path: Path) -> None:
    data = zipped({"zeros.txt": b" " * 4 * MEBIBYTE})
    for level in range(5):
        data = zipped({f"{level}-{number}.zip": data for number in range(16)})
    path = tmp_path / "nested.zip"
    path.write_bytes(data)
    extraction = read(pool, path)
    assert (extraction.state, extraction.reason) == ("done", "too_large")


def test_an_archive_that_holds_itself(pool: ExtractionPool, tmp_path: Path) -> None:
    data = zipped({"end.txt": b"end"})
    for level in range(30):
        data = zipped({f"{level}.zip": data})
    path = tmp_path / "deep.zip"
    path.write_bytes(data)
    extraction = read(pool, path)
    assert (extraction.state, extraction.reason) == ("done", "too_large")
    assert extraction.text.split() == [f"{level}.zip" for level in range(29, 23, -1)]
    assert "nested too deeply" in extraction.detail


def test_a_compressed_file_that_unpacks_without_end(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "endless.gz"
    squeeze = zlib.compressobj(9, wbits=31)
    with path.open("wb") as file:
        for _ in range(200):
            file.write(squeeze.compress(b"\xfe\x01" * (MEBIBYTE // 2)))
        file.write(squeeze.flush())
    # No reader takes it, and so it is not unpacked to its end.
    assert read(pool, path).text == "endless"


def test_an_archive_of_very_many_files(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(30_000):
            archive.writestr(f"{number}.txt", b"")
    extraction = read(pool, path)
    assert (extraction.state, extraction.reason) == ("done", "too_large")
    assert extraction.detail == "only the first 1000 files inside are read"


def test_names_that_lead_elsewhere_lead_nowhere(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "names.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("../../outside.txt", "/etc/outside.txt", "a\nb.txt", "x" * 3000 + ".txt", "b.\x01$(id)"):
            member = tarfile.TarInfo(name)
            member.size = 4
            archive.addfile(member, io.BytesIO(b"word"))
        link = tarfile.TarInfo("link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    extraction = read(pool, path)
    assert (extraction.state, extraction.reason) == ("done", "")
    assert extraction.text.count("\nword") == 5
    assert "root:" not in extraction.text
    assert not (tmp_path.parent / "outside.txt").exists()


@pytest.mark.parametrize(
    "name",
    ["info-zip.zip", "7z.7z", "tar.tar.gz", "tar.tar.bz2", "tar.tar.xz", "4.rar", "5.rar", "writer.epub"],
)
def test_archives_cut_short_at_many_places(pool: ExtractionPool, tmp_path: Path, name: str) -> None:
    whole = content_of(name)
    path = tmp_path / name
    path.write_bytes(whole)
    media_type = MediaTypeDetector().of_file(path, name)
    for place in range(8, len(whole), max(1, len(whole) // 6)):
        path.write_bytes(whole[:place])
        extraction = pool.extract(path, media_type, name)
        assert extraction.state in ("done", "failed", "empty")
        assert extraction.reason in ("", "damaged", "unsupported", "encrypted")
    read(pool, path, media_type)


def content_of(name: str) -> bytes:
    """What stands in a file; RAR is written here, since no free program writes it."""
    rar = {"4.rar": rar_4, "5.rar": rar_5}.get(name)
    return rar(RAR_FILES) if rar else (FILES / name).read_bytes()


@pytest.mark.parametrize(
    ("magic", "media_type"),
    [
        (b"PK\x03\x04", ZIP),
        (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
        (b"Rar!\x1a\x07\x00", "application/x-rar"),
        (b"Rar!\x1a\x07\x01\x00", "application/x-rar"),
        (b"\x1f\x8b\x08", "application/gzip"),
        (b"BZh9", "application/x-bzip2"),
        (b"\xfd7zXZ\x00", "application/x-xz"),
        (b"\x28\xb5\x2f\xfd", "application/zstd"),
        (b"MSCF", "application/vnd.ms-cab-compressed"),
        (b"", "application/x-tar"),
        (b"<svg>", "image/svg+xml"),
        (b"PK\x03\x04", "application/epub+zip"),
    ],
)
def test_garbage_that_begins_as_an_archive(
    pool: ExtractionPool, tmp_path: Path, magic: bytes, media_type: str
) -> None:
    path = tmp_path / "garbage"
    path.write_bytes(magic + random.Random(7).randbytes(100_000))
    extraction = read(pool, path, media_type)
    assert extraction.reason in ("damaged", "unsupported")
    assert extraction.detail


def test_flipped_bits_never_harm_the_pool(pool: ExtractionPool, tmp_path: Path) -> None:
    chance = random.Random(11)
    names = ("7z.7z", "tar.tar.bz2", "4.rar", "5.rar", "outlook.eml")
    for name in names:
        whole = content_of(name)
        path = tmp_path / name
        path.write_bytes(whole)
        media_type = MediaTypeDetector().of_file(path, name)
        for _ in range(6):
            flipped = bytearray(whole)
            for _ in range(4):
                flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
            path.write_bytes(flipped)
            assert pool.extract(path, media_type, name).reason not in ("crashed", "time_limit")
    read(pool, FILES / "tar.tar")


def test_parts_nested_ten_thousand_deep(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "deep.eml"
    parts = "".join(
        f'Content-Type: multipart/mixed; boundary="{number}"\r\n\r\n--{number}\r\n'
        for number in range(10_000)
    )
    path.write_bytes(FIELDS + parts.encode() + b"\r\nword")
    extraction = read(pool, path, MAIL)
    assert (extraction.state, extraction.reason) == ("done", "too_large")
    assert "Subject: letter" in extraction.text


def test_a_mail_in_a_mail_a_thousand_deep(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "deep.eml"
    path.write_bytes((FIELDS + b"Content-Type: message/rfc822\r\n\r\n") * 1000 + b"word")
    extraction = read(pool, path, MAIL)
    assert (extraction.state, extraction.reason) == ("done", "too_large")
    few = (FIELDS + b"Content-Type: message/rfc822\r\n\r\n") * 100 + FIELDS + b"\r\nword"
    path.write_bytes(few)
    extraction = read(pool, path, MAIL)
    assert (extraction.state, extraction.reason) == ("done", "too_large")
    assert extraction.text.count("Subject: letter") == 21


def test_headers_without_end(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "headers.eml"
    path.write_bytes(
        FIELDS + b"To: " + b"x@y.example,\r\n " * 100_000 + b"\r\nX: y" * 200_000 + b"\r\n\r\nword"
    )
    extraction = read(pool, path, MAIL)
    assert (extraction.state, extraction.reason) == ("done", "")
    assert extraction.text.endswith("word")


def test_a_mail_of_very_many_attachments(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "many.eml"
    part = b'--x\r\nContent-Type: text/plain; name="a.txt"\r\n\r\nword\r\n'
    path.write_bytes(FIELDS + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + part * 20_000)
    extraction = read(pool, path, MAIL)
    assert (extraction.state, extraction.reason) == ("done", "too_large")
    assert extraction.text.count("a.txt") == 1000


def test_a_drawing_cut_short_gives_what_stands_before(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "cut.svg"
    path.write_text("<svg><text>Схема</text><text", encoding="utf-8")
    extraction = read(pool, path, "image/svg+xml")
    assert (extraction.state, extraction.reason, extraction.text) == ("done", "damaged", "Схема")
    path.write_bytes(b"<svg>" + b"<g>" * 200_000)
    assert read(pool, path, "image/svg+xml").reason == "damaged"


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with ExtractionPool() as pool:
        pool.extract(FILES / "nested.zip", ZIP, "nested.zip")
        pool.extract(FILES / "composed.eml", MAIL, "composed.eml")
        (folder,) = tmp_path.iterdir()
        assert os.listdir(folder) == ["stderr"]
