from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ecm.search.analysis import Analyzer
from ecm.search.errors import BadQuery
from ecm.search.interface import Entry
from ecm.search.query import (
    MAX_DEPTH,
    MAX_LENGTH,
    All,
    And,
    Exact,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Term,
    Uploaded,
    Word,
    all_of,
    any_of,
    of_client,
    of_kind,
    on_card,
    parse,
    parse_day,
    sought,
    tagged,
    uploaded,
)
from tests.contracts.engine_contract import deal, entry, firm, is_found_by_reading

A, B, C = Word("a"), Word("b"), Word("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", All()),
        ("  \t\n", All()),
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b", Or((A, B))),
        ("a b OR c", Or((And((A, B)), C))),
        ("a OR b OR c", Or((A, B, C))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("((((a))))", A),
        ("(a b) c", And((A, B, C))),
        ("a -b", And((A, Not(B)))),
        ("a NOT b", And((A, Not(B)))),
        ("NOT a", Not(A)),
        ("-a -b", And((Not(A), Not(B)))),
        ("-(a OR b)", Not(Or((A, B)))),
        ("NOT -a", Not(A)),
        ('"a b"', Phrase("a b")),
        ('-"a b" c', And((Not(Phrase("a b")), C))),
        ("«a b» “a b” „a b“", And((Phrase("a b"), Phrase("a b"), Phrase("a b")))),
        ('="a b"', Exact("a b")),
        ('-="a b" =«c»', And((Not(Exact("a b")), Exact("c")))),
        ('=a x="b"', And((Word("=a"), Word("x="), Phrase("b")))),
        ("a*", Prefix("a")),
        ("a* b*", And((Prefix("a"), Prefix("b")))),
        ("-a*", Not(Prefix("a"))),
        ("a*,", Prefix("a")),
        ("a,b;c", And((A, B, C))),
        ("-a,b", Not(And((A, B)))),
        ("12,50", Word("12,50")),
        ("or and not", And((Word("or"), Word("and"), Word("not")))),
        ("ORDER", Word("ORDER")),
    ],
)
def test_words_phrases_prefixes_and_operators(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("kind:contract", Term("kind", "contract")),
        ("Kind:contract", Term("kind", "contract")),
        ("kind: contract", Term("kind", "contract")),
        ("deal:42", Term("card", "42")),
        ("client:42, b", And((Term("card", "42"), B))),
        ("deal:crm-7", Or((Term("card", "crm-7"), Word("crm-7", "deal")))),
        ("deal:a", Word("a", "deal")),
        ('deal:"a b"', Phrase("a b", "deal")),
        ("client:(a b*)", And((Word("a", "client"), Prefix("b", "client")))),
        ('client:="a"', Exact("a", "client")),
        ("format:pdf", Term("format", "pdf")),
        ("by:olena@alfa.example", Term("by", "olena@alfa.example")),
        ("year:2026", Uploaded(date(2026, 1, 1), date(2026, 12, 31))),
        ("card:42", Term("card", "42")),
        ("by:7 type:pdf", And((Term("by", "7"), Term("type", "pdf")))),
        ('tag:"дуже терміново"', Term("tag", "дуже терміново")),
        ("tag:a:b", Term("tag", "a:b")),
        ("tag:foo:bar", Term("tag", "foo:bar")),
        ("-tag:a", Not(Term("tag", "a"))),
        ("kind:(a OR b)", Or((Term("kind", "a"), Term("kind", "b")))),
        ("-kind:(a OR b) c", And((Not(Or((Term("kind", "a"), Term("kind", "b")))), C))),
        ("title:a", Word("a", "title")),
        ("title:a b", And((Word("a", "title"), B))),
        ("title:(a b)", And((Word("a", "title"), Word("b", "title")))),
        ("title:(a tag:b)", And((Word("a", "title"), Term("tag", "b")))),
        ('title:"a b"', Phrase("a b", "title")),
        ("title:a*", Prefix("a", "title")),
        ("from:2026-01-31", Uploaded(first=date(2026, 1, 31))),
        ("to:31.01.2026", Uploaded(last=date(2026, 1, 31))),
        ('from:"2026-1-3"', Uploaded(first=date(2026, 1, 3))),
        ("(deal:42)", Term("card", "42")),
        ("card:a", Term("card", "a")),
    ],
)
def test_fields(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("№ 12/2026-К", Word("12/2026-К")),
        ("ivan@firma.com.ua", Word("ivan@firma.com.ua")),
        ("mailto:ivan@firma.com.ua", Word("mailto:ivan@firma.com.ua")),
        ("https://alfa.example/act", Word("https://alfa.example/act")),
        ("12:30", Word("12:30")),
        ("C:\\docs", Word("C:\\docs")),
        ("Re: a", And((Word("Re:"), A))),
        ("Тема: a", And((Word("Тема:"), A))),
        ("From: a", And((Word("From:"), A))),
        ("ТОВ «Альфа", And((Word("ТОВ"), Word("Альфа")))),
        ("- a", A),
        ("a - b", And((A, B))),
        ("a — b", And((A, B))),
        ("--a", Word("--a")),
        ("a-b", Word("a-b")),
        ("a & b", And((A, B))),
        ("(044)-123-45", And((Word("044"), Word("-123-45")))),
        ("a* * *b", And((Prefix("a"), Word("*b")))),
        ("!!! ??? ***", All()),
    ],
)
def test_what_people_paste_is_words(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("OR", All()),
        ("AND", All()),
        ("NOT", All()),
        ("a OR", A),
        ("OR a", A),
        ("a AND", A),
        ("a NOT", A),
        ("a OR OR b", Or((A, B))),
        ("a OR (", None),
        ("()", All()),
        ("(OR) a", A),
        ("a () b", And((A, B))),
        ('""', All()),
        ('"!" a', A),
        ("kind:", All()),
        ("a kind:", A),
        ("(a kind:)", A),
        ("-kind: ", All()),
        ("kind: OR a", A),
        ("kind: tag:a", Term("tag", "a")),
        ("from: ", All()),
        ('tag:"" a', A),
        ('a from:""', A),
    ],
)
def test_what_is_left_hanging_is_ignored(text: str, tree: Query | None) -> None:
    if tree is None:
        with pytest.raises(BadQuery):
            parse(text)
    else:
        assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "reason", "position", "fragment"),
    [
        ('"a', "unclosed_quote", 0, '"a'),
        ('a "b" "c', "unclosed_quote", 6, '"c'),
        ('title:"a', "unclosed_quote", 6, '"a'),
        ('24"', "unclosed_quote", 2, '"'),
        ("(a", "unclosed_parenthesis", 0, "("),
        ("(a (b)", "unclosed_parenthesis", 0, "("),
        ("a (b (c", "unclosed_parenthesis", 5, "("),
        ("a)", "stray_parenthesis", 1, ")"),
        (")", "stray_parenthesis", 0, ")"),
        ("a (b) )", "stray_parenthesis", 6, ")"),
        ("foo:bar", "unknown_field", 0, "foo"),
        ("a тип:b", "unknown_field", 2, "тип"),
        ("-foo:bar", "unknown_field", 1, "foo"),
        ('foo:"a b"', "unknown_field", 0, "foo"),
        ("foo:(a)", "unknown_field", 0, "foo"),
        ("from:2026-02-30", "bad_date", 5, "2026-02-30"),
        ("a to:завтра", "bad_date", 5, "завтра"),
        ("from: 2026", "bad_date", 6, "2026"),
        ("a year:26", "bad_date", 7, "26"),
        ("year:0000", "bad_date", 5, "0000"),
        ('a ="b', "unclosed_quote", 3, '"b'),
        ('to:"32.01.2026"', "bad_date", 4, "32.01.2026"),
        ("from:(2026-01-01 OR x)", "bad_date", 20, "x"),
        ("from:٢٠٢٦-01-01", "bad_date", 5, "٢٠٢٦-01-01"),
    ],
)
def test_what_cannot_be_understood_is_pointed_at(
    text: str, reason: str, position: int, fragment: str
) -> None:
    with pytest.raises(BadQuery) as raised:
        parse(text)
    assert (raised.value.reason, raised.value.position, raised.value.fragment) == (reason, position, fragment)
    assert raised.value.code == "bad_query"


