"""Office files that real programs made: every part of each is in its text (tests/files/office/README.md)."""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecm.extraction import ExtractionPool
from ecm.extraction.interface import Extraction
from ecm.media_types import MediaTypeDetector
from tests.ecm.extraction.compound_file import compound_file

FILES = Path(__file__).parents[2] / "files" / "office"
CONTRACT = [
    "Договір поставки № 12/2026-К",
    "Постачальник зобов’язується передати сервери, а покупець — їх оплатити",
    "Ґанок, єнот, їжак, кур’єр.",
    "объём и цена указаны ниже",
    "The supplier delivers the goods — “as is” — within 30 days; price: 1 250 €",
    "умови постачання",
    "Товар\tКількість\tЦіна\nКомутатор\t4\t15 000,50",
    "другий пункт",
    "Колонтитул угорі: ТОВ «Альфа»",
    "Колонтитул унизу: конфіденційно",
    "Виноска: ціна без ПДВ",
    "Кінцева примітка: подъезд со двора",
    "Примітка рецензента: узгодити знижку",
    "Напис у рамці: терміново",
    "Слово у фігурі: печатка",
    "Договір поставки обладнання",
    "Постачання серверів",
    "маршрутизатор",
]
CELLS = ["Прайс", "Найменування", "Объём", "Сервер Ґрифон", "12500.5", "Щит распределительный"]
CELLS += ["Постачальники", "ТОВ «Їжак»", "Прихований", "собівартість таємна", "Прайс на січень"]
COMMENT = "Коментар до комірки: перевірити"
AROUND_CELLS = [COMMENT, "Напис на аркуші: знижка", "Верхній колонтитул аркуша", "Нижній колонтитул аркуша"]
SLIDES = [
    "Перший слайд: вступ",
    "Мета: впровадження обліку",
    "Цель: объединить склады",
    "Second slide: a free text box",
    "Стрілка до Ґанку",
    "Етап",
    "Строк виконання",
    "Нотатки доповідача: привітатися",
    "Нотатки другого слайда: подякувати",
    "Зауваження до слайда: скоротити",
    "Презентація проєкту",
]
LETTER = [
    "Рахунок на оплату № 17",
    "Іван Ґалаґан ivan@beta.example",
    "Олена Петренко olena@alfa.example",
    "Олег Щербак oleg@beta.example",
    "Комутатор\t4 шт.",
    "Просимо оплатити до п’ятниці.",
    "prices.xls",
    "Щит распределительный",
]
EXPECTED = {
    "contract.doc": CONTRACT,
    "contract.rtf": CONTRACT,
    "contract.docx": CONTRACT,
    "contract.odt": CONTRACT,
    "prices.xls": [*CELLS, *AROUND_CELLS, "Сервер Ґрифон\t3\t12500.5\t2026-01-15"],
    "prices.xlsx": [*CELLS, *AROUND_CELLS, "Сервер Ґрифон\t3\t12500.5\t2026-01-15"],
    "prices.ods": [*(each for each in CELLS if each != "12500.5"), *AROUND_CELLS],
    "prices.xlsb": [*CELLS, COMMENT],
    "opens-for-all.xls": [*CELLS, *AROUND_CELLS],
    "opens-for-all.xlsx": [*CELLS, *AROUND_CELLS],
    "excel-5.xls": ["Price", "12500.5", "2026-01-15"],
    "slides.pptx": SLIDES,
    "slides.odp": SLIDES,
    "slides.ppt.gz": [*SLIDES, "Нижній рядок слайда"],
    "letter-html.msg": LETTER,
    "letter-text.msg": ["Нагадування", "Чекаємо на підписаний акт.", "С уважением, Щукин"],
}
SECRET = ["secret.docx", "secret.xlsx", "secret.pptx", "secret.xls"]
KINDS = {
    "contract.doc": "application/msword",
    "contract.rtf": "text/rtf",
    "prices.xls": "application/vnd.ms-excel",
    "excel-5.xls": "application/vnd.ms-excel",
    "slides.ppt.gz": "application/vnd.ms-powerpoint",
    "letter-text.msg": "application/vnd.ms-outlook",
    "prices.xlsb": "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    "secret.docx": "application/encrypted",
}


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    with ExtractionPool() as pool:
        yield pool


@pytest.fixture(scope="module")
def detector() -> MediaTypeDetector:
    return MediaTypeDetector()


def content_of(name: str) -> bytes:
    content = (FILES / name).read_bytes()
    return gzip.decompress(content) if name.endswith(".gz") else content


def read(pool: ExtractionPool, detector: MediaTypeDetector, content: bytes, path: Path) -> Extraction:
    path.write_bytes(content)
    return pool.extract(path, detector.of_file(path, path.name), path.name)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_part_is_read(
    pool: ExtractionPool, detector: MediaTypeDetector, tmp_path: Path, name: str
) -> None:
    found = read(pool, detector, content_of(name), tmp_path / name.removesuffix(".gz"))
    assert (found.state, found.reason) == ("done", "")
    text = found.text.replace("\u00a0", " ")
    assert [each for each in EXPECTED[name] if each not in text] == []
    assert "викреслений" not in text


@pytest.mark.parametrize("name", SECRET)
def test_a_password_is_told(
    pool: ExtractionPool, detector: MediaTypeDetector, tmp_path: Path, name: str
) -> None:
    for filename in (name, "nameless"):
        found = read(pool, detector, content_of(name), tmp_path / filename)
        assert (found.state, found.reason) == ("failed", "encrypted")


def test_a_workbook_that_opens_for_all_is_read_under_any_name(
    pool: ExtractionPool, detector: MediaTypeDetector, tmp_path: Path
) -> None:
    found = read(pool, detector, content_of("opens-for-all.xlsx"), tmp_path / "nameless")
    assert "Щит распределительный" in found.text


