"""The page of what was found."""

from __future__ import annotations

import pytest

from tests.ecm.web.site import Site, read
from tests.firms import put

TEXT = "Покупець оплачує постачання рахунками у строк десять днів.".encode()


@pytest.fixture
def filled(site: Site) -> Site:
    put(site.app, site.alfa.olena, site.alfa.deal, TEXT, "Умови.txt", kind="contract", tags=["терміново"])
    put(site.app, site.alfa.petro, site.alfa.deal, "Інше".encode(), "Лист.txt", kind="letter")
    site.app.work_off()
    return site


def test_a_word_is_found_in_any_form_and_marked(filled: Site) -> None:
    page = read(filled.visit(filled.alfa.petro).get("/search?q=рахунок"))
    assert "Found: 1 document" in page
    assert "<mark>рахунками</mark>" in page
    assert "Умови.txt" in page
    assert 'value="рахунок"' in page


def test_another_company_finds_nothing(filled: Site) -> None:
    page = read(filled.visit(filled.beta.olena).get("/search?q=рахунок"))
    assert "Nothing was found." in page
    assert "Умови" not in page


def test_an_empty_query_lists_the_newest(filled: Site) -> None:
    page = read(filled.visit(filled.alfa.olena).get("/search"))
    assert page.index("Лист.txt") < page.index("Умови.txt")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("kind=contract", 1),
        ("kind=act", 0),
        ("tag=терміново", 1),
        ("deal={deal}", 2),
        ("deal={deal} — Постачання сервера", 2),
        ("from=2020-01-01&to=2020-12-31", 0),
        ("from=2020-01-01&sort=oldest", 2),
        ("kind=&tag=&deal=&from=&to=&sort=relevance", 2),
    ],
)
def test_filters_narrow_what_is_found_and_stay_filled(filled: Site, filters: str, found: int) -> None:
    address = "/search?" + filters.format(deal=filled.alfa.deal.id)
    page = read(filled.visit(filled.alfa.olena).get(address))
    assert page.count('class="row-item document-row"') == found
    if "from=" in filters and "from=&" not in filters:
        assert 'value="2020-01-01"' in page
    if "deal={" in filters:
        assert f'value="{filled.alfa.deal.id} — Постачання сервера"' in page


@pytest.mark.parametrize(
    ("query", "place", "told"),
    [
        ('договір "не закрито', '<mark>"не закрито</mark>', "is not closed"),
        ("(а AND б", "<mark>(</mark>а AND б", "The parenthesis that opens here is not closed."),
        ("а) б", "а<mark>)</mark> б", "This parenthesis was not opened."),
        ("color:red", "<mark>color</mark>:red", "There is no field “color”"),
        ("from:someday", "from:<mark>someday</mark>", "This is not a date."),
        ("слово " * 300, "…", "The query is too long."),
        ("(" * 30 + "а" + ")" * 30, "<mark>(</mark>", "too many parentheses"),
    ],
)
def test_a_query_that_is_not_understood_is_shown_with_its_place(
    filled: Site, query: str, place: str, told: str
) -> None:
    response = filled.visit(filled.alfa.olena).get("/search", query_string={"q": query, "kind": "act"})
    assert response.status_code == 400
    page = read(response)
    assert place in page
    assert told in page
    assert query.strip() in page
    assert '<option value="act" selected>' in page


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("from", "someday"),
        ("to", "2026-02-31"),
        ("kind", "poem"),
        ("deal", "Якась угода"),
        ("sort", "random"),
    ],
)
def test_a_wrong_filter_is_told_at_its_field(filled: Site, field: str, typed: str) -> None:
    response = filled.visit(filled.alfa.olena).get("/search", query_string={"q": "слово", field: typed})
    assert response.status_code == 422
    page = read(response)
    assert f'id="{field}-error"' in page
    assert 'value="слово"' in page


def test_what_waits_for_the_index_is_told(site: Site) -> None:
    put(site.app, site.alfa.olena, site.alfa.deal, TEXT)
    client = site.visit(site.alfa.olena)
    assert "1 document is being indexed" in read(client.get("/search?q=рахунок"))
    site.app.work_off()
    assert "being indexed" not in read(client.get("/search?q=рахунок"))


def test_what_was_found_comes_in_pages_that_keep_the_query(site: Site) -> None:
    for number in range(21):
        put(site.app, site.alfa.olena, site.alfa.deal, TEXT + b"%d" % number, f"{number}.txt", kind="act")
    site.app.work_off()
    client = site.visit(site.alfa.olena)
    page = read(client.get("/search?q=рахунок&kind=act"))
    assert "Page 1 of 2" in page
    assert "kind=act" in page[page.index('rel="next"') :].split(">")[0]
    second = read(client.get("/search?q=рахунок&kind=act&page=2"))
    assert second.count('class="row-item document-row"') == 1
