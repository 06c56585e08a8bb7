"""Archives, from files that programs for archives wrote; read as the worker reads them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from ecm.extraction import Extraction, ExtractionPool
from ecm.media_types import MediaTypeDetector
from tests.ecm.extraction.rar_files import rar_4, rar_5

FILES = Path(__file__).parents[2] / "files" / "containers"
DEAL = ("Угода 42/Договір поставки.docx", "Угода 42/Нотатки.txt", "Угода 42/Рахунки/Рахунок 128.pdf")


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    with ExtractionPool() as pool:
        yield pool


def read(pool: ExtractionPool, path: Path) -> Extraction:
    return pool.extract(path, MediaTypeDetector().of_file(path, path.name), path.name)


@pytest.mark.parametrize(
    "name",
    [
        "info-zip.zip",
        "bsdtar.zip",
        "7z-ppmd.zip",
        "7z.7z",
        "tar.tar.gz",
        "tar.tar.bz2",
        "tar.tar.xz",
        "bsdtar.tar.zst",
    ],
)
def test_the_files_in_an_archive_are_read_each_after_its_name(pool: ExtractionPool, name: str) -> None:
    extraction = read(pool, FILES / name)
    assert (extraction.state, extraction.reason) == ("done", "")
    lines = extraction.text.splitlines()
    notes = lines.index("Угода 42/Нотатки.txt")
    assert lines[notes + 1] == "Зателефонувати Олені щодо знижки"
    word = lines.index("Угода 42/Договір поставки.docx")
    assert lines[word + 1 : word + 5] == [
        "Договір поставки № 14/2026",
        "Постачальник зобов'язується передати серверне обладнання.",
        "Порядок розрахунків",
        "Оплата за рахунками протягом десяти днів.",
    ]
    assert "Оплата за рахунками" in "\n".join(lines[lines.index("Угода 42/Рахунки/Рахунок 128.pdf") :])


@pytest.mark.parametrize("name", ["info-zip-locked.zip", "7z-locked.zip", "7z-locked.7z"])
def test_of_an_archive_under_a_password_the_names_are_read(pool: ExtractionPool, name: str) -> None:
    extraction = read(pool, FILES / name)
    assert (extraction.state, extraction.reason) == ("done", "encrypted")
    assert sorted(extraction.text.splitlines()) == sorted(DEAL)
    assert extraction.detail == "3 files inside are protected by a password"


def test_an_archive_whose_names_are_encrypted_too_says_so(pool: ExtractionPool, tmp_path: Path) -> None:
    (tmp_path / "4.rar").write_bytes(rar_4({}, locked_names=True))
    (tmp_path / "5.rar").write_bytes(rar_5({}, locked_names=True))
    for path in (FILES / "7z-locked-names.7z", tmp_path / "4.rar", tmp_path / "5.rar"):
        extraction = read(pool, path)
        assert (extraction.state, extraction.reason) == ("failed", "encrypted"), path.name


def test_one_locked_file_among_open_ones_does_not_hide_them(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "mixed.zip"
    path.write_bytes((FILES / "info-zip-locked.zip").read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("відкритий.txt", "видно всім")
    extraction = read(pool, path)
    assert (extraction.state, extraction.reason) == ("done", "encrypted")
    assert "видно всім" in extraction.text


def test_names_in_the_encoding_of_dos_are_read(pool: ExtractionPool) -> None:
    assert read(pool, FILES / "dos-names.zip").text == "Акт сверки.txt\nАкт выполненных работ"


def test_archives_in_archives_are_read(pool: ExtractionPool) -> None:
    text = read(pool, FILES / "nested.zip").text
    assert text.split("\n\n") == [
        "middle.7z",
        "inner.zip",
        "Угода 42/Нотатки.txt\nЗателефонувати Олені щодо знижки",
    ]


def test_a_plain_tar_and_a_single_compressed_file_are_read(pool: ExtractionPool) -> None:
    assert read(pool, FILES / "tar.tar").text == "Угода 42/Нотатки.txt\nЗателефонувати Олені щодо знижки"
    assert read(pool, FILES / "Нотатки.txt.gz").text == "Нотатки.txt\nЗателефонувати Олені щодо знижки"


@pytest.mark.parametrize("rar", [rar_4, rar_5])
def test_rar_of_both_kinds_is_read(
    pool: ExtractionPool, tmp_path: Path, rar: Callable[[Mapping[str, bytes]], bytes]
) -> None:
    path = tmp_path / "deal.rar"
    path.write_bytes(rar({"Угода 42/лист.txt": "Лист постачальника".encode(), "b.txt": b"letter"}))
    extraction = read(pool, path)
    assert (extraction.state, extraction.reason) == ("done", "")
    assert extraction.text == "Угода 42/лист.txt\nЛист постачальника\n\nb.txt\nletter"


def test_an_encrypted_file_in_rar_5_is_not_taken_for_text(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "locked.rar"
    path.write_bytes(rar_5({"a.txt": b"noise", "b.txt": b"noise"}, locked=True))
    extraction = read(pool, path)
    assert (extraction.state, extraction.reason) == ("done", "encrypted")
    assert extraction.text.split() == ["a.txt", "b.txt"]


def test_a_file_that_cannot_be_read_does_not_spoil_the_others(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("зламаний.pdf", b"%PDF-1.7\ngarbage")
        archive.writestr("добрий.txt", "усе гаразд")
        archive.writestr("кліп.mp4", b"\x00\x00\x00\x18ftypmp42 no reader, no trouble")
    extraction = read(pool, path)
    assert (extraction.state, extraction.reason) == ("done", "damaged")
    assert extraction.detail == "of 3 files inside, not read or not to the end: 1 damaged"
    assert "зламаний.pdf\n\nдобрий.txt\nусе гаразд\n\nкліп.mp4" in extraction.text


def test_an_empty_archive_is_empty(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "empty.zip"
    zipfile.ZipFile(path, "w").close()
    assert pool.extract(path, "application/zip", "empty.zip").state == "empty"


def test_without_libarchive_the_answer_says_what_to_install(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys
        from ecm.extraction.nested import Readers
        from ecm.extraction.readers import make_extractors
        from ecm.extraction.reading import read_file
        request = {"path": sys.argv[1], "media_type": "application/zip", "filename": "a.zip"}
        request |= {"time_limit_s": 60, "recognize": False}
        answer = read_file(Readers(make_extractors()), request, 1000)
        print(answer["state"], answer["reason"], answer["detail"])
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(FILES / "info-zip.zip")],
        env={**os.environ, "LIBARCHIVE": str(tmp_path / "nothing.so")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("unsupported unsupported archives are read by libarchive, which is not")
    assert "install the package libarchive13" in done.stdout