def test_a_word_file_that_says_it_is_encrypted_is_refused(
    pool: ExtractionPool, detector: MediaTypeDetector, tmp_path: Path
) -> None:
    document = bytearray(content_of("contract.doc"))
    block = document.index(b"\xec\xa5", 512)
    document[block + 11] |= 0x01
    found = read(pool, detector, bytes(document), tmp_path / "secret.doc")
    assert (found.state, found.reason) == ("failed", "encrypted")


@pytest.mark.parametrize("name", KINDS)
def test_kinds_are_told_by_content(detector: MediaTypeDetector, tmp_path: Path, name: str) -> None:
    path = tmp_path / "blob"
    path.write_bytes(content_of(name))
    assert detector.of_file(path, "nameless") == KINDS[name]
    assert detector.of_bytes(path.read_bytes(), "wrong.txt") == KINDS[name]


def test_word_6_is_read_in_the_code_page_of_its_language(
    pool: ExtractionPool, detector: MediaTypeDetector, tmp_path: Path
) -> None:
    body, footnote = "Акт № 5\rПідписано\r".encode("cp1251"), "Примітка\r".encode("cp1251")
    block = bytearray(0x300)
    struct.pack_into("<HHHH", block, 0, 0xA5DC, 0x65, 0, 0x0422)
    struct.pack_into("<II", block, 0x18, 0x300, 0x300 + len(body) + len(footnote))
    struct.pack_into("<II", block, 0x34, len(body), len(footnote))
    content = compound_file({"WordDocument": bytes(block) + body + footnote})
    found = read(pool, detector, content, tmp_path / "act.doc")
    assert (found.state, found.text) == ("done", "Акт № 5\nПідписано\nПримітка")


RICH = {
    rb"{\rtf1\ansi\ansicpg1251 \'c4\'ee\'e3\'ee\'e2\'b3\'f0}": "Договір",
    rb"{\rtf1\ansi{\fonttbl{\f0\fcharset204 A;}{\f1\fcharset238 B;}}\f0\'c0\'ea\'f2 {\f1\'b9} \'b9 5}": (
        "Акт ą № 5"
    ),
    rb"{\rtf1\uc2 \u1040\'c0\'c0\u1082??\uc0\u1090 }": "Акт",
    rb"{\rtf1 a{\footnote note}b{\header top}{\*\unknown no}{\field{\*\fldinst X}{\fldrslt y}}}": (
        "aby\nnote\ntop"
    ),
    rb"{\rtf1 a{\deleted gone}{\pict\bin5 }}}{}}b}": "ab",
    rb"{\rtf1 \u-10179?\u-8704?}": "\U0001f600",
    rb"{\rtf1{\upr{\title ??}{\*\ud{\title \u1047?}}}x}": "x\n\nЗ",
}


@pytest.mark.parametrize("markup", RICH)
def test_rich_text(pool: ExtractionPool, detector: MediaTypeDetector, tmp_path: Path, markup: bytes) -> None:
    found = read(pool, detector, markup, tmp_path / "a.rtf")
    assert found.state == "done"
    assert [line for line in found.text.split("\n") if line] == [
        line for line in RICH[markup].split("\n") if line
    ]


BINARY = [
    "contract.doc",
    "contract.rtf",
    "prices.xls",
    "prices.xlsb",
    "opens-for-all.xlsx",
    "letter-text.msg",
]


@pytest.mark.parametrize("name", [*BINARY, "slides.ppt.gz"])
def test_a_file_cut_short_or_broken_anywhere_ends_well(
    pool: ExtractionPool, detector: MediaTypeDetector, tmp_path: Path, name: str
) -> None:
    whole = content_of(name)
    filename = name.removesuffix(".gz")
    kind = KINDS.get(name) or detector.of_bytes(whole, filename)
    path = tmp_path / filename
    for step in range(1, 4):
        place = len(whole) * step // 4
        broken = bytearray(whole)
        broken[place : place + 64] = b"\xff" * 64
        for content in (whole[:place], bytes(broken)):
            path.write_bytes(content)
            found = pool.extract(path, kind, filename)
            assert found.state in ("done", "empty", "failed")
            assert found.reason in ("", "damaged", "encrypted", "too_large", "unsupported")
    path.write_bytes(whole)
    assert pool.extract(path, kind, filename).state == "done"


@pytest.mark.parametrize("kind", sorted(set(KINDS.values())))
def test_noise_behind_the_right_first_bytes_is_damaged(
    pool: ExtractionPool, tmp_path: Path, kind: str
) -> None:
    first = {"text/rtf": b"{\\rtf1 ", KINDS["prices.xlsb"]: b"PK\x03\x04"}
    path = tmp_path / "noise"
    noise = bytes(range(1, 256)) * 40
    path.write_bytes(first.get(kind, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") + noise)
    found = pool.extract(path, kind, "noise")
    assert found.reason == "damaged"
    if kind != "text/rtf":
        assert found.state == "failed"


def test_chains_that_go_round_end(pool: ExtractionPool, detector: MediaTypeDetector, tmp_path: Path) -> None:
    content = bytearray(compound_file({"WordDocument": bytes(8192)}))
    table = struct.unpack_from("<I", content, 76)[0]
    for index in range(24):  # every chain leads back to its first sector
        struct.pack_into("<I", content, (table + 1) * 512 + 4 * index, index & ~1)
    found = read(pool, detector, bytes(content), tmp_path / "round.doc")
    assert found.state == "failed"


def test_what_the_tests_write_as_a_compound_file_is_one() -> None:
    import olefile

    with olefile.OleFileIO(io.BytesIO(compound_file({"a": b"one", "b": b"two"}))) as ole:
        assert ole.openstream("b").read(3) == b"two"
