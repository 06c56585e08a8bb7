"""Search over HTTP."""

from __future__ import annotations

import pytest

from tests.ecm.api.clients import Api, check_problem
from tests.firms import put

# What differs between databases is tested beside the domain; these rules are of HTTP.
pytestmark = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)


def test_documents_are_found_with_snippets_and_the_lag_is_told(api: Api) -> None:
    put(api.app, api.beta.olena, api.beta.deal, "Оплата рахунками".encode(), "b.txt")
    id = api.store(
        "Оплата за рахунками до п'ятниці <b>".encode(), "filename=a.txt&kind=invoice&tags=терміново"
    )["id"]
    waiting = api.get("/search?q=рахунок").json
    assert (waiting["total"], waiting["pending"]) == (0, 1)
    api.app.work_off()
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
        "from=2020-01-01",
        "sort=oldest",
        "",
    ):
        assert api.get(f"/search?{query}").json["total"] == 1, query
    for query in ("kind=act", "tag=інше", "to=2020-01-01", "q=сервера+-рахунок", "page=2"):
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
