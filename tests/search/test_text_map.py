from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecm.search.analysis import Analyzer
from ecm.search.query import parse
from ecm.search.snippets import LENGTH_CHARS, Highlighter
from ecm.search.text_map import MAPPED_CHARS, MAPPED_FROM_CHARS, TextMap, make_map, mapped_word

FILLING = "Вступ до документа, у якому ще нічого немає. " * 40
WORDS = (
    "Договір",
    "договору",
    "договірний",
    "рахунки",
    "ра\u2019хунок",
    "акт",
    "акти",
    "активний",
    "и",
    "ёлки",
)
TEXTS = st.lists(
    st.sampled_from((*WORDS, "12/2026-К", ". ", "'", "\n", "довгий пропуск " * 9)), max_size=60
).map(lambda pieces: " ".join([FILLING, *pieces, FILLING]))
QUERIES = (
    "договір",
    "рахунок",
    "акт",
    "догов*",
    "а*",
    "12/2026",
    "договір рахунок",
    '"акт договору"',
    "акт ялинка",
)


def text_map(text: str) -> TextMap:
    data = make_map(text)
    assert data is not None
    return TextMap(data)


def read(highlighter: Highlighter, text: str) -> tuple[str, list[int]]:
    """The snippet, and how many characters of the text each piece had that it took."""
    reading, chars = highlighter.read(text_map(text)), list[int]()
    while reading.wanted is not None:
        start, end = reading.wanted
        highlighter.look([(reading, text[start:end])])
        chars.append(end - start)
    return highlighter.show([reading.fragment])[0], chars


@pytest.mark.parametrize(
    ("word", "query", "marked"),
    [
        ("ДОГОВОРАМИ", "договір", "ДОГОВОРАМИ"),
        ("комп\u2019ютерам", "комп'ютер", "комп\u2019ютерам"),
        ("ЁЛКИ", "елка", "ЁЛКИ"),
        ("Ґанку", "ганок", "Ґанку"),
        ("договiр", "договір", "договiр"),  # a Latin i
        ("Invoices", "invoice", "Invoices"),
        ("відповідальності", "відповідальність", "відповідальності"),
        ("Агротрейдом", "агротрейд", "Агротрейдом"),
        ("№ 12/2026-К", "12/2026-к", "12/2026-К"),
        ("договору поставки", '"договір поставка"', "договору поставки"),
        ("постачанням", "постач*", "постачанням"),
        ("договором", '="договором"', "договором"),
    ],
)
def test_what_stands_late_in_a_long_text_is_found_without_reading_it(
    analyzer: Analyzer, word: str, query: str, marked: str
) -> None:
    html, chars = read(Highlighter(parse(query), analyzer), FILLING * 30 + word + " " + FILLING)
    assert f"<mark>{marked}</mark>" in html
    assert sum(chars) <= 1000


def test_a_text_with_nothing_of_it_gives_its_beginning_at_once(analyzer: Analyzer) -> None:
    highlighter = Highlighter(parse("відсутнє"), analyzer)
    html, chars = read(highlighter, FILLING * 30)
    assert html == highlighter.snippet(FILLING * 30)
    assert sum(chars) <= 1000


@settings(max_examples=60)
@given(TEXTS, st.sampled_from(QUERIES))
def test_reading_by_the_map_finds_what_reading_all_of_it_finds(
    analyzer: Analyzer, text: str, query: str
) -> None:
    highlighter = Highlighter(parse(query), analyzer)
    by_map, looks = read(highlighter, text)
    best = different(highlighter, highlighter.snippet(text))
    if len(looks) < 3:  # as many as are taken before it is content with less
        assert different(highlighter, by_map) == best
    assert bool(different(highlighter, by_map)) == bool(best) or len(looks) > 3


def different(highlighter: Highlighter, html: str) -> int:
    """How many of the things sought are marked."""
    return len({highlighter._judge(word) for word in re.findall("<mark>(.*?)</mark>", html)})


@settings(max_examples=40)
@given(st.text(alphabet="догвірДОГВРiI'\u2019 -\n", max_size=400))
def test_the_map_knows_every_word(text: str) -> None:
    text = FILLING + text
    the_map = text_map(text)
    for word in re.finditer(r"(?<![^\W_])(?<![^\W_]['\u2019])[^\W_]+", text):
        blocks = list(the_map.promising([[mapped_word((word[0],))]] * 2, LENGTH_CHARS))
        assert any(block.start <= word.start() < block.end for block in blocks)


def test_a_short_text_needs_no_map() -> None:
    assert make_map("д" * (MAPPED_FROM_CHARS - 1)) is None
    assert make_map("") is None


def test_a_map_tells_the_length_of_its_text_and_covers_the_first_of_it(analyzer: Analyzer) -> None:
    text = "слово " * (MAPPED_CHARS // 6 + 1) + "договір"
    assert text_map(text).text_chars == len(text)
    assert list(text_map(text).promising(Highlighter(parse("договір"), analyzer).mapped, LENGTH_CHARS)) == []


def test_a_map_takes_a_fraction_of_the_text_and_hostile_texts_no_more() -> None:
    for text in ("а" * 100_000, "а'" * 50_000, "'" * 100_000, "а б " * 25_000, "\U00010400 " * 50_000):
        data = make_map(text)
        assert data is not None
        assert len(data) < len(text)


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\x63\x00", b"\x01\x00" + bytes(10)])
def test_what_is_no_map_is_refused(damage: bytes) -> None:
    with pytest.raises(ValueError, match=r"map|length"):
        TextMap(damage)


def test_a_damaged_map_is_refused() -> None:
    data = make_map(FILLING)
    assert data is not None
    for broken in (data[:-1], data[:-2], data[:40], data + b"\x00\x00"):
        with pytest.raises(ValueError, match=r"map|length"):
            TextMap(broken)


def test_a_reading_that_is_done_takes_no_more(analyzer: Analyzer) -> None:
    highlighter = Highlighter(parse("договір"), analyzer)
    reading = highlighter.read(text_map(FILLING))
    while reading.wanted is not None:
        highlighter.look([(reading, FILLING[slice(*reading.wanted)])])
    with pytest.raises(ValueError, match="nothing"):
        highlighter.look([(reading, "")])
