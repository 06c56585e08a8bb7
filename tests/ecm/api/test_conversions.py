"""Converting leads over HTTP. What conversions come to is tested beside the domain."""

from __future__ import annotations

from typing import Any

import pytest

from ecm.cards.conversion_drafts import TARGETS
from tests.ecm.api.clients import Api, check_problem

pytestmark = pytest.mark.parametrize("founded", ["sqlite"], indirect=True)

LEAD = {
    "title": "Сервери для складу",
    "last_name": "Мельник",
    "organization_name": "Мрія Логістик",
    "tax_number": "32855961",
    "phones": ["044 123 45 67"],
    "amount": "90000",
}


def add_lead(api: Api, **more: Any) -> dict[str, Any]:
    response = api.post("/leads", json={**LEAD, **more})
    assert response.status_code == 201, response.text
    lead: dict[str, Any] = response.json
    return lead


def count_cards(api: Api) -> int:
    return sum(int(api.get(f"/{kind}s").json["total"]) for kind in (*TARGETS, "lead"))


def test_a_lead_becomes_a_contact_an_organization_and_a_deal_that_point_at_each_other(api: Api) -> None:
    lead = add_lead(api)
    path = f"/leads/{lead['id']}/conversion"
    check_problem(api.get(path), 404, "not_found")
    made = api.post(path, json={"contact": {}, "organization": {}, "deal": {"pipeline": "sales"}})
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == f"/api/v1{path}"
    conversion = made.json
    assert api.get(path).json == conversion
    assert (conversion["lead"], conversion["by_name"]) == (lead["id"], api.alfa.olena.name)
    cards = {each["kind"]: each for each in conversion["cards"]}
    assert {kind: each["created"] for kind, each in cards.items()} == dict.fromkeys(TARGETS, True)
    deal = api.get(f"/deals/{cards['deal']['id']}").json
    assert (deal["contact"], deal["organization"]) == (cards["contact"]["id"], cards["organization"]["id"])
    for kind in TARGETS:
        found = api.get(f"/{kind}s?filter=lead:eq:{lead['id']}").json["items"]
        assert [(each["id"], each["lead_title"]) for each in found] == [(cards[kind]["id"], lead["title"])]
    members = api.get(f"/organizations/{cards['organization']['id']}/contacts").json["items"]
    assert [each["contact"]["id"] for each in members] == [cards["contact"]["id"]]
    read_only = api.get(f"/leads/{lead['id']}").json
    assert (read_only["stage"], read_only["stage_outcome"]) == ("quality", "quality")
    of_lead = f"/leads/{lead['id']}"
    for refused in (
        api.patch(of_lead, json={"title": "x"}),
        api.delete(of_lead),
        api.put(f"{of_lead}/products", json={"products": []}),
        api.post(path, json={"contact": {}}),
    ):
        check_problem(refused, 409, "lead_converted")


