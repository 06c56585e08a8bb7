"""Contacts and organizations over HTTP: who belongs where, and who is there already."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ecm.api.clients import Api, check_problem

pytestmark = pytest.mark.parametrize("founded", ["sqlite"], indirect=True)


def test_a_contact_belongs_to_organizations_seen_from_either_side(api: Api) -> None:
    firm = api.post("/organizations", json={"title": "Ромашка"}).json
    person = api.post("/contacts", json={"last_name": "Франко", "organizations": [firm["id"]]}).json
    other = api.post("/organizations", json={"title": "Айстра"}).json
    joined = api.put(f"/contacts/{person['id']}/organizations/{other['id']}", json={"role": "директор"})
    assert joined.json == {
        "contact": {"id": person["id"], "kind": "contact", "title": "Франко"},
        "organization": {"id": other["id"], "kind": "organization", "title": "Айстра"},
        "role": "директор",
    }
    listed = api.get(f"/contacts/{person['id']}/organizations").json["items"]
    assert [(each["organization"]["title"], each["role"]) for each in listed] == [
        ("Айстра", "директор"), ("Ромашка", None),
    ]  # fmt: skip
    told = api.put(f"/organizations/{firm['id']}/contacts/{person['id']}", json={"role": "радник"}).json
    assert told["role"] == "радник"
    page = api.get(f"/organizations/{firm['id']}/contacts?per_page=1").json
    assert (page["total"], page["items"]) == (1, [told])
    for path in (
        f"/contacts/{person['id']}/organizations/{other['id']}",
        f"/organizations/{firm['id']}/contacts/{person['id']}",
    ):
        assert api.delete(path).status_code == 204
        assert api.delete(path).status_code == 204
    assert api.get(f"/contacts/{person['id']}/organizations").json["items"] == []


def test_nobody_belongs_to_an_organization_of_another_company(api: Api) -> None:
    own = api.post("/contacts", json={"last_name": "Франко"}).json["id"]
    foreign = api.post("/organizations", api.beta.olena, json={"title": "Ромашка"}).json["id"]
    for path in (f"/contacts/{own}/organizations/{foreign}", f"/organizations/{foreign}/contacts/{own}"):
        for actor in (api.alfa.olena, api.beta.olena):
            check_problem(api.put(path, actor, json={}), 404, "not_found")
            check_problem(api.delete(path, actor), 404, "not_found")
    made = api.post("/contacts", json={"last_name": "Леся", "organizations": [foreign]})
    check_problem(made, 404, "not_found")
    assert api.get("/contacts").json["total"] == 1


def test_the_title_of_a_contact_is_the_full_name(api: Api) -> None:
    contact = api.post("/contacts", json={"last_name": "Франко", "first_name": "Іван"}).json
    assert contact["title"] == "Франко Іван"
    changed = api.patch(f"/contacts/{contact['id']}", json={"middle_name": "Якович"}).json
    assert changed["title"] == "Франко Іван Якович"
    refused = api.patch(f"/contacts/{contact['id']}", json={"title": "x"})
    assert check_problem(refused, 422, "invalid")["field"] == "title"
    assert check_problem(api.post("/contacts", json={}), 422, "invalid")["field"] == "last_name"


def test_clients_are_found_by_phone_email_and_tax_number(api: Api) -> None:
    def find(kind: str, **query: Any) -> list[tuple[str, str]]:
        response = api.get(f"/{kind}/duplicates", query_string=query)
        assert response.status_code == 200, response.text
        return [(each["id"], each["by"]) for each in response.json["items"]]

    phone, email = "+380 44 123-45-67", "info@romashka.example"
    firm = api.post(
        "/organizations", json={"title": "Ромашка", "tax_number": "32855961", "emails": [email]}
    ).json
    person = api.post("/contacts", json={"last_name": "Франко", "phones": [phone], "emails": [email]}).json
    assert find("contacts", phone="044 123 45 67 дод. 3") == [(person["id"], "phone")]
    assert find("contacts", phone=["067 000 11 22", phone], email=email) == [(person["id"], "email")]
    assert find("organizations", tax_number="32855961") == [(firm["id"], "tax_number")]
    assert find("organizations", email="INFO@romashka.example") == [(firm["id"], "email")]
    assert find("contacts", tax_number="32855961") == find("contacts") == []
    listed = api.get("/contacts/duplicates", query_string={"phone": phone, "email": email}).json["items"][0]
    assert listed["matches"] == [{"by": "email", "value": email}, {"by": "phone", "value": "+380441234567"}]
    foreign = api.get("/contacts/duplicates", api.beta.olena, query_string={"phone": phone}).json
    assert foreign == {"items": []}
    for query, field in (("phone=1", "phones"), ("email=x", "emails"), ("tax_number=1", "tax_number"),
                         ("country=Narnia", "country")):  # fmt: skip
        assert check_problem(api.get(f"/contacts/duplicates?{query}"), 422, "invalid")["field"] == field
