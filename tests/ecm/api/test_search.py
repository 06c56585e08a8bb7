"""Search over HTTP."""

from __future__ import annotations

import random

import pytest

from tests.ecm.api.clients import Api, check_problem
from tests.firms import index, put

# What differs between databases is tested beside the domain; these rules are of HTTP.
pytestmark = pytest.mark.parametrize("founded", ["sqlite"], indirect=True)


def test_documents_are_found_with_snippets_and_the_lag_is_told(api: Api) -> None:
    put(api.app, api.beta.olena, api.beta.deal, "Оплата рахунками".encode(), "b.txt")
    id = api.store(
        "Оплата за рахунками до п'ятниці <b>".encode(), "filename=a.txt&kind=invoice&tags=терміново"
    )["id"]
    waiting = api.get("/search?q=рахунок").json
    assert (waiting["total"], waiting["pending"]) == (0, 1)
    index(api.app)
    found = api.get("/search?q=рахунок").json
    assert (found["total"], found["page"], found["per_page"], found["pending"]) == (1, 1, 20, 0)
    assert found["indexed_up_to"].endswith("Z")
    (item,) = found["items"]
    assert item["document"]["id"] == id
    assert item["document"] == api.get(f"/documents/{id}").json
    assert "<mark>рахунками</mark>" in item["snippet"]
    assert "<b>" not in item["snippet"]
    assert item["score"] > 0
    for query in (
        "kind=invoice",
        "tag=терміново",
        f"deal={api.alfa.deal.id}",
        f"client={api.alfa.deal.id}",
        "from=2020-01-01",
        "sort=oldest",
        "",
    ):
        assert api.get(f"/search?{query}").json["total"] == 1, query
    for query in ("kind=act", "tag=інше", "to=2020-01-01", "q=сервера+-рахунок", "client=сервер", "page=2"):
        assert api.get(f"/search?{query}").json["items"] == [], query


