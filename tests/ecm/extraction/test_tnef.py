"""Letters as Outlook packs them, written by hand; what Outlook itself sent is in test_real_files."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from ecm.extraction import ExtractionPool
from ecm.media_types import MediaTypeDetector

CODEC = "cp1251"


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    with ExtractionPool() as pool:
        yield pool


def attribute(name: int, value: bytes, level: int = 1) -> bytes:
    return struct.pack("<BII", level, name, len(value)) + value + struct.pack("<H", sum(value) % 65536)


def variable(kind: int, name: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, name, 1, len(value)) + value + bytes(-len(value) % 4)


def properties(*values: bytes) -> bytes:
    return struct.pack("<I", len(values)) + b"".join(values)


def packed_letter() -> bytes:
    named = struct.pack("<HH", 0x001F, 0x8001) + bytes(16) + struct.pack("<I", 1)
    word = "ключ".encode("utf-16-le")
    named += struct.pack("<I", len(word)) + word
    named += struct.pack("<II", 1, 4) + "ні".encode("utf-16-le")
    many = struct.pack("<HHI", 0x1003, 0x6789, 2) + bytes(8)
    message = properties(
        struct.pack("<HHI", 0x0003, 0x3FDE, 1251),
        named,
        many,
        variable(0x001F, 0x0C1A, "Олена Петренко\0".encode("utf-16-le")),
        variable(0x001E, 0x1000, "Надсилаю акт звірки.\0".encode(CODEC)),
    )
    recipient = properties(variable(0x001E, 0x3001, "Іван Ґалаґан\0".encode(CODEC)))
    return b"".join(
        (
            struct.pack("<IH", 0x223E9F78, 1),
            attribute(0x00069007, struct.pack("<II", 1251, 0)),
            attribute(0x00018004, "Акт звірки\0".encode(CODEC)),
            attribute(0x00069003, message),
            attribute(0x00069004, struct.pack("<I", 1) + recipient),
            attribute(0x00069002, bytes(14), level=2),
            attribute(0x00018010, "акт.txt\0".encode(CODEC), level=2),
            attribute(0x0006800F, "Сальдо на кінець місяця".encode(), level=2),
            attribute(
                0x00069005, properties(variable(0x001F, 0x3707, "Акт.txt".encode("utf-16-le"))), level=2
            ),
        )
    )


WORDS = ["Акт звірки", "Олена Петренко", "Іван Ґалаґан", "Надсилаю акт звірки."]


def test_the_letter_its_people_and_attachments_are_read(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "winmail.dat"
    path.write_bytes(packed_letter())
    media_type = MediaTypeDetector().of_file(path, path.name)
    found = pool.extract(path, media_type, path.name)
    assert (found.state, found.reason) == ("done", "")
    assert found.text.splitlines() == [
        *WORDS[:3],
        "",
        WORDS[3],
        "",
        "Акт.txt",
        "Сальдо на кінець місяця",
    ]


def test_it_is_read_inside_of_a_mail(pool: ExtractionPool, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "olena@alfa.example", "ivan@beta.example", "FW"
    mail.set_content("")
    mail.add_attachment(packed_letter(), maintype="application", subtype="ms-tnef", filename="winmail.dat")
    path = tmp_path / "a.eml"
    path.write_bytes(mail.as_bytes())
    found = pool.extract(path, "message/rfc822", path.name)
    assert [each for each in (*WORDS, "Сальдо на кінець") if each not in found.text] == []


def test_cut_short_it_gives_what_stands_before(pool: ExtractionPool, tmp_path: Path) -> None:
    whole = packed_letter()
    path = tmp_path / "winmail.dat"
    for size in range(6, len(whole), 37):
        path.write_bytes(whole[:size])
        found = pool.extract(path, "application/vnd.ms-tnef", path.name)
        assert found.state in ("done", "empty", "failed"), size
    path.write_bytes(whole[:-60])
    found = pool.extract(path, "application/vnd.ms-tnef", path.name)
    assert (found.state, found.reason) == ("done", "damaged")
    assert WORDS[3] in found.text
    path.write_bytes(b"\x00" + whole)
    assert pool.extract(path, "application/vnd.ms-tnef", path.name).reason == "damaged"
