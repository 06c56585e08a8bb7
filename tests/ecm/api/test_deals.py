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
    change = {"amount": None, "stage": "lost", "owner": str(api.alfa.petro.user_id)}
    assert check_problem(api.patch(f"/deals/{deal['id']}", json=change), 422, "invalid")["field"] == "reason"
    assert api.get(f"/deals/{deal['id']}").json == deal
    changed = api.patch(f"/deals/{deal['id']}", json={**change, "reason": "Дорого"}).json
    assert (changed["amount"], changed["stage"], changed["title"]) == (None, "lost", "Сервери")
    assert (changed["stage_name"], changed["lost_reason"]) == ("Lost", "Дорого")
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


def test_a_deal_lacks_what_its_stage_asks_for_until_it_is_there(api: Api) -> None:
    for field, stage in (("source", None), ("expected_close", "offer"), ("contact", "contract")):
        body = {"kind": "deal", "field": field, "stage": stage}
        assert api.put("/requirements", api.alfa.admin, json=body).status_code == 200
    missing = check_problem(api.post("/deals", json={"title": "x"}), 409, "missing_fields")["missing"]
    assert missing == [{"kind": "deal", "field": "source", "name": "source", "stage": None}]
    deal = api.post("/deals", json={"title": "x", "source": "сайт"}).json
    path = f"/deals/{deal['id']}"
    refused = check_problem(api.patch(path, json={"stage": "contract"}), 409, "missing_fields")["missing"]
    assert [(each["field"], each["stage"]) for each in refused] == [
        ("expected_close", "Offer"),
        ("contact", "Contract"),
    ]
    assert api.get(path).json == deal
    moved = api.patch(path, json={"stage": "offer", "expected_close": "2026-12-01"})
    assert (moved.json["stage"], moved.json["expected_close"]) == ("offer", "2026-12-01")
    assert api.patch(path, json={"stage": "lost", "reason": "Дорого"}).status_code == 200


def test_the_stages_of_a_deal_tell_who_when_and_how_long(api: Api) -> None:
    path = f"/deals/{api.alfa.deal.id}"
    api.patch(path, api.alfa.petro, json={"stage": "offer"})
    latest, first = api.get(f"{path}/stages").json["items"]
    assert (latest["stage"], latest["by_name"], latest["is_current"]) == ("offer", api.alfa.petro.name, True)
    assert (first["stage"], first["stage_name"], first["is_current"]) == ("new", "New", False)
    assert first["by"] == str(api.alfa.olena.user_id)
    assert first["lasted_s"] >= 0


def test_a_new_deal_may_be_closed_already_and_a_lost_one_tells_why(api: Api) -> None:
    won = api.post("/deals", json={"title": "x", "stage": "won"}).json
    assert won["closed_at"] == won["created_at"]
    lost = {"title": "x", "stage": "lost"}
    assert check_problem(api.post("/deals", json=lost), 422, "invalid")["field"] == "reason"
    assert api.post("/deals", json={**lost, "reason": "Дорого"}).json["lost_reason"] == "Дорого"
    junk = {"title": "x", "stage": "junk"}
    assert check_problem(api.post("/leads", json=junk), 422, "invalid")["field"] == "reason"
    assert api.post("/leads", json={**junk, "reason": "Спам"}).json["junk_reason"] == "Спам"
    assert api.post("/deals", json={"title": "x", "reason": "нема"}).json["lost_reason"] is None
    assert check_problem(api.post("/leads", json={"title": "x", "stage": "quality"}), 422, "invalid")


def test_products_add_up_to_the_cent_and_are_the_amount(api: Api) -> None:
    path = f"/deals/{api.alfa.deal.id}"
    line = {"name": "Сервер", "quantity": 3, "price": "33.335", "discount_percent": "10", "tax_percent": 20}
    other = {"name": "Доставка", "price": 100, "unit": "раз"}
    sold = api.put(f"{path}/products", json={"products": [line, other]}).json
    assert (sold["discount"], sold["net"], sold["tax"], sold["total"]) == (
        "10.00",
        "190.01",
        "18.00",
        "208.01",
    )
    assert sold["products"][0] == {
        "name": "Сервер", "quantity": "3", "unit": None, "price": "33.3350", "discount_percent": "10",
        "tax_percent": "20", "amount": "108.01",
    }  # fmt: skip
    assert api.get(f"{path}/products").json == sold
    assert api.get(path).json["amount"] == "208.01"
    assert check_problem(api.patch(path, json={"amount": "1"}), 422, "invalid")["field"] == "amount"
    back = [{name: each[name] for name in each if name != "amount"} for each in sold["products"]]
    assert api.put(f"{path}/products", json={"products": back}).json == sold
    wrong = {"price": ["x", [1], True, "-1", "1e400"], "quantity": [True, {}], "tax_percent": ["101"]}
    for field, values in wrong.items():
        for value in values:
            refused = api.put(f"{path}/products", json={"products": [other, {**other, field: value}]})
            assert check_problem(refused, 422, "invalid")["field"] == f"products.2.{field}"
    check_problem(api.put(f"{path}/products", json={"products": [{**other, "amount": "1"}]}), 422, "invalid")
    assert api.get(f"{path}/products").json == sold


def test_totals_by_stage_are_exact_and_by_currency(api: Api) -> None:
    for amount, currency, stage in (("0.10", "UAH", "new"), ("0.20", "UAH", "new"), ("5", "EUR", "offer")):
        api.post("/deals", json={"title": "x", "amount": amount, "currency": currency, "stage": stage})
    totals = api.get("/deals/totals").json
    assert totals["pipeline"] == "sales"
    new, offer = totals["stages"][:2]
    assert (new["cards"], new["sums"]) == (3, [{"currency": "UAH", "cards": 3, "amount": "125000.30"}])
    assert (offer["stage"], offer["sums"]) == ("offer", [{"currency": "EUR", "cards": 1, "amount": "5.00"}])
    assert [each["stage"] for each in totals["stages"]][2:] == ["negotiation", "contract", "won", "lost"]
    assert (totals["cards"], [each["amount"] for each in totals["sums"]]) == (4, ["5.00", "125000.30"])
    narrowed = api.get("/deals/totals?pipeline=sales&filter=amount:lt:1").json
    assert (narrowed["cards"], narrowed["sums"][0]["amount"]) == (2, "0.30")
    assert check_problem(api.get("/deals/totals?pipeline=leads"), 422, "invalid")["field"] == "pipeline"
    assert api.get("/leads/totals").json["cards"] == 0
    assert api.get("/deals/totals", api.beta.admin).json["cards"] == 1


def test_a_deal_names_its_clients(api: Api) -> None:
    contact = api.post("/contacts", json={"last_name": "Шевченко"}).json
    deal = api.post("/deals", json={"title": "x", "contact": contact["id"]}).json
    assert (deal["contact"], deal["contact_title"]) == (contact["id"], "Шевченко")
    found = api.get(f"/deals?filter=contact:eq:{contact['id']}").json["items"]
    assert [each["id"] for each in found] == [deal["id"]]
    wrong = api.patch(f"/deals/{deal['id']}", json={"organization": contact["id"]})
    assert check_problem(wrong, 404, "not_found")["what"] == "organization"
    foreign = api.post("/deals", api.beta.olena, json={"title": "x", "contact": contact["id"]})
    check_problem(foreign, 404, "not_found")
    assert api.patch(f"/deals/{deal['id']}", json={"contact": None}).json["contact"] is None