@pytest.mark.parametrize(
    ("q", "position"),
    [('ab "cd', 3), ("ab (cd", 3), ("ab) cd", 2), ("ab color:red", 3), ("from:2026-13-01", 5)],
)
def test_a_query_that_cannot_be_understood_tells_the_place(api: Api, q: str, position: int) -> None:
    problem = check_problem(api.get("/search", query_string={"q": q}), 400, "bad_query")
    assert problem["position"] == position


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("kind=novel", "kind"),
        ("sort=best", "sort"),
        ("page=0", "page"),
        ("per_page=1001", "per_page"),
        ("per_page=x", "per_page"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(api: Api, query: str, field: str) -> None:
    assert check_problem(api.get(f"/search?{query}"), 422, "invalid")["field"] == field


def test_a_deal_that_is_not_ours_is_not_found(api: Api) -> None:
    for deal in (api.beta.deal.id, 999, "x"):
        check_problem(api.get(f"/search?deal={deal}"), 404, "not_found")


def test_any_query_is_answered(api: Api) -> None:
    for q in ("AND", "NOT", "()", "\u202e", "%00", "a" * 5000, "((((((", "☃", "'", "*", "a:b:c", "\\"):
        assert api.get("/search", query_string={"q": q}).status_code in (200, 400), q
    assert api.get("/search?q=%00").status_code == 400
    assert api.get("/search?q=%ff%fe").status_code == 200


def test_facets_are_counted_unless_they_are_left_out(api: Api) -> None:
    api.store(b"one", "filename=a.txt&kind=invoice&tags=x")
    index(api.app)
    found = api.get("/search").json
    assert found["facets"]["kind"] == [{"value": "invoice", "count": 1}]
    assert found["facets"]["by"] == [{"value": str(api.alfa.olena.user_id), "count": 1, "name": "olena"}]
    assert set(found["facets"]) == {"kind", "year", "format", "by", "tag"}
    assert (found["did_you_mean"], found["rebuilding"]) == (None, False)
    assert "facets" not in api.get("/search?facets=0").json
    for facet, values in found["facets"].items():
        assert api.get(f"/search?{facet}={values[0]['value']}").json["total"] == 1, facet
    for query in ("format=pdf", "year=1999", "by=nobody"):
        assert api.get(f"/search?{query}").json["total"] == 0, query
    assert api.get("/search?by=olena").json["total"] == 1
    check_problem(api.get("/search?year=26"), 422, "invalid")
    theirs = api.get("/search", api.beta.olena).json
    assert theirs["total"] == 0
    assert all(values == [] for values in theirs["facets"].values())


def test_what_was_meant_is_offered(api: Api) -> None:
    api.store("Рахунок".encode())
    index(api.app)
    assert api.get("/search?q=рахунак").json["did_you_mean"] == "рахунок"
    assert api.get("/search?q=рахунак", api.beta.olena).json["did_you_mean"] is None


def test_documents_and_recent_searches_are_suggested_to_their_own_user(api: Api) -> None:
    id = api.store("Рахунок".encode(), "filename=Рахунок 7.txt")["id"]
    index(api.app)
    assert api.get("/search?q=рахунок").json["total"] == 1
    cards = [{"id": str(api.alfa.deal.id), "kind": "deal", "title": "Постачання сервера"}]
    offered = api.get("/search/suggestions?q=рах").json
    assert offered == {"documents": [{"id": id, "title": "Рахунок 7.txt", "cards": cards}], "searches": []}
    api.get("/search?q=рахунками&remember=1")
    assert api.get("/search/suggestions?q=рах").json["searches"] == ["рахунками"]
    assert api.get("/search/suggestions?q=рах", api.alfa.petro).json["searches"] == []
    assert api.get("/search/suggestions?q=рах", api.beta.olena).json == {"documents": [], "searches": []}
    assert api.delete("/search/recent", api.alfa.petro).status_code == 204
    assert api.get("/search/suggestions").json["searches"] == ["рахунками"]
    assert api.delete("/search/recent").status_code == 204
    assert api.get("/search/suggestions").json == {"documents": [], "searches": []}
    too_long = api.get("/search/suggestions", query_string={"q": "а" * 1001})
    assert check_problem(too_long, 422, "invalid")["field"] == "q"


def test_documents_like_one_are_listed(api: Api) -> None:
    text = "Орендар сплачує орендодавцю щомісячну плату за користування складом".encode()
    first, second = (api.store(text, f"filename={name}.txt")["id"] for name in ("перший", "другий"))
    index(api.app)
    (item,) = api.get(f"/documents/{first}/similar").json["items"]
    assert item["document"] == api.get(f"/documents/{second}").json
    assert 0.3 <= item["likeness"] <= 1
    assert check_problem(api.get(f"/documents/{first}/similar?limit=51"), 422, "invalid")["field"] == "limit"
    check_problem(api.get(f"/documents/{first}/similar", api.beta.olena), 404, "not_found")


WORDS = """
AND OR NOT kind: deal: client: by: from: to: year: format: tag: title: type: id: ="
договір рахунки ghbdsn hf[eyjr п'ять ї ё 2026-02-30 0000 12/2026-К %00 ../../etc/passwd ${x} <script>
"""
HOSTILE = (
    *"()\"=*-:~^[]{}\\/|&!?<>%$#@+;,.'`\n\t\x00\u202e\ufeff«»„“”",
    *WORDS.split(),
    *("' OR 1=1 --", "\U0001f4c4", "9" * 30, "a" * 70, "*" * 30, "(" * 25),
)


def test_thousands_of_hostile_queries_never_end_in_an_error_of_ours(api: Api) -> None:
    api.store("Договір поставки, рахунки № 12/2026-К".encode(), "filename=Договір.txt&tags=x")
    index(api.app)
    chance = random.Random(20260131)
    statuses = set()
    for number in range(2400):
        pieces = chance.choices(HOSTILE, k=chance.randint(1, 12))
        q = chance.choice(("", " ")).join(pieces)
        path = "/search/suggestions" if number % 3 == 0 else "/search"
        name = chance.choice(("tag", "format", "by", "year", "from", "kind"))
        query = {"q": q} | ({name: pieces[0]} if path == "/search" and number % 5 == 0 else {})
        response = api.get(path, query_string=query)
        assert response.status_code in (200, 400, 422), (q, response.text)
        statuses.add(response.status_code)
    assert statuses == {200, 400, 422}
