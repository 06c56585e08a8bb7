"""The page of what was found."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.ecm.web.site import Site, read, send
from tests.firms import index, put

TEXT = "Покупець оплачує постачання рахунками у строк десять днів.".encode()


@pytest.fixture
def filled(site: Site) -> Site:
    put(site.app, site.alfa.olena, site.alfa.deal, TEXT, "Умови.txt", kind="contract", tags=["терміново"])
    put(site.app, site.alfa.petro, site.alfa.deal, "Інше".encode(), "Лист.txt", kind="letter")
    index(site.app)
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
        ("by=petro", 1),
        ("format=txt&year=1999", 0),
        ("format=txt", 2),
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
    assert page.count('class="row-item document-row found-row"') == found
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
    assert '<input type="hidden" name="kind" value="act" form="site-search">' in page


def test_the_deal_of_a_search_is_chosen_by_its_title_where_one_alone_has_it(filled: Site) -> None:
    client = filled.visit(filled.alfa.olena)
    page = read(client.get("/search?deal=постачання"))
    assert f'value="{filled.alfa.deal.id} — Постачання сервера"' in page
    assert "Умови" in page
    with filled.app.begin(filled.alfa.olena) as tx:
        tx.deals.add("Постачання столів")
    response = client.get("/search?deal=постачання")
    assert response.status_code == 422
    assert "Several cards have such a title." in read(response)
    assert 'value="постачання"' in read(response)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("from", "someday"),
        ("to", "2026-02-31"),
        ("kind", "poem"),
        ("deal", "Якась угода"),
        ("year", "давно"),
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
    index(site.app)
    assert "being indexed" not in read(client.get("/search?q=рахунок"))


def test_what_was_found_comes_in_pages_that_keep_the_query(site: Site) -> None:
    for number in range(21):
        put(site.app, site.alfa.olena, site.alfa.deal, TEXT + b"%d" % number, f"{number}.txt", kind="act")
    index(site.app)
    client = site.visit(site.alfa.olena)
    page = read(client.get("/search?q=рахунок&kind=act"))
    assert "Page 1 of 2" in page
    assert "kind=act" in page[page.index('rel="next"') :].split(">")[0]
    second = read(client.get("/search?q=рахунок&kind=act&page=2"))
    assert second.count('class="row-item document-row found-row"') == 1


def test_facets_are_links_that_narrow_and_chips_undo_them(filled: Site) -> None:
    client = filled.visit(filled.alfa.olena)
    page = client.get("/search").get_data(as_text=True)
    links = dict(re.findall(r'<a class="facet-choice" href="([^"]*)"[^>]*>\s*<span[^>]*>([^<]*)<', page))
    addresses = {text: unescape(address) for address, text in links.items()}
    assert {"Contract", "Letter", "olena", "petro"} <= set(addresses)
    assert "Year" not in page  # all are of one: nothing to choose
    narrowed = client.get(addresses["petro"]).get_data(as_text=True)
    assert "Found: 1 document" in narrowed
    assert "Лист.txt" in narrowed
    (undo,) = re.findall(
        r'class="chip" href="([^"]*)" aria-label="Remove the filter “Uploaded by: petro”', narrowed
    )
    assert "Found: 2 documents" in read(client.get(unescape(undo)))


def test_a_filter_keeps_the_query_and_the_order_but_not_the_page(filled: Site) -> None:
    client = filled.visit(filled.alfa.olena)
    page = client.get("/search?q=умови OR лист&sort=oldest&page=1").get_data(as_text=True)
    (address,) = (
        unescape(each) for each in re.findall(r'class="facet-choice" href="([^"]*kind=letter[^"]*)"', page)
    )
    assert "sort=oldest" in address
    assert "q=%D1%83" in address
    assert "page=" not in address


def test_what_was_meant_is_a_link(filled: Site) -> None:
    page = read(filled.visit(filled.alfa.olena).get("/search?q=рахунакми&kind=contract"))
    assert "Did you mean:" in page
    (address,) = re.findall(r'Did you mean: <a href="([^"]*)">рахунками</a>', page)
    assert "kind=contract" in address
    assert "Found: 1 document" in read(filled.visit(filled.alfa.olena).get(address))
    assert "Did you mean" not in read(filled.visit(filled.beta.olena).get("/search?q=рахунакми"))


def test_recent_searches_are_shown_to_their_user_until_forgotten(filled: Site) -> None:
    client = filled.visit(filled.alfa.olena)
    client.get("/search?q=рахунок")
    assert "Your recent searches" in read(client.get("/search")).split("</header>")[1]
    assert "рахунок" not in read(filled.visit(filled.alfa.petro).get("/search"))
    page = read(send(client, "/search/recent/clear"))
    assert "рахунок" not in page.split("</header>")[1]


def test_documents_like_one_are_a_page_and_a_part_of_the_documents_own(filled: Site) -> None:
    site = filled
    first = put(site.app, site.alfa.olena, site.alfa.deal, TEXT, "Копія.txt")
    put(site.app, site.beta.olena, site.beta.deal, TEXT, "Чужа.txt")
    index(site.app)
    client = site.visit(site.alfa.petro)
    assert f"/documents/{first.id}/similar" in client.get(f"/documents/{first.id}").get_data(as_text=True)
    for address in (f"/documents/{first.id}/similar", f"/documents/{first.id}/similar?part=1"):
        page = read(client.get(address))
        assert "Умови.txt" in page
        assert "Лист.txt" not in page
        assert "Чужа.txt" not in page


def test_an_index_that_is_being_rebuilt_says_so(filled: Site) -> None:
    client = filled.visit(filled.alfa.olena)
    assert "being rebuilt" not in read(client.get("/search?q=рахунок"))
    filled.app.indexing.rebuilding.rebuild(filled.alfa.company.id)
    assert "The search index is being rebuilt" in read(client.get("/search?q=рахунок"))
    index(filled.app)
    assert "being rebuilt" not in read(client.get("/search?q=рахунок"))