def test_a_query_has_a_length_and_a_depth_that_it_may_not_pass() -> None:
    longest = "ab " * (MAX_LENGTH // 3)
    assert isinstance(parse(longest), And)
    with pytest.raises(BadQuery) as raised:
        parse(longest.ljust(MAX_LENGTH) + "x")
    assert (raised.value.reason, raised.value.position) == ("too_long", MAX_LENGTH)
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == A
    with pytest.raises(BadQuery) as raised:
        parse("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1))
    assert (raised.value.reason, raised.value.position) == ("too_deep", MAX_DEPTH)


def depth(query: Query) -> int:
    match query:
        case And(parts) | Or(parts):
            return 1 + max(map(depth, parts))
        case Not(part):
            return 1 + depth(part)
    return 1


SIGNS = ("(", ")", '"', "«", "»", "-", "--", "*", ":", "OR", "AND", "NOT", "kind:", "title:", "from:", "foo:")
PIECES = st.sampled_from(
    (
        *SIGNS,
        "a",
        "договір",
        "12/2026-К",
        "2026-01-01",
        "http://",
        " ",
        "  ",
        "\t",
        "\x00",
        "\u2028",
        "\u0301",
    )
)


@settings(max_examples=2000)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join)))
@example("(" * 500)
@example("NOT " * 250)
@example("-(" * 400)
@example('title:("' + "(" * 50)
@example('kind:(a"x"OR b)')
def test_any_text_is_a_query_or_is_pointed_at(text: str) -> None:
    tree, refused = None, None
    try:
        tree = parse(text)
    except BadQuery as error:
        refused = error
    if refused is not None:
        assert 0 <= refused.position < len(text)
        assert refused.fragment
    if tree is not None:
        assert depth(tree) <= 3 * MAX_DEPTH + 3
        assert all(leaf.text for leaf in sought(tree))


