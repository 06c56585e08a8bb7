"""The quota and tariffs over HTTP, the company's and the platform's."""

from __future__ import annotations

import pytest

from ecm.tariffs import MEGABYTE
from tests.ecm.api.clients import Api, check_problem

FREE = {"code": "free", "scope": "company", "limit_bytes": 200 * MEGABYTE}


def test_the_quota_is_told_in_figures(api: Api) -> None:
    stored = api.store(b"x" * 1000)
    api.delete(f"/documents/{api.store(b'y' * 10, actor=api.alfa.petro)['id']}")
    assert api.get("/quota").json == {
        "tariff": FREE,
        "company": {"used_bytes": 1010, "reserved_bytes": 0},
        "user": {"used_bytes": 1000, "reserved_bytes": 0},
        "available_bytes": 200 * MEGABYTE - 1010,
        "trash_bytes": 10,
        "purgeable_bytes": 0,
    }
    assert api.get("/quota", api.alfa.petro).json["purgeable_bytes"] == 10
    assert api.get("/quota", api.alfa.admin).json["purgeable_bytes"] == 10
    assert stored["size_bytes"] == 1000
    api.put("/company/tariff", api.alfa.admin, json={"code": "extended"})
    unlimited = api.get("/quota").json
    assert unlimited["available_bytes"] is None
    assert unlimited["tariff"] == {"code": "extended", "scope": "unlimited", "limit_bytes": None}


def test_preflight_tells_whether_it_would_fit(api: Api) -> None:
    api.delete(f"/documents/{api.store(b'y' * 10)['id']}")
    left = 200 * MEGABYTE - 10
    for size, fits in ((0, True), (left, True), (left + 1, False)):
        assert api.post("/quota/preflight", json={"size_bytes": size}).json == {
            "fits": fits,
            "available_bytes": left,
            "would_free": {"trash_bytes": 10, "purgeable_bytes": 10},
        }
    for wrong in (-1, "5", 1.5, True, None, 2**62, 10**400, []):
        response = api.post("/quota/preflight", json={"size_bytes": wrong})
        assert check_problem(response, 422, "invalid")["field"] == "size_bytes"


def test_tariffs_are_listed_smallest_first(api: Api) -> None:
    listed = api.get("/tariffs").json
    assert [each["code"] for each in listed["items"]] == ["free", "standard", "extended"]
    assert (listed["items"][0], listed["total"]) == (FREE, 3)
    assert [each["code"] for each in api.get("/tariffs?per_page=2&page=2").json["items"]] == ["extended"]


def test_a_change_of_tariff_shows_its_effect_before_it_is_made(api: Api) -> None:
    api.store(b"x" * 1000)
    api.put("/admin/tariffs/tiny", api.operator, json={"scope": "user", "limit_bytes": 400})
    over = {
        "scope": "user",
        "user_id": str(api.alfa.olena.user_id),
        "email": api.alfa.olena.email,
        "used_bytes": 1000,
        "limit_bytes": 400,
        "over_bytes": 600,
    }
    choice = {"code": "tiny", "dry_run": True}
    shown = api.put("/company/tariff", api.alfa.admin, json=choice)
    assert shown.json == {"code": "tiny", "applied": False, "over": [over]}
    assert api.get("/quota").json["tariff"] == FREE
    made = api.put("/company/tariff", api.alfa.admin, json={"code": "tiny"})
    assert made.json == {"code": "tiny", "applied": True, "over": [over]}
    assert api.get("/quota").json["available_bytes"] == 0
    check_problem(api.post(f"/deals/{api.alfa.deal.id}/documents", data=b"1"), 507, "quota_exceeded")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "code"),
        ({"code": "gold"}, "code"),
        ({"code": 5}, "code"),
        ({"code": "free", "dry_run": "maybe"}, "dry_run"),
    ],
)
def test_a_tariff_that_there_is_not_is_refused(api: Api, body: dict[str, object], field: str) -> None:
    response = api.put("/company/tariff", api.alfa.admin, json=body)
    assert check_problem(response, 422, "invalid")["field"] == field


def test_an_operator_adds_companies_and_puts_them_on_tariffs(api: Api) -> None:
    added = api.post("/admin/companies", api.operator, json={"name": "Гамма", "tariff": "standard"})
    assert added.status_code == 201
    company = added.json
    assert (company["name"], company["tariff"]["code"], company["held_bytes"]) == ("Гамма", "standard", 0)
    listed = api.get("/admin/companies?per_page=2", api.operator).json
    assert ([each["name"] for each in listed["items"]], listed["total"]) == (["Гамма", "Бета"], 3)
    path = f"/admin/companies/{company['id']}"
    change = api.put(f"{path}/tariff", api.operator, json={"code": "extended"})
    assert change.json == {"code": "extended", "applied": True, "over": []}
    assert api.get(path, api.operator).json["tariff"]["code"] == "extended"
    refused = api.post("/admin/companies", api.operator, json={"name": "Дельта", "tariff": "gold"})
    assert check_problem(refused, 422, "invalid")["field"] == "tariff"
    check_problem(api.get("/admin/companies/999", api.operator), 404, "not_found")
    check_problem(
        api.put("/admin/companies/999/tariff", api.operator, json={"code": "free"}), 404, "not_found"
    )


def test_an_operator_edits_tariffs(api: Api) -> None:
    tariff = {"code": "big", "scope": "company", "limit_bytes": 5}
    added = api.post("/admin/tariffs", api.operator, json=tariff)
    assert (added.status_code, added.json) == (201, tariff)
    check_problem(api.post("/admin/tariffs", api.operator, json=tariff), 409, "taken")
    edited = api.put("/admin/tariffs/big", api.operator, json={"scope": "unlimited"})
    assert edited.json == {"code": "big", "scope": "unlimited", "limit_bytes": None}
    assert api.get("/admin/tariffs", api.operator).json["total"] == 4
    for body, field in (
        ({"scope": "planet"}, "scope"),
        ({"scope": "user"}, "limit_bytes"),
        ({"scope": "user", "limit_bytes": "5"}, "limit_bytes"),
        ({"scope": "user", "limit_bytes": -1}, "limit_bytes"),
    ):
        response = api.put("/admin/tariffs/big", api.operator, json=body)
        assert check_problem(response, 422, "invalid")["field"] == field
    long = api.put("/admin/tariffs/" + "x" * 41, api.operator, json={"scope": "unlimited"})
    assert check_problem(long, 422, "invalid")["field"] == "code"


def test_a_tariff_edited_by_an_operator_holds_at_once_for_those_on_it(api: Api) -> None:
    api.put("/admin/tariffs/free", api.operator, json={"scope": "company", "limit_bytes": 3})
    path = f"/deals/{api.alfa.deal.id}/documents"
    check_problem(api.post(path, data=b"1234"), 507, "quota_exceeded")
    assert api.post(path, data=b"123").status_code == 201
