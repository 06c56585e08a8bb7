"""What a company sets up for its cards, over HTTP: pipelines, custom fields, option sets, teams."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ecm.api.clients import Api, check_problem, count_statements

pytestmark = pytest.mark.parametrize("founded", ["sqlite"], indirect=True)

STAGES = [{"name": "Заявка"}, {"name": "Успіх", "outcome": "won"}, {"name": "Невдача", "outcome": "lost"}]


def send(api: Api, method: str, path: str, **body: Any) -> dict[str, Any]:
    """Do something as an administrator."""
    response = api.ask(method, path, api.alfa.admin, json=body)
    assert response.status_code in (200, 201), response.text
    answer: dict[str, Any] = response.json
    return answer


def test_a_pipeline_is_added_ordered_archived_and_restored(api: Api) -> None:
    partners = send(api, "POST", "/pipelines", kind="deal", name="Партнери", stages=STAGES)
    assert (partners["code"], partners["kind"]) == ("партнери", "deal")
    assert [(each["code"], each["outcome"]) for each in partners["stages"]] == [
        ("заявка", None), ("успіх", "won"), ("невдача", "lost"),
    ]  # fmt: skip
    sales = api.get("/pipelines?kind=deal").json["items"][0]
    ordered = send(api, "PUT", "/pipelines/order", kind="deal", ids=[partners["id"], sales["id"]])
    assert [each["id"] for each in ordered["items"]] == [partners["id"], sales["id"]]
    assert api.post("/deals", json={"title": "x"}).json["pipeline"] == "партнери"
    assert send(api, "PATCH", f"/pipelines/{partners['id']}", name="Дилери")["name"] == "Дилери"
    assert send(api, "POST", f"/pipelines/{partners['id']}/archive")["archived_at"] is not None
    assert [each["code"] for each in api.get("/pipelines").json["items"]] == ["sales", "leads"]
    assert len(api.get("/pipelines?kind=deal&archived=1").json["items"]) == 2
    last = api.post(f"/pipelines/{sales['id']}/archive", api.alfa.admin)
    check_problem(last, 409, "in_use")
    assert send(api, "POST", f"/pipelines/{partners['id']}/restore")["archived_at"] is None
    wrong = api.post("/pipelines", api.alfa.admin, json={"kind": "deal", "name": "x", "stages": STAGES[:1]})
    assert check_problem(wrong, 422, "invalid")["field"] == "stages"
    again = api.post(
        "/pipelines", api.alfa.admin, json={"kind": "deal", "name": "Партнери", "stages": STAGES}
    )
    check_problem(again, 409, "taken")


def test_a_stage_is_added_renamed_ordered_archived_and_restored(api: Api) -> None:
    sales = api.get("/pipelines?kind=deal").json["items"][0]
    path = f"/pipelines/{sales['id']}/stages"
    added = send(api, "POST", path, name="Зустріч", before="offer")
    stages = api.get(f"/pipelines/{sales['id']}").json["stages"]
    assert [each["code"] for each in stages][:3] == ["new", "зустріч", "offer"]
    assert send(api, "PATCH", f"{path}/{added['id']}", name="Візит")["name"] == "Візит"
    ids = [each["id"] for each in stages]
    ids[1], ids[2] = ids[2], ids[1]
    assert [each["id"] for each in send(api, "PUT", f"{path}/order", ids=ids)["stages"]] == ids
    check_problem(api.put(f"{path}/order", api.alfa.admin, json={"ids": ids[1:]}), 422, "invalid")
    assert send(api, "POST", f"{path}/зустріч/archive")["archived_at"] is not None
    deal = f"/deals/{api.alfa.deal.id}"
    assert check_problem(api.patch(deal, json={"stage": "зустріч"}), 422, "invalid")["field"] == "stage"
    assert send(api, "POST", f"{path}/зустріч/restore")["archived_at"] is None
    assert api.patch(deal, json={"stage": "зустріч"}).status_code == 200
    in_use = api.post(f"{path}/{added['id']}/archive", api.alfa.admin)
    assert check_problem(in_use, 409, "in_use")["cards"] == 1
    for wrong in ("nowhere", "999999", api.get("/pipelines?kind=lead").json["items"][0]["stages"][0]["id"]):
        refused = api.patch(f"{path}/{wrong}", api.alfa.admin, json={"name": "x"})
        assert check_problem(refused, 404, "not_found")["what"] == "stage"


def test_a_field_is_required_always_or_from_a_stage_on_and_released(api: Api) -> None:
    send(api, "PUT", "/requirements", kind="deal", field="source")
    listed = send(api, "PUT", "/requirements", kind="deal", field="contact", pipeline="sales", stage="offer")
    always, from_offer = listed["items"]
    assert (always["field"], always["stage"]) == ("source", None)
    assert from_offer == {
        "kind": "deal", "field": "contact", "pipeline": "sales", "stage": "offer", "stage_name": "Offer",
    }  # fmt: skip
    assert api.get("/requirements?kind=deal").json == listed
    assert api.delete("/requirements?kind=deal&field=source", api.alfa.admin).status_code == 204
    released = api.delete("/requirements?kind=deal&field=contact&stage=offer", api.alfa.admin)
    assert released.status_code == 204
    assert api.get("/requirements?kind=deal").json == {"items": []}
    for body, field in (
        ({"kind": "deal", "field": "colour"}, "field"),
        ({"kind": "deal", "field": "stage"}, "field"),
        ({"kind": "contact", "field": "address", "stage": "offer"}, "stage"),
        ({"kind": "deal", "field": "source", "pipeline": "x", "stage": "new"}, "pipeline"),
        ({"kind": "deal", "field": "source", "pipeline": "sales"}, "stage"),
        ({"kind": "ship", "field": "source"}, "kind"),
    ):
        assert (
            check_problem(api.put("/requirements", api.alfa.admin, json=body), 422, "invalid")["field"]
            == field
        )


def test_a_custom_field_is_added_renamed_ordered_archived_and_restored(api: Api) -> None:
    color = send(api, "POST", "/fields", kind="deal", name="Колір", type="list", options=["білий", "синій"])
    assert (color["key"], color["multiple"]) == ("колір", False)
    assert [each["name"] for each in color["options"]] == ["білий", "синій"]
    weight = send(
        api, "POST", "/fields", kind="deal", name="Вага", type="number", key="weight", required=True
    )
    assert check_problem(api.post("/deals", json={"title": "x"}), 409, "missing_fields")["missing"] == [
        {"kind": "deal", "field": "fields.weight", "name": "Вага", "stage": None}
    ]
    ordered = send(api, "PUT", "/fields/order", kind="deal", ids=[weight["id"], color["id"]])
    assert [each["key"] for each in ordered["items"]] == ["weight", "колір"]
    assert send(api, "PATCH", f"/fields/{weight['id']}", name="Маса")["name"] == "Маса"
    deal = api.post("/deals", json={"title": "x", "fields": {"weight": 7}}).json
    assert send(api, "POST", f"/fields/{weight['id']}/archive")["archived_at"] is not None
    assert api.get(f"/deals/{deal['id']}").json["fields"] == {}
    assert [each["key"] for each in api.get("/fields?kind=deal").json["items"]] == ["колір"]
    assert len(api.get("/fields?kind=deal&archived=1").json["items"]) == 2
    send(api, "POST", f"/fields/{weight['id']}/restore")
    assert api.get(f"/deals/{deal['id']}").json["fields"] == {"weight": "7"}
    assert api.get(f"/fields/{color['id']}").json == color
    check_problem(
        api.post("/fields", api.alfa.admin, json={"kind": "deal", "name": "Маса", "type": "text"}),
        409,
        "taken",
    )
    for body, field in (
        ({"kind": "deal", "name": "x", "type": "colour"}, "type"),
        ({"kind": "deal", "name": "x", "type": "text", "options": ["y"]}, "option_set"),
        ({"kind": "deal", "name": "x", "type": "text", "key": "A b"}, "key"),
    ):
        assert check_problem(api.post("/fields", api.alfa.admin, json=body), 422, "invalid")["field"] == field
    foreign = send(api, "POST", "/option-sets", name="Чужі")["id"]
    body = {"kind": "deal", "name": "x", "type": "list", "option_set": foreign}
    check_problem(api.post("/fields", api.beta.admin, json=body), 404, "not_found")


def test_an_option_that_is_edited_shows_on_every_kind_of_card(api: Api) -> None:
    channels = send(api, "POST", "/option-sets", name="Канал", options=["Сайт", "Дзвінок"])
    site, call = channels["options"]
    for kind in ("deal", "contact"):
        send(api, "POST", "/fields", kind=kind, name="Канал", type="list", option_set=channels["id"])
    deal = api.post("/deals", json={"title": "x", "fields": {"канал": site["id"]}}).json
    contact = api.post("/contacts", json={"last_name": "x", "fields": {"канал": "Сайт"}}).json
    path = f"/option-sets/{channels['id']}"
    send(api, "PATCH", f"{path}/options/{site['id']}", name="Портал")
    for card in (deal, contact):
        shown = api.get(f"/{card['kind']}s/{card['id']}").json["fields"]["канал"]
        assert shown == {"id": site["id"], "name": "Портал"}
    used = api.delete(f"{path}/options/{site['id']}", api.alfa.admin)
    assert check_problem(used, 409, "in_use")["cards"] == 2
    assert send(api, "POST", f"{path}/options/{site['id']}/archive")["archived_at"] is not None
    assert [each["name"] for each in api.get(path).json["options"]] == ["Дзвінок"]
    assert len(api.get(f"{path}?archived=1").json["options"]) == 2
    refused = api.post("/deals", json={"title": "y", "fields": {"канал": site["id"]}})
    assert check_problem(refused, 422, "invalid")["field"] == "fields.канал"
    send(api, "POST", f"{path}/options/{site['id']}/restore")
    ordered = send(api, "PUT", f"{path}/options/order", ids=[call["id"], site["id"]])
    assert [each["id"] for each in ordered["options"]] == [call["id"], site["id"]]
    assert api.delete(f"{path}/options/{call['id']}", api.alfa.admin).status_code == 204
    check_problem(api.delete(path, api.alfa.admin), 409, "in_use")
    added = send(api, "POST", f"{path}/options", name="Виставка")
    assert [each["name"] for each in api.get("/option-sets").json["items"][0]["options"]] == [
        "Портал",
        "Виставка",
    ]
    other = send(api, "POST", "/option-sets", name="Інші")
    crossed = api.patch(
        f"/option-sets/{other['id']}/options/{added['id']}", api.alfa.admin, json={"name": "x"}
    )
    check_problem(crossed, 404, "not_found")
    assert send(api, "PATCH", f"/option-sets/{other['id']}", name="Решта")["name"] == "Решта"
    assert api.delete(f"/option-sets/{other['id']}", api.alfa.admin).status_code == 204


def test_a_team_has_a_name_and_members(api: Api) -> None:
    olena, petro = str(api.alfa.olena.user_id), str(api.alfa.petro.user_id)
    team = send(api, "POST", "/teams", name="Захід", members=[olena])
    assert [each["id"] for each in team["members"]] == [olena]
    changed = send(api, "PATCH", f"/teams/{team['id']}", name="Схід", members=[petro, olena])
    assert (changed["name"], {each["id"] for each in changed["members"]}) == ("Схід", {olena, petro})
    assert api.get("/teams").json == {"items": [changed]}
    assert api.get(f"/teams/{team['id']}").json == changed
    foreign = {"members": [str(api.beta.olena.user_id)]}
    check_problem(api.patch(f"/teams/{team['id']}", api.alfa.admin, json=foreign), 404, "not_found")
    check_problem(api.post("/teams", api.alfa.admin, json={"name": "Схід"}), 409, "taken")
    assert api.get("/teams", api.beta.olena).json == {"items": []}


def test_lists_of_what_is_set_up_take_a_constant_number_of_statements(api: Api) -> None:
    paths = ("/teams", "/option-sets", "/fields?kind=deal", "/pipelines", "/requirements?kind=deal")

    def add_more(name: str) -> None:
        send(api, "POST", "/teams", name=name, members=[str(api.alfa.olena.user_id)])
        send(api, "POST", "/fields", kind="deal", name=name, type="list", options=["x", "y"])
        send(api, "POST", "/pipelines", kind="deal", name=name, stages=STAGES)
        send(api, "PUT", "/requirements", kind="deal", field=f"fields.{name}", pipeline=name, stage="заявка")

    def count() -> dict[str, int]:
        return {path: count_statements(api, lambda path=path: api.get(path)) for path in paths}  # type: ignore[misc]

    add_more("перше")
    few = count()
    for name in ("друге", "третє", "четверте"):
        add_more(name)
    assert count() == few