def test_trees_compare_by_value_and_are_hashable() -> None:
    tree = parse('a "b c" -kind:x (d OR e*) from:2026-01-01')
    assert tree == parse('a "b c" -kind:x (d OR e*) from:2026-01-01')
    assert {tree: 1}[tree] == 1
    with pytest.raises(AttributeError):
        A.text = "changed"  # type: ignore[misc]


def test_programs_narrow_what_people_typed() -> None:
    narrowed = all_of(
        [parse("a OR b"), of_kind("contract"), on_card("42"), tagged("x"), uploaded(last=date.max)]
    )
    parts = (
        Or((A, B)),
        Term("kind", "contract"),
        Term("card", "42"),
        Term("tag", "x"),
        Uploaded(None, date.max),
    )
    assert narrowed == And(parts)
    assert all_of([parse(""), uploaded()]) == All()
    assert all_of([parse("a b"), of_kind("x")]) == And((A, B, Term("kind", "x")))
    assert any_of([A, Or((B, C))]) == Or((A, B, C))
    assert any_of([A]) == A
    with pytest.raises(ValueError, match="at least one"):
        any_of([])


def test_what_a_hit_was_found_by() -> None:
    assert list(sought(parse('a -b (c* OR "d e") kind:x -(f g)'))) == [A, Prefix("c"), Phrase("d e")]


@pytest.mark.parametrize("text", ["2026-01-31", "2026-1-31", "31.01.2026", "31.1.2026"])
def test_days_are_written_in_two_ways(text: str) -> None:
    assert parse_day(text) == date(2026, 1, 31)


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-01", "31/01/2026", "2026-00-01", "0000-01-01", " 2026-01-01"]
)
def test_other_days_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"day|year|month|range"):
        parse_day(text)


GROUPED = Or((And((Word("1"), Word("250"))), Word("1250")))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 250", GROUPED),
        ("1\u00a0250", GROUPED),
        ("1\u202f250;", GROUPED),
        ("(1 250)", GROUPED),
        ("a 1 250 b", And((A, GROUPED, B))),
        ("25 1 250", And((Word("25"), GROUPED))),
        ("NOT (1 250)", Not(GROUPED)),
        ("1 250,00", Or((And((Word("1"), Word("250,00"))), Word("1250,00")))),
        ("1 250 000", Or((And((Word("1"), Word("250"), Word("000"))), Word("1250000")))),
        ('"1 250,5 a"', Or((Phrase("1 250,5 a"), Phrase("1250,5 a")))),
        # These are no numbers in groups.
        ("1 2505", And((Word("1"), Word("2505")))),
        ("2026 250", And((Word("2026"), Word("250")))),
        ("12 2026", And((Word("12"), Word("2026")))),
        ("1 250-К", And((Word("1"), Word("250-К")))),
        ("1 250,000", And((Word("1"), Word("250,000")))),
        ("1  250", And((Word("1"), Word("250")))),
        ("1\t250", And((Word("1"), Word("250")))),
        ("-1 250", And((Not(Word("1")), Word("250")))),
        ("deal:1 250", And((Term("card", "1"), Word("250")))),
        ('"2026 250"', Phrase("2026 250")),
        ('="1 250"', Exact("1 250")),
    ],
)
def test_a_number_in_groups_is_also_one_number(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    "typed", ["1250", "1 250", "1\u00a0250", '"1 250"', "1250,00", "1 250,00", '"1 250,00 грн"']
)
def test_numbers_find_each_other_in_groups_and_without(analyzer: Analyzer, typed: str) -> None:
    for written in ("1250,00 грн", "1 250,00 грн", "1\u00a0250,00 грн", "1\u202f250,00 грн"):
        assert is_found_by_reading(parse(typed), entry("1", f"Сума: {written}"), analyzer), written
    for written in ("12500 грн", "11 250 грн", "1 251,00 грн", "250 грн", "1250000 грн"):
        assert not is_found_by_reading(parse(typed), entry("1", f"Сума: {written}"), analyzer), written