def test_a_dry_run_tells_what_it_takes_and_writes_nothing(api: Api) -> None:
    api.put("/requirements", api.alfa.admin, json={"kind": "contact", "field": "address"})
    api.put("/requirements", api.alfa.admin, json={"kind": "deal", "field": "source", "stage": "offer"})
    twin = api.post("/organizations", json={"title": "ТОВ Мрія", "tax_number": "32855961"}).json
    lead = add_lead(api)
    path, before = f"/leads/{lead['id']}/conversion", count_cards(api)
    asked = {"contact": {}, "organization": {}, "deal": {"pipeline": "sales", "stage": "offer"}}
    plan = api.post(path, json={**asked, "dry_run": True})
    assert plan.status_code == 200, plan.text
    told = plan.json
    assert (told["offered"], told["is_repeat"]) == (list(TARGETS), False)
    assert told["missing"] == [
        {"kind": "contact", "field": "address", "name": "address", "stage": None},
        {"kind": "deal", "field": "source", "name": "source", "stage": "Offer"},
    ]
    assert told["duplicates"] == [
        {"target": "organization", "id": twin["id"], "kind": "organization", "title": "ТОВ Мрія",
         "by": "tax_number", "matches": [{"by": "tax_number", "value": "32855961"}]}
    ]  # fmt: skip
    assert told["values"]["deal"] == {
        "title": LEAD["title"], "amount": "90000.00", "currency": "UAH", "fields": {},
    }  # fmt: skip
    assert told["values"]["contact"]["phones"] == [{"value": "044 123 45 67", "label": None}]
    refused = check_problem(api.post(path, json=asked), 409, "missing_fields")
    assert refused["missing"] == told["missing"]
    filled = {
        "contact": {"values": {"address": "Київ"}},
        "organization": {},
        "deal": {"pipeline": "sales", "stage": "offer", "values": {"source": "сайт"}},
    }
    found = check_problem(api.post(path, json=filled), 409, "duplicates_found")["duplicates"]
    assert [(each["id"], each["target"], each["by"]) for each in found] == [
        (twin["id"], "organization", "tax_number")
    ]
    assert count_cards(api) == before
    assert api.get(f"/leads/{lead['id']}").json == lead
    reused = api.post(path, json={**filled, "organization": {"existing": twin["id"]}})
    assert reused.status_code == 201, reused.text
    assert {each["kind"]: each["created"] for each in reused.json["cards"]} == {
        "contact": True, "organization": False, "deal": True,
    }  # fmt: skip
    assert count_cards(api) == before + 2


def test_a_dry_run_without_targets_tells_what_is_offered(api: Api) -> None:
    lead = add_lead(api)
    path = f"/leads/{lead['id']}/conversion"
    rights = f"/users/{api.alfa.olena.user_id}/rights"
    api.put(rights, api.alfa.admin, json={"may_not_create": ["contact", "deal"]})
    assert api.post(path, json={"dry_run": True}).json["offered"] == ["organization"]
    check_problem(api.post(path, json={"contact": {}}), 403, "forbidden")
    assert check_problem(api.post(path, json={}), 422, "invalid")["field"] == "targets"
    contact = api.post("/contacts", api.alfa.petro, json={"last_name": "Мельник"}).json
    repeat = api.post("/leads", json={"title": "Ще", "contact": contact["id"]}).json
    assert (repeat["is_repeat"], repeat["contact_title"]) == (True, "Мельник")
    told = api.post(f"/leads/{repeat['id']}/conversion", api.alfa.petro, json={"dry_run": True}).json
    assert (told["offered"], told["is_repeat"]) == (["deal"], True)


def test_duplicates_do_not_matter_when_told_so(api: Api) -> None:
    api.post("/contacts", json={"last_name": "Інша", "phones": ["+380441234567"]})
    path = f"/leads/{add_lead(api)['id']}/conversion"
    check_problem(api.post(path, json={"contact": {}}), 409, "duplicates_found")
    assert api.post(path, json={"contact": {"create_anyway": True}}).status_code == 201


