"""Web pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

ReadText = Callable[[Path, str], str]


@pytest.fixture
def read_page(read_text: ReadText, tmp_path: Path) -> Callable[[bytes], str]:
    def read(page: bytes) -> str:
        path = tmp_path / "offer.html"
        path.write_bytes(page)
        return read_text(path, "text/html")

    return read


def test_blocks_are_lines_and_inline_marks_part_no_word(read_page: Callable[[bytes], str]) -> None:
    page = """<!doctype html><html><head><title>Пропозиція</title></head><body>
      <h1>Пропозиція</h1><p>Оплата за рахун<b>ка</b>ми<br>до
      кінця   місяця</p>після<ul><li>сервер</li><li>кабель</li></ul></body></html>"""
    assert read_page(page.encode()).splitlines() == [
        "Пропозиція",
        "",
        "Пропозиція",
        "Оплата за рахунками",
        "до кінця місяця",
        "після",
        "сервер",
        "кабель",
    ]


def test_a_row_of_a_table_is_a_line(read_page: Callable[[bytes], str]) -> None:
    page = "<table><tr><th>Товар<th>Ціна</tr><tr><td>Сервер</td><td>125 000</td></tr></table>"
    assert read_page(page.encode()) == "Товар\tЦіна\nСервер\t125 000"


def test_scripts_and_styles_are_not_text(read_page: Callable[[bytes], str]) -> None:
    page = """<body><style>.a{}</style><script>var secret = 1;</script><template>шаблон</template>
      <noscript>увімкніть</noscript><!-- нотатка --><p>видиме</p>"""
    assert read_page(page.encode()) == "видиме"


def test_what_is_said_of_pictures_fields_and_the_page_is_read(read_page: Callable[[bytes], str]) -> None:
    page = """<meta name="Description" content="Опис сторінки"><p><img src=x alt="План складу">
      <input value="введене"><input type=hidden value="токен"></p>"""
    text = read_page(page.encode())
    assert "Опис сторінки" in text
    assert "План складу" in text
    assert "введене" in text
    assert "токен" not in text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8_u"])
def test_a_page_without_a_charset_is_read_in_any(read_page: Callable[[bytes], str], encoding: str) -> None:
    assert read_page("<p>Оплата за рахунками</p>".encode(encoding)) == "Оплата за рахунками"


def test_a_declared_charset_is_believed_unless_the_bytes_say_otherwise(
    read_page: Callable[[bytes], str],
) -> None:
    declared = '<meta http-equiv="Content-Type" content="text/html; charset={}"><p>{}</p>'
    assert read_page(declared.format("windows-1251", "Ґ").encode("cp1251")) == "Ґ"
    assert read_page(declared.format("iso-8859-2", "źdźbło").encode("iso8859_2")) == "źdźbło"
    assert read_page(declared.format("windows-1251", "рахунок").encode()) == "рахунок"
    assert read_page(declared.format("utf-8", "рахунок").encode("cp1251")) == "рахунок"
    assert read_page(declared.format("zlib", "рахунок").encode("cp1251")) == "рахунок"
    assert read_page(declared.format("no-such", "рахунок").encode("cp1251")) == "рахунок"


def test_broken_markup_is_read(read_page: Callable[[bytes], str]) -> None:
    assert read_page("<p>один <b>два <table><td>три <<< чотири".encode()) != ""
    assert read_page(b"") == ""


def test_a_page_nested_very_deeply_gives_its_words(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "deep.html"
    path.write_text("<p>початок</p>" + "<div>" * 200_000 + "глибина &amp; край<script>alert(1)</script>")
    assert read_text(path, "text/html").split() == ["початок", "глибина", "&", "край"]
