from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm.search.analysis import Analyzer
from ecm.search.query import Query, parse
from ecm.search.snippets import LENGTH_CHARS, Highlighter, snippet
from tests.contracts.engine_contract import QUERIES

BEFORE = "Вступ до документа, у якому ще нічого немає. " * 20
AFTER = " Далі йде решта тексту, і вона довга." * 200


def marked(analyzer: Analyzer, text: str, query: str) -> list[str]:
    return re.findall("<mark>(.*?)</mark>", snippet(text, parse(query), analyzer))


def plain(html: str) -> str:
    return unescape(html.replace("<mark>", "").replace("</mark>", ""))


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("Укладено ДОГОВОРИ з банком", "договір", ["ДОГОВОРИ"]),
        ("оплата рахунками", "рахунок", ["рахунками"]),
        ("новые счета", "счёт", ["счета"]),
        ("ЁЛКИ та елка", "елка", ["ЁЛКИ", "елка"]),
        ("комп’ютерів, КОМПʼЮТЕРАМ", "комп'ютер", ["комп’ютерів", "КОМПʼЮТЕРАМ"]),
        ("на ґанку", "ганок", ["ґанку"]),
        ("Дoгoвip, ДОГOВОPОМ", "договір", ["Дoгoвip", "ДОГOВОPОМ"]),  # with Latin o, i and p
        ("авто AB1234", "ав1234", ["AB1234"]),  # Latin in the text, Cyrillic in the query
        ("авто АВ1234", "ab1234", ["АВ1234"]),  # the other way round
        ("авто АВ1234", "ab12*", ["АВ1234"]),
        ("Invoices and invoice", "invoicing", ["Invoices", "invoice"]),
        ("пішов, йшла, йде, дійде", "йти", ["йшла", "йде"]),
        ("люди й людина", "людина", ["люди", "людина"]),
        ("договірна ціна, договір", "договір", ["договір"]),
        ("об'єкт і єкт", "єкт", ["єкт"]),
        ("'договір' та ‘договору’", "договір", ["договір", "договору"]),
        ("№ 12/2026-К", "12/2026-к", ["12/2026-К"]),
        ("№ 12/2026-К", "2026", ["2026"]),
        ("№ 112/2026-К", "12/2026-к", []),
        ("Ivan.Petrenko@firma.com", "petrenko@firma.com", ["Petrenko@firma.com"]),
        ("договір купівлі-продажу", "купівля-продаж", ["купівлі-продажу"]),
        ("договір купівлі-продажу", "продаж", ["продажу"]),
        ("договір\n постачання, постачання договору", '"договір постачання"', ["договір постачання"]),
        ("договір на постачання", '"договір постачання"', []),
        ("договір постачання", "договір постачання", ["договір", "постачання"]),
        ("договором і договір", "договор*", ["договором"]),
        ("№ 12/2026-К", "12/20*", ["12/2026"]),
        ("ЁЛКИ", "ел*", ["ЁЛКИ"]),
        ("кіт і пес", "кіт OR пес", ["кіт", "пес"]),
        ("кіт і пес", "кіт -пес", ["кіт"]),
        ("кіт", "title:кіт", ["кіт"]),
        ("contract 42", "kind:contract deal:42", []),
        ("кіт", "", []),
        ("snake_case", "case", ["case"]),
        ("договір активний, договір", 'договір OR "договір акт"', ["договір", "договір"]),
        ("İstanbul: ΟΔΟΣ, договір", "договір οδος", ["ΟΔΟΣ", "договір"]),
    ],
)
def test_what_was_sought_is_marked_in_any_form(
    analyzer: Analyzer, text: str, query: str, found: list[str]
) -> None:
    assert marked(analyzer, text, query) == found


def test_a_fragment_around_what_was_found(analyzer: Analyzer) -> None:
    html = snippet(BEFORE + "Укладено договори постачання." + AFTER, parse("договір"), analyzer)
    assert html.startswith("…")
    assert html.endswith("…")
    assert "Укладено <mark>договори</mark> постачання." in html
    assert LENGTH_CHARS / 2 < len(plain(html)) <= LENGTH_CHARS + 2


def test_fragments_are_cut_between_words(analyzer: Analyzer) -> None:
    text = BEFORE + "Укладено договори постачання." + AFTER
    words = set(text.split())
    assert set(plain(snippet(text, parse("договір"), analyzer)).strip("…").split()) <= words


def test_the_fragment_with_most_of_the_words_is_taken(analyzer: Analyzer) -> None:
    text = f"Договір.{BEFORE}Сервер.{BEFORE}Договір на сервер і монтаж.{AFTER}"
    assert marked(analyzer, text, "договір сервер монтаж") == ["Договір", "сервер", "монтаж"]
    assert marked(analyzer, text, "договір сервер відсутнє") == ["Договір", "сервер"]