def test_a_repeated_conversion_is_answered_as_the_first_was(api: Api) -> None:
    path = f"/leads/{add_lead(api)['id']}/conversion"
    first = api.post(path, json={"contact": {}}, headers={"Idempotency-Key": "k-1"})
    again = api.post(path, json={"contact": {}}, headers={"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    other = api.post(path, json={"organization": {}}, headers={"Idempotency-Key": "k-1"})
    assert check_problem(other, 422, "invalid")["field"] == "Idempotency-Key"
    elsewhere = api.post(
        f"/leads/{add_lead(api)['id']}/conversion", json={"contact": {}}, headers={"Idempotency-Key": "k-1"}
    )
    assert check_problem(elsewhere, 422, "invalid")["field"] == "Idempotency-Key"
    check_problem(
        api.post(path, json={"contact": {}}, headers={"Idempotency-Key": "k-2"}), 409, "lead_converted"
    )
    long = api.post(path, json={"contact": {}}, headers={"Idempotency-Key": "k" * 201})
    assert check_problem(long, 422, "invalid")["field"] == "Idempotency-Key"


def test_custom_fields_go_by_themselves_or_where_they_are_told_to(api: Api) -> None:
    def add_field(kind: str, name: str, **more: Any) -> dict[str, Any]:
        field = api.post("/fields", api.alfa.admin, json={"kind": kind, "name": name, "type": "text", **more})
        assert field.status_code == 201, field.text
        added: dict[str, Any] = field.json
        return added

    for kind, name in (("lead", "Бюджет"), ("deal", "Бюджет"), ("lead", "Мета"), ("deal", "Ціль")):
        add_field(kind, name)
    channel = add_field("lead", "Канал", type="list", options=["Сайт", "Дзвінок"])
    add_field("contact", "Канал", type="list", option_set=channel["option_set"])
    lead = add_lead(api, fields={"бюджет": "малий", "мета": "склад", "канал": "Дзвінок"})
    deal = {"pipeline": "sales", "field_map": {"мета": "ціль"}, "values": {"fields": {"бюджет": "великий"}}}
    asked = {"contact": {}, "deal": deal}
    plan = api.post(f"/leads/{lead['id']}/conversion", json={**asked, "dry_run": True}).json
    assert plan["field_maps"] == {"contact": {"канал": "канал"}, "deal": {"бюджет": "бюджет", "мета": "ціль"}}
    assert plan["values"]["deal"]["fields"] == {"бюджет": "великий", "ціль": "склад"}
    assert plan["values"]["contact"]["fields"]["канал"] == lead["fields"]["канал"]
    made = api.post(f"/leads/{lead['id']}/conversion", json=asked).json["cards"]
    cards = {each["kind"]: api.get(f"/{each['kind']}s/{each['id']}").json["fields"] for each in made}
    assert cards == {
        "contact": {"канал": lead["fields"]["канал"]},
        "deal": {"бюджет": "великий", "ціль": "склад"},
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"contact": {"values": {"colour": "red"}}}, "contact.colour"),
        ({"contact": {"values": {"title": "x"}}}, "contact.title"),
        ({"organization": {"values": {"title": 5}}}, "organization.title"),
        ({"deal": {"pipeline": "sales", "values": {"stage": "won"}}}, "deal.stage"),
        ({"deal": {"pipeline": "sales", "values": {"amount": [1]}}}, "deal.amount"),
        ({"deal": {"pipeline": "sales", "values": {"expected_close": "soon"}}}, "deal.expected_close"),
        ({"deal": {"pipeline": "leads"}}, "deal.pipeline"),
        ({"deal": {"pipeline": "sales", "stage": "nowhere"}}, "deal.stage"),
        ({"contact": {"values": {"phones": "044"}}}, "contact.phones"),
        ({"contact": {"values": {"phones": ["044"]}}}, "contact.phones"),
        ({"contact": {"field_map": {"x": "y"}}}, "contact.field_map.x"),
        ({"contact": {"pipeline": "sales"}}, "contact"),
        ({"contact": []}, "contact"),
        ({"ship": {}}, "ship"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_nothing_is_made(
    api: Api, body: dict[str, Any], field: str
) -> None:
    lead, before = add_lead(api), count_cards(api)
    for asked in (body, {**body, "dry_run": True}):
        refused = check_problem(api.post(f"/leads/{lead['id']}/conversion", json=asked), 422, "invalid")
        assert refused["field"] == field
    assert count_cards(api) == before
    assert api.get(f"/leads/{lead['id']}").json == lead


@pytest.mark.parametrize("kind", TARGETS)
def test_a_card_of_another_company_is_not_joined(api: Api, kind: str) -> None:
    foreign = {
        "contact": lambda: api.post("/contacts", api.beta.olena, json={"last_name": "x"}).json["id"],
        "organization": lambda: api.post("/organizations", api.beta.olena, json={"title": "x"}).json["id"],
        "deal": lambda: str(api.beta.deal.id),
    }[kind]()
    path = f"/leads/{add_lead(api)['id']}/conversion"
    refused = api.post(path, json={kind: {"existing": foreign}})
    assert check_problem(refused, 404, "not_found")["what"] == kind
