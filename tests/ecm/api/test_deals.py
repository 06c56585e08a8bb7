"""Deals over HTTP."""

from __future__ import annotations

import pytest

from tests.ecm.api.clients import Api, check_problem

# What differs between databases is tested beside the domain; these rules are of HTTP.
pytestmark = pytest.mark.parametrize("founded", ["sqlite"], indirect=True)


def test_a_deal_is_added_shown_changed_and_deleted(api: Api) -> None:
    told = {"title": "Сервери", "amount": "125000.5", "currency": "eur", "pipeline": "sales", "stage": "won"}
    added = api.post("/deals", json=told)
    assert added.status_code == 201
    deal = added.json
    assert added.headers["Location"] == f"/api/v1/deals/{deal['id']}"
    expected = {**told, "amount": "125000.50", "currency": "EUR", "owner": str(api.alfa.olena.user_id)}
    assert deal.items() >= expected.items()
    assert deal["owner_name"] == api.alfa.olena.name
    assert api.get(f"/deals/{deal['id']}").json == deal
    changed = api.patch(
        f"/deals/{deal['id']}", json={"amount": None, "stage": "lost", "owner": str(api.alfa.petro.user_id)}
    ).json
    assert (changed["amount"], changed["stage"], changed["title"]) == (None, "lost", "Сервери")
    assert changed["owner_name"] == api.alfa.petro.name
    assert api.patch(f"/deals/{deal['id']}", json={"owner": None}).json["owner"] is None
    assert [each["id"] for each in api.get("/deals").json["items"]] == [deal["id"], str(api.alfa.deal.id)]
    assert api.delete(f"/deals/{deal['id']}").status_code == 204
    check_problem(api.get(f"/deals/{deal['id']}"), 404, "not_found")
    assert api.get("/deals").json["total"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": 7}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"title": "x", "amount": "many"}, "amount"),
        ({"title": "x", "amount": "NaN"}, "amount"),
        ({"title": "x", "amount": "1e400"}, "amount"),
        ({"title": "x", "amount": "0.00001"}, "amount"),
        ({"title": "x", "amount": True}, "amount"),
        ({"title": "x", "amount": ["1"]}, "amount"),
        ({"title": "x", "currency": "hryvnia"}, "currency"),
        ({"title": "x", "stage": "x" * 101}, "stage"),
        ({"title": "x", "owner": 5}, "owner"),
        ({"title": "x", "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_value_is_refused_by_name(api: Api, body: dict[str, object], field: str) -> None:
    assert check_problem(api.post("/deals", json=body), 422, "invalid")["field"] == field
    assert api.get("/deals").json["total"] == 1


def test_a_deal_with_documents_is_deleted_when_told_what_becomes_of_them(api: Api) -> None:
    document = api.store(b"1")
    path = f"/deals/{api.alfa.deal.id}"
    assert check_problem(api.delete(path), 409, "has_documents")["documents"] == 1
    check_problem(api.delete(f"{path}?documents=burn"), 422, "invalid")
    assert api.delete(f"{path}?documents=trash").status_code == 204
    assert api.get(f"/documents/{document['id']}").json["trashed_at"] is not None
    check_problem(api.get(f"{path}/documents"), 404, "not_found")
    check_problem(api.post(f"{path}/documents", data=b"2"), 404, "not_found")
    assert api.post(f"/documents/{document['id']}/restore").json["cards"][0]["id"] == str(api.alfa.deal.id)
    assert api.get(path).status_code == 200
