"""What cards of all kinds have in common over HTTP."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from werkzeug.test import TestResponse

from ecm import Actor
from ecm.models import Card
from tests.ecm.api.clients import ROOT, Api, check_problem, count_statements
from tests.ecm.api.things import TUS

# What differs between databases is tested beside the domain; these rules are of HTTP.
pytestmark = pytest.mark.parametrize("founded", ["sqlite"], indirect=True)

KINDS = ("deal", "lead", "contact", "organization")
NEW: dict[str, dict[str, Any]] = {
    "deal": {"title": "Сервери", "expected_close": "2026-12-31", "source": "сайт"},
    "lead": {
        "title": "Запит",
        "organization_name": "Мрія",
        "phones": ["044 123 45 67"],
        "last_name": "Мельник",
    },
    "contact": {"last_name": "Шевченко", "first_name": "Олег", "emails": ["oleh@romashka.example"]},
    "organization": {"title": "Ромашка", "tax_number": "32855961", "website": "romashka.example"},
}


def add(api: Api, path: str, **body: Any) -> dict[str, Any]:
    """Add something as an administrator."""
    response = api.post(path, api.alfa.admin, json=body)
    assert response.status_code == 201, response.text
    added: dict[str, Any] = response.json
    return added


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_of_each_kind_is_added_shown_changed_listed_and_deleted(api: Api, kind: str) -> None:
    team = add(api, "/teams", name="Захід", members=[str(api.alfa.olena.user_id)])
    added = api.post(f"/{kind}s", json={**NEW[kind], "team": team["id"]})
    assert added.status_code == 201, added.text
    card = added.json
    assert added.headers["Location"] == f"/api/v1/{kind}s/{card['id']}"
    assert (card["kind"], card["owner"], card["team_name"]) == (kind, str(api.alfa.olena.user_id), "Захід")
    simple = {name: value for name, value in NEW[kind].items() if name not in ("phones", "emails", "website")}
    assert card.items() >= simple.items()
    assert api.get(f"/{kind}s/{card['id']}").json == card
    listed = api.get(f"/{kind}s").json
    assert listed["items"][0] == card
    assert listed["total"] == (2 if kind == "deal" else 1)
    changed = api.patch(f"/{kind}s/{card['id']}", json={"owner": None, "team": None}).json
    assert (changed["owner"], changed["team"], changed["title"]) == (None, None, card["title"])
    assert api.delete(f"/{kind}s/{card['id']}").status_code == 204
    check_problem(api.get(f"/{kind}s/{card['id']}"), 404, "not_found")


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_answered_can_be_sent_back(api: Api, kind: str) -> None:
    card = add(api, f"/{kind}s", **NEW[kind])
    computed = {"id", "kind", "lead", "external_ref", "external_url", "is_repeat", "contact", "organization"}
    computed |= {"stage_outcome", "lost_reason", "junk_reason", *(["title"] if kind == "contact" else [])}
    given = {
        name: value for name, value in card.items()
        if name not in computed and not name.endswith(("_at", "_title")) and name not in (
            "owner_name", "team_name", "pipeline_name", "stage_name")
    }  # fmt: skip
    before = api.get(f"/{kind}s/{card['id']}/timeline").json
    again = api.patch(f"/{kind}s/{card['id']}", json=given)
    assert again.status_code == 200, again.text
    assert again.json == card
    assert api.get(f"/{kind}s/{card['id']}/timeline").json == before


def test_phones_and_emails_are_shown_as_typed_and_as_compared(api: Api) -> None:
    phones = ["044 123-45-67 дод. 12", {"value": "+380 67 765 43 21", "label": "особистий"}]
    contact = add(api, "/contacts", last_name="Франко", phones=phones, emails=["Ivan@Mriya.Example"])
    assert contact["phones"] == [
        {"value": phones[0], "normalized": "+380441234567", "extension": "12", "label": None},
        {
            "value": "+380 67 765 43 21",
            "normalized": "+380677654321",
            "extension": None,
            "label": "особистий",
        },
    ]
    assert [each["normalized"] for each in contact["emails"]] == ["ivan@mriya.example"]
    wrong: tuple[tuple[object, str], ...] = (
        ("044", "phones"), ({"value": "12345"}, "phones"), ({"number": "1"}, "phones"), (5, "phones"),
    )  # fmt: skip
    for phone, field in wrong:
        response = api.post("/contacts", json={"last_name": "x", "phones": [phone]})
        assert check_problem(response, 422, "invalid")["field"] == field


def test_custom_fields_of_every_type_are_given_shown_filtered_and_sorted(api: Api) -> None:
    given: dict[str, tuple[Any, Any]] = {
        "text": ("дуб", "дуб"),
        "number": ("12.50", "12.5"),
        "money": ({"amount": "99.5", "currency": "EUR"}, {"amount": "99.50", "currency": "EUR"}),
        "date": ("2026-11-30", "2026-11-30"),
        "boolean": (False, False),
        "link": ("https://romashka.example/a", "https://romashka.example/a"),
        "user": (str(api.alfa.petro.user_id), str(api.alfa.petro.user_id)),
        "file": (api.store(b"x")["id"],) * 2,
    }
    for type in given:
        add(api, "/fields", kind="deal", name=type, type=type)
    field = add(
        api, "/fields", kind="deal", name="Колір", type="list", multiple=True, options=["білий", "синій"]
    )
    options = [{"id": each["id"], "name": each["name"]} for each in field["options"]]
    told = {type: value for type, (value, _) in given.items()} | {"колір": ["синій", options[0]["id"]]}
    deal = add(api, "/deals", title="Меблі", fields=told)
    assert deal["fields"] == {type: shown for type, (_, shown) in given.items()} | {"колір": options[::-1]}
    assert api.patch(f"/deals/{deal['id']}", json={"fields": deal["fields"]}).json == deal
    add(api, "/deals", title="Столи", fields={"number": "3", "колір": options[0]["id"]})
    for condition in (
        "fields.number:gt:3",
        "fields.колір:eq:синій",
        "fields.boolean:eq:false",
        "fields.text:eq:ДУБ",
    ):
        found = api.get("/deals", query_string={"filter": condition}).json["items"]
        assert [each["id"] for each in found] == [deal["id"]], condition
    found = api.get("/deals", query_string={"sort": "fields.number"}).json["items"]
    assert [each["title"] for each in found][:2] == ["Столи", "Меблі"]
    cleared = api.patch(f"/deals/{deal['id']}", json={"fields": {"number": None, "колір": []}}).json["fields"]
    assert cleared == {
        name: value for name, value in deal["fields"].items() if name not in ("number", "колір")
    }
    for key, value in (("number", "багато"), ("колір", ["зелений"]), ("nothing", 1), ("file", "999999")):
        problem = check_problem(
            api.patch(f"/deals/{deal['id']}", json={"fields": {key: value}}), 422, "invalid"
        )
        assert problem["field"] == f"fields.{key}"


def test_a_list_is_narrowed_by_all_filters_and_sorted(api: Api) -> None:
    for title, amount, stage in (("Альфа", "10", "new"), ("Бета", "30", "offer"), ("Гамма", "20", "offer")):
        add(api, "/deals", title=title, amount=amount, stage=stage)

    def titles(*conditions: str, **query: str) -> list[str]:
        page = api.get("/deals", query_string={"filter": list(conditions), **query})
        assert page.status_code == 200, page.text
        return [each["title"] for each in page.json["items"]]

    assert titles("stage:eq:offer", sort="amount") == ["Гамма", "Бета"]
    assert titles("stage:in:new,offer", "amount:lt:1000", sort="-title") == ["Гамма", "Бета", "Альфа"]
    assert titles("title:contains:ЕТ") == ["Бета"]
    assert titles("owner:eq:me") == ["Постачання сервера"]
    assert titles("owner:eq:me", "stage:eq:offer") == []
    page = api.get("/deals?filter=stage:eq:offer&per_page=1&page=2&sort=-amount").json
    assert ([each["title"] for each in page["items"]], page["total"]) == (["Гамма"], 2)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("filter=amount", "filter"),
        ("filter=amount:like:1", "filter"),
        ("filter=colour:eq:red", "filter"),
        ("filter=fields.colour:eq:red", "filter"),
        ("filter=amount:eq:many", "filter"),
        ("filter=stage:eq:nowhere", "filter"),
        ("filter=pipeline:eq:nowhere", "filter"),
        ("filter=owner:eq:x", "filter"),
        ("filter=created_at:eq:x", "filter"),
        ("filter=created_at:le:9999-12-31", "filter"),
        ("filter=title:contains:" + "x" * 4001, "filter"),
        ("filter=amount:eq:1e400", "filter"),
        ("filter=title:lt:x", "filter"),
        ("&".join(["filter=title:eq:x"] * 21), "filter"),
        ("sort=colour", "sort"),
        ("sort=fields.colour", "sort"),
        ("per_page=1001", "per_page"),
    ],
)
def test_a_wrong_filter_or_order_is_refused(api: Api, query: str, field: str) -> None:
    assert check_problem(api.get(f"/deals?{query}"), 422, "invalid")["field"] == field


def test_a_saved_filter_narrows_a_list_together_with_others(api: Api) -> None:
    for title, amount in (("Мала", "5"), ("Середня", "50"), ("Велика", "500")):
        add(api, "/deals", title=title, amount=amount)
    conditions = ["amount:ge:50", {"field": "amount", "operator": "lt", "value": "100000"}]
    body = {"kind": "deal", "name": "Чималі", "conditions": conditions, "sort": "-amount"}
    saved = api.post("/filters", json=body).json
    assert saved["conditions"][0] == {"field": "amount", "operator": "ge", "value": "50"}

    def titles(query: str) -> list[str]:
        return [each["title"] for each in api.get(f"/deals?saved_filter={saved['id']}{query}").json["items"]]

    assert titles("") == ["Велика", "Середня"]
    assert titles("&sort=amount") == ["Середня", "Велика"]
    assert titles("&filter=title:contains:серед") == ["Середня"]
    assert (
        check_problem(api.get(f"/leads?saved_filter={saved['id']}"), 422, "invalid")["field"]
        == "saved_filter"
    )
    foreign = api.get(f"/deals?saved_filter={saved['id']}", api.beta.admin)
    assert check_problem(foreign, 404, "not_found")["what"] == "filter"
    check_problem(api.get(f"/filters/{saved['id']}", api.alfa.petro), 404, "not_found")
    assert api.get("/filters?kind=deal", api.alfa.petro).json == {"items": []}
    assert api.delete(f"/filters/{saved['id']}").status_code == 204
    assert api.get("/filters?kind=deal").json == {"items": []}


@pytest.mark.parametrize("condition", ["amount", 5, {"field": "amount"}, {"field": "amount", "operator": 1}])
def test_a_wrong_condition_is_not_saved(api: Api, condition: object) -> None:
    body = {"kind": "deal", "name": "x", "conditions": [condition]}
    check_problem(api.post("/filters", json=body), 422, "invalid")
    assert api.get("/filters?kind=deal").json["items"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_of_a_list_takes_as_many_statements_as_one_card(api: Api, kind: str) -> None:
    team = add(api, "/teams", name="Захід")["id"]
    add(api, "/fields", kind=kind, name="Колір", type="list", multiple=True, options=["білий", "синій"])
    add(api, "/fields", kind=kind, name="Сума", type="money")
    lead, organization = add(api, "/leads", title="Лід"), add(api, "/organizations", title="Ромашка")
    reached = {"phones": ["044 123 45 67"], "emails": ["a@b.example"]} if kind != "deal" else {}
    sold = {"organization": organization["id"]} if kind in ("deal", "lead") else {}
    owners = [api.alfa.admin, api.alfa.olena, api.alfa.petro]

    def add_more(number: int) -> None:
        stage = {"stage": ["new", "contacted" if kind == "lead" else "offer"][number % 2]} if sold else {}
        more = {
            "fields": {"колір": ["білий", "синій"], "сума": number},
            "team": team,
            **reached,
            **sold,
            **stage,
        }
        owner = str(owners[number % 3].user_id)
        card = add(api, f"/{kind}s", **{**NEW[kind], **more, "owner": owner})
        with api.app.begin(api.alfa.admin) as tx:
            tx.session.get_one(Card, int(card["id"])).lead_id = int(lead["id"])

    def count() -> int:
        api.app.database.engine.dispose()
        return count_statements(api, lambda: api.get(f"/{kind}s?per_page=100&sort=title"))

    add_more(0)
    few = count()
    for number in range(1, 12):
        add_more(number)
    assert count() == few < 20


@pytest.mark.parametrize("kind", KINDS)
def test_a_timeline_is_read_piece_by_piece(api: Api, kind: str) -> None:
    card = add(api, f"/{kind}s", **NEW[kind])
    path = f"/{kind}s/{card['id']}"
    for number in range(5):
        commented = api.post(f"{path}/comments", json={"text": f"коментар {number}"})
        assert commented.status_code == 201, commented.text
    latest = commented.json
    assert (latest["kind"], latest["facts"]) == ("comment", {"text": "коментар 4"})
    assert (latest["user"], latest["user_name"]) == (str(api.alfa.olena.user_id), api.alfa.olena.name)
    first = api.get(f"{path}/timeline?limit=3").json
    assert first["items"][0] == latest
    api.post(f"{path}/comments", json={"text": "новий"})
    rest = api.get(f"{path}/timeline?before={first['next_before']}").json
    entries = first["items"] + rest["items"]
    texts = [each["facts"]["text"] for each in entries if each["kind"] == "comment"]
    assert texts == [f"коментар {number}" for number in (4, 3, 2, 1, 0)]
    assert entries[-1]["kind"] in ("card.created", "stage.moved")
    assert rest["next_before"] is None
    for wrong in ("limit=0", "limit=201"):
        assert check_problem(api.get(f"{path}/timeline?{wrong}"), 422, "invalid")["field"] == "limit"
    assert check_problem(api.post(f"{path}/comments", json={"text": " "}), 422, "invalid")["field"] == "text"


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_can_be_on_a_card_of_any_kind(api: Api, kind: str) -> None:
    card = add(api, f"/{kind}s", **NEW[kind])
    stored = api.post(f"/{kind}s/{card['id']}/documents?filename=a.txt", data=b"one")
    assert stored.status_code == 201, stored.text
    document = stored.json
    assert document["cards"] == [{"id": card["id"], "kind": kind, "title": card["title"]}]
    assert [each["id"] for each in api.get(f"/{kind}s/{card['id']}/documents").json["items"]] == [
        document["id"]
    ]
    api.app.work_off()
    found = api.get(f"/search?card={card['id']}").json["items"]
    assert [each["document"]["id"] for each in found] == [document["id"]]
    check_problem(api.get(f"/search?card={card['id']}", api.beta.olena), 404, "not_found")
    both = api.patch(f"/documents/{document['id']}", json={"cards": [card["id"], str(api.alfa.deal.id)]}).json
    assert {each["id"] for each in both["cards"]} == {card["id"], str(api.alfa.deal.id)}
    assert check_problem(api.delete(f"/{kind}s/{card['id']}"), 409, "has_documents")["documents"] == 1
    assert api.delete(f"/{kind}s/{card['id']}?documents=trash").status_code == 204
    assert api.get(f"/documents/{document['id']}").json["trashed_at"] is None  # it is on the deal as well
    other = "contact" if kind != "contact" else "deal"
    check_problem(api.get(f"/{other}s/{card['id']}"), 404, "not_found")


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_of_an_application_is_shown_and_changed_nowhere_but_there(api: Api, kind: str) -> None:
    with api.app.begin(api.alfa.olena) as tx:
        card_id = tx.cards.ref(kind, "crm:7", title="Там", url="https://crm.example/7").id
    path = f"/{kind}s/{card_id}"
    card = api.get(path).json
    assert (card["title"], card["external_ref"], card["external_url"]) == (
        "Там",
        "crm:7",
        "https://crm.example/7",
    )
    for response in (api.patch(path, json={"owner": None}), api.delete(path)):
        assert check_problem(response, 409, "managed_by_application")["url"] == "https://crm.example/7"
    if kind == "lead":
        refused = api.post(f"{path}/conversion", json={"contact": {}})
        check_problem(refused, 409, "managed_by_application")
    assert api.get(path).json == card
    assert api.post(f"{path}/documents?filename=a.txt", data=b"one").status_code == 201
    assert api.post(f"{path}/comments", json={"text": "бачу"}).status_code == 201


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_without_the_right_creates_no_cards_of_a_kind(api: Api, kind: str) -> None:
    path = f"/users/{api.alfa.olena.user_id}/rights"
    told = api.put(path, api.alfa.admin, json={"may_not_create": [kind]})
    assert told.json["may_not_create"] == [kind]
    check_problem(api.post(f"/{kind}s", json=NEW[kind]), 403, "forbidden")
    assert api.post(f"/{kind}s", api.alfa.petro, json=NEW[kind]).status_code == 201
    check_problem(api.put(path, json={"may_not_create": []}), 403, "forbidden")
    problem = check_problem(api.put(path, api.alfa.admin, json={"may_not_create": ["ship"]}), 422, "invalid")
    assert problem["field"] == "may_not_create"
    users = {each["id"]: each["may_not_create"] for each in api.get("/users").json["items"]}
    assert users[str(api.alfa.olena.user_id)] == [kind]
    assert str(api.beta.olena.user_id) not in users


def test_a_resumable_upload_is_for_a_card_of_any_kind(api: Api) -> None:
    def begin(card_id: str, actor: Actor | None = None) -> TestResponse:
        metadata = f"card {base64.b64encode(card_id.encode()).decode()}"
        return api.post("/uploads", actor, headers={**TUS, "Upload-Metadata": metadata})

    contact = add(api, "/contacts", last_name="Франко")
    upload = begin(contact["id"])
    assert upload.status_code == 201, upload.text
    sent = api.patch(
        upload.headers["Location"].removeprefix(ROOT),
        headers=TUS | {"Upload-Offset": "0"},
        data=b"x",
        content_type="application/offset+octet-stream",
    )
    assert sent.status_code == 204, sent.text
    listed = api.get(f"/contacts/{contact['id']}/documents").json["items"]
    assert [each["id"] for each in listed] == [sent.headers["Ecm-Document"]]
    check_problem(begin(contact["id"], api.beta.olena), 404, "not_found")