def test_a_text_with_nothing_of_it_gives_its_beginning(analyzer: Analyzer) -> None:
    html = snippet(BEFORE + AFTER, parse("відсутнє"), analyzer)
    assert html.startswith("Вступ до документа")
    assert html.endswith("…")
    assert snippet("  Короткий\n\nтекст ", parse("відсутнє"), analyzer) == "Короткий текст"
    assert snippet("", parse("договір"), analyzer) == ""


def test_everything_is_escaped(analyzer: Analyzer) -> None:
    html = snippet("<script>alert('договір' & \"x\")</script>", parse("договір"), analyzer)
    assert html == "&lt;script&gt;alert(&#x27;<mark>договір</mark>&#x27; &amp; &quot;x&quot;)&lt;/script&gt;"


def test_nothing_unprintable_reaches_a_page(analyzer: Analyzer) -> None:
    html = snippet("a\x00b\u202eдоговір\ud800\r\n\u2066c", parse("договір"), analyzer)
    assert html == "a b <mark>договір</mark> c"
    assert snippet("\ufffcдоговір\ufffd d", parse("договір"), analyzer) == "<mark>договір</mark> d"


def test_a_word_sought_twice_counts_once(analyzer: Analyzer) -> None:
    text = f"Договір.{BEFORE}Договір на сервер.{AFTER}"
    assert marked(analyzer, text, "договір договором сервер") == ["Договір", "сервер"]


def test_a_title_is_marked_as_a_whole(analyzer: Analyzer) -> None:
    title = "Договір <1> " + "про послуги " * 40
    html = Highlighter(parse("договорами послуга"), analyzer).mark(title)
    assert plain(html) == title
    assert html.startswith("<mark>Договір</mark> &lt;1&gt; про <mark>послуги</mark>")


def test_one_highlighter_serves_many_texts(analyzer: Analyzer) -> None:
    highlighter = Highlighter(parse("договір"), analyzer)
    for text in ("договори", "ДОГОВОРИ", "нічого", "догорів"):
        assert highlighter.snippet(text) == snippet(text, parse("договір"), analyzer)


def test_a_hostile_text_gives_no_longer_a_fragment(analyzer: Analyzer) -> None:
    highlighter = Highlighter(parse('договір "договір постачання" дог* a*'), analyzer)
    for text in (
        "догов'" * 50_000,
        "договір " * 50_000,
        "a" * 300_000,
        "договір" + "-" * 300_000,
        "'" * 300_000,
    ):
        assert len(plain(highlighter.snippet(text))) <= LENGTH_CHARS + 2


@given(st.text(), QUERIES)
def test_any_text_is_escaped_and_shown_as_it_is(analyzer: Analyzer, text: str, query: Query) -> None:
    html = snippet(text, query, analyzer)
    rest = html.replace("<mark>", "").replace("</mark>", "")
    assert html.count("<mark>") == html.count("</mark>")
    assert not set("<>\"'") & set(rest)
    assert "&" not in re.sub("&(?:amp|lt|gt|quot|#x27);", "", rest)
    shown = plain(html).strip("…").split()
    assert set("".join(shown)) <= set(text)


ALPHABET = st.text(alphabet="договірДОГОВОРИ рахунки -/'’.12К«», ", max_size=80)


@given(
    ALPHABET, st.sampled_from(("договір", "рахунок", "12/2", "дог*", '"договір рахунок"', "рахунки-договори"))
)
def test_a_snippet_marks_what_an_engine_finds(analyzer: Analyzer, text: str, query: str) -> None:
    highlighter = Highlighter(parse(query), analyzer)
    for found in re.findall("<mark>(.*?)</mark>", highlighter.mark(text)):
        assert highlighter.mark(unescape(found)) == f"<mark>{found}</mark>"


EDGES = [
    "договір",
    "постачання",
    "",
    " ",
    "␞" * 50,
    "на договір постачання",
    "договір\u241e",
    "х" * 500 + "договір",
]


@given(st.lists(st.sampled_from(EDGES) | st.text(max_size=300), max_size=6), QUERIES)
def test_many_are_marked_at_once_as_each_by_itself(
    analyzer: Analyzer, texts: list[str], query: Query
) -> None:
    highlighter = Highlighter(query, analyzer)
    assert shown(highlighter, texts) == [highlighter.snippet(text) for text in texts]


def test_no_phrase_spans_two_texts(analyzer: Analyzer) -> None:
    highlighter = Highlighter(parse('"договір постачання"'), analyzer)
    assert shown(highlighter, ["договір", "постачання", ""]) == ["договір", "постачання", ""]


def shown(highlighter: Highlighter, texts: list[str]) -> list[str]:
    """The snippets of texts that are searched at once."""
    readings = [highlighter.read_whole(text) for text in texts]
    highlighter.look(list(zip(readings, texts, strict=True)))
    return highlighter.show(reading.fragment for reading in readings)