@pytest.mark.parametrize(
    ("client", "tree"),
    [
        ("42", Term("card", "42")),
        ("crm-7", Or((Term("card", "crm-7"), Word("crm-7", "client")))),
        ("ТОВ «Альфа»", And((Word("ТОВ", "client"), Word("«Альфа»", "client")))),
        ('a "b', And((Word("a", "client"), Word('"b', "client")))),
        ("a b*", And((Word("a", "client"), Prefix("b", "client")))),
        ("a OR (b", And((Word("a", "client"), Word("OR", "client"), Word("(b", "client")))),
        ("«» -", All()),
    ],
)
def test_a_client_is_an_id_or_words_and_no_query(client: str, tree: Query) -> None:
    assert of_client(client) == tree


def test_a_client_is_found_by_the_words_of_its_name(analyzer: Analyzer) -> None:
    one = entry("1", cards=(firm("ТОВ «Альфа Плюс»", "42"), deal("Ремонт")))
    for client in ("42", "альфі", "ТОВ «Альфа»", "плюс альфа"):
        assert is_found_by_reading(of_client(client), one, analyzer), client
    for client in ("4", "бета", "альфа бета", "ремонт"):
        assert not is_found_by_reading(of_client(client), one, analyzer), client


# The page that people read

PAGE = (Path(__file__).parents[2] / "docs" / "search.md").read_text("utf-8")
FOUND = {
    "договір постачання": entry("1", "договором", filename="постачання.txt"),
    '"постачання обладнання"': entry("1", "про постачання обладнань"),
    '="договором"': entry("1", "за Договором"),
    '="договором поставки"': entry("1", "договором поставки"),
    "договор*": entry("1", "договором"),
    "акт OR рахунок": entry("1", "рахунки"),
    "договір -оренда": entry("1", "договір купівлі"),
    "-оренда": entry("1", "договір"),
    "(акт OR рахунок) 2026": entry("1", "акти 2026"),
    "12/2026-К": entry("1", "№ 12/2026-К"),
    "1 250,00": entry("1", "сума 1250,00"),
    "1250": entry("1", "сума 1 250,00"),
    "petrenko@alfa.example": entry("1", "Petrenko@Alfa.example"),
    "kind:contract": entry("1", kind="contract"),
    "deal:42": entry("1", cards=("42",)),
    "deal:сервер": entry("1", cards=(deal("Постачання сервера"),)),
    'deal:"постачання сервера"': entry("1", cards=(deal("Постачання серверів"),)),
    "client:альфа": entry("1", cards=(firm("ТОВ «Альфа»"),)),
    "tag:urgent": entry("1", tags=("Urgent",)),
    'tag:"дуже терміново"': entry("1", tags=("дуже терміново",)),
    "from:2026-01-31": entry("1"),
    "to:31.01.2026": None,
    "title:договір": entry("1", title="Договори"),
    'title:"договір постачання"': entry("1", title="Договір постачання"),
    "title:догов*": entry("1", title="Договори"),
    "year:2026": entry("1"),
    "by:7": None,
    "by:olena@alfa.example": None,
    'by:"Олена Петренко"': None,
    "format:pdf": entry("1", format="pdf"),
    "type:pdf": None,
    "type:image": None,
    "type:application/pdf": None,
}


def rows() -> list[list[str]]:
    lines = (line for line in PAGE.splitlines() if line.startswith("| `"))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def examples(cell: str) -> list[str]:
    return cell.strip("`").split("` `")


def test_every_query_on_the_page_of_the_language_is_tried_here() -> None:
    accepted = [typed for row in rows() if len(row) == 2 for typed in examples(row[0])]
    assert sorted(accepted) == sorted(FOUND)
    for typed in accepted:
        assert parse(typed) != All()


@pytest.mark.parametrize(("typed", "one"), [(typed, one) for typed, one in FOUND.items() if one])
def test_queries_on_the_page_find_what_it_says(analyzer: Analyzer, typed: str, one: Entry) -> None:
    assert is_found_by_reading(parse(typed), one, analyzer)
    assert not is_found_by_reading(all_of([parse(typed), Not(parse(typed))]), one, analyzer)


def test_the_page_tells_what_is_refused_and_where() -> None:
    refused = [row for row in rows() if len(row) == 3]
    assert {row[1].strip("`") for row in refused} == {
        "unclosed_quote",
        "unclosed_parenthesis",
        "stray_parenthesis",
        "unknown_field",
        "bad_date",
    }
    for typed, reason, place in refused:
        with pytest.raises(BadQuery) as raised:
            parse(typed.strip("`"))
        assert (raised.value.reason, str(raised.value.position)) == (reason.strip("`"), place)
    assert f"{MAX_LENGTH:,} characters" in PAGE
    assert f"{MAX_DEPTH} parentheses" in PAGE
