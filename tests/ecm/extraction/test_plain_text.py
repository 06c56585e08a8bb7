"""Plain text in the encodings that people here have, and its cleaning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm.extraction.cleaning import clean
from ecm.extraction.encodings import decode

ReadText = Callable[[Path, str], str]

UKRAINIAN = (
    "Оплата за рахунками",
    "Договір поставки обладнання № 14 від 05.03.2026",
    "Шановний Іване Петровичу! Надсилаємо рахунок-фактуру.",
    "ДОГОВІР ПРО НАДАННЯ ПОСЛУГ",
    "Рахунок; Сума; Дата\n128; 125000,00; 05.03.2026\n",
    "Ґанок, їжа, єдність і щастя: перевірка літер",
)
RUSSIAN = (
    "Оплата по счетам поставщика",
    "Договор на поставку оборудования № 14",
    "Уважаемый Пётр Иванович! Высылаем счёт.",
    "ТЕХНИЧЕСКОЕ ЗАДАНИЕ НА РАЗРАБОТКУ",
)


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251", "koi8_u", "cp1125"],
)
@pytest.mark.parametrize("text", UKRAINIAN)
def test_short_ukrainian_text_is_read_in_any_encoding(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding, "ignore")) == text.encode(encoding, "ignore").decode(encoding)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-16", "cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"]
)
@pytest.mark.parametrize("text", RUSSIAN)
def test_short_russian_text_is_read_in_any_encoding(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding, "ignore")) == text.encode(encoding, "ignore").decode(encoding)


def test_text_of_dos_with_a_latin_i_is_read() -> None:
    text = "Рахунок за послуги зв'язку, прийнятi в сiчнi"
    assert decode(text.encode("cp866")) == text


def test_figures_before_the_words_do_not_hide_them() -> None:
    text = "1;2;3\n" * 5000 + "Усього за рахунками"
    assert decode(text.encode("cp1251")) == text


@pytest.mark.parametrize("text", ["Größe der Müller GmbH, Straße", "Contract No. 14 of 5 March 2026"])
def test_western_text_is_not_taken_for_cyrillic(text: str) -> None:
    assert decode(text.encode("cp1252")) == text


def test_text_cut_in_the_middle_of_a_character_is_still_unicode() -> None:
    cut = "рахунок".encode()[:-1]
    assert decode(cut, cut=True) == "рахуно�"


@given(st.binary(max_size=400))
def test_any_bytes_give_text_that_can_be_stored(data: bytes) -> None:
    text = clean(decode(data))
    text.encode()
    assert "\x00" not in text
    assert clean(text) == text


def test_cleaning_keeps_paragraphs_and_cells_and_drops_what_nobody_sees() -> None:
    assert clean("\ufeffодин\x00 \u00a0 два\r\n\r\n\r\n\r\nтри\tчотири \t п'ять\rшість\u2028сім  ") == (
        "один два\n\nтри\tчотири\tп'ять\nшість\nсім"
    )
    assert clean("до\u00adго\u00adвір \u202eexe.pdf\u202c \ud800") == "договір exe.pdf"


@pytest.mark.parametrize(
    "media_type", ["text/plain", "text/csv", "text/markdown", "application/json", "text/xml"]
)
def test_text_of_every_kind_is_read(read_text: ReadText, tmp_path: Path, media_type: str) -> None:
    path = tmp_path / "text"
    path.write_bytes("Назва;Ціна\nСервер;125000,00\n".encode("cp1251"))
    assert read_text(path, media_type) == "Назва;Ціна\nСервер;125000,00"
