"""One of each thing that routes are about, and what each route takes: for the tests that walk all routes."""

from __future__ import annotations

import base64
from typing import Any

from tests.ecm.api.clients import Api

TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "1", "Upload-Offset": "0"}

_NAME: dict[str, Any] = {"json": {"name": "x"}}
_PRODUCTS: dict[str, Any] = {"json": {"products": [{"name": "x", "price": "1"}]}}
_OF_CARDS: dict[str, dict[str, Any]] = {
    f"/api/v1/{kind}{path}": body
    for kind in ("deals", "leads", "contacts", "organizations")
    for path, body in {
        "/<id>/comments": {"json": {"text": "x"}},
        "/<id>/documents": {"data": b"x"},
        "/<id>": {"json": {"owner": None}},
        "": {"json": {"last_name": "x"} if kind == "contacts" else {"title": "x"}},
    }.items()
}
BODIES: dict[str, dict[str, Any]] = {
    **_OF_CARDS,
    "/api/v1/deals/<id>/products": _PRODUCTS,
    "/api/v1/leads/<id>/products": _PRODUCTS,
    "/api/v1/leads/<id>/conversion": {"json": {"contact": {}}},
    "/api/v1/contacts/<id>/organizations/<organization>": {"json": {}},
    "/api/v1/organizations/<id>/contacts/<contact>": {"json": {}},
    "/api/v1/pipelines": {"json": {"kind": "deal", "name": "x", "stages": []}},
    "/api/v1/pipelines/order": {"json": {"kind": "deal", "ids": []}},
    "/api/v1/pipelines/<id>": _NAME,
    "/api/v1/pipelines/<id>/stages": _NAME,
    "/api/v1/pipelines/<id>/stages/order": {"json": {"ids": []}},
    "/api/v1/pipelines/<id>/stages/<stage>": _NAME,
    "/api/v1/fields": {"json": {"kind": "deal", "name": "x", "type": "text"}},
    "/api/v1/fields/order": {"json": {"kind": "deal", "ids": []}},
    "/api/v1/fields/<id>": _NAME,
    "/api/v1/option-sets": _NAME,
    "/api/v1/option-sets/<id>": _NAME,
    "/api/v1/option-sets/<id>/options": _NAME,
    "/api/v1/option-sets/<id>/options/order": {"json": {"ids": []}},
    "/api/v1/option-sets/<id>/options/<option>": _NAME,
    "/api/v1/requirements": {"json": {"kind": "deal", "field": "source"}},
    "/api/v1/teams": _NAME,
    "/api/v1/teams/<id>": _NAME,
    "/api/v1/filters": {"json": {"kind": "deal", "name": "x", "conditions": []}},
    "/api/v1/imports": {"data": "Назва\nА".encode()},
    "/api/v1/imports/<id>": {"json": {"duplicates": "skip"}},
    "/api/v1/users/<id>/rights": {"json": {"may_not_create": []}},
    "/api/v1/company/tariff": {"json": {"code": "free"}},
    "/api/v1/admin/companies": _NAME,
    "/api/v1/admin/companies/<id>/tariff": {"json": {"code": "free"}},
    "/api/v1/admin/tariffs": {"json": {"code": "x", "scope": "unlimited"}},
    "/api/v1/admin/tariffs/<code>": {"json": {"scope": "unlimited"}},
    "/api/v1/quota/preflight": {"json": {"size_bytes": 1}},
    "/api/v1/documents/<id>": {"json": {"title": "x"}},
    "/api/v1/documents/<id>/versions": {"data": b"x"},
}
"""By the route: what is sent with a request that is no GET."""
QUERIES = {"/api/v1/requirements": "?kind=deal&field=source"}
"""By the route: what a DELETE says in the address."""


def add_things(api: Api) -> dict[str, dict[str, str]]:
    """Add one of each thing to the first company: by the first piece of a path, its ids by their names."""

    def add(path: str, **body: Any) -> dict[str, Any]:
        response = api.post(path, api.alfa.admin, json=body)
        assert response.status_code == 201, response.text
        added: dict[str, Any] = response.json
        return added

    deal64 = base64.b64encode(b"%d" % api.alfa.deal.id).decode()
    upload = api.post("/uploads", headers={**TUS, "Upload-Metadata": f"deal {deal64}"})
    assert upload.status_code == 201, upload.text
    organization = add("/organizations", title="Ромашка")["id"]
    contact = add("/contacts", last_name="Шевченко", organizations=[organization])["id"]
    pipeline = api.get("/pipelines?kind=deal").json["items"][0]
    table = api.post("/imports?kind=organization", data="Назва\nА".encode())
    assert table.status_code == 201, table.text
    options = add("/option-sets", name="Канал", options=["Сайт"])
    return {
        "deals": {"id": str(api.alfa.deal.id)},
        "leads": {"id": add("/leads", title="Лід", last_name="Франко")["id"]},
        "contacts": {"id": contact, "organization": organization},
        "organizations": {"id": organization, "contact": contact},
        "pipelines": {"id": pipeline["id"], "stage": pipeline["stages"][1]["id"]},
        "fields": {"id": add("/fields", kind="deal", name="Поле", type="text")["id"]},
        "option-sets": {"id": options["id"], "option": options["options"][0]["id"]},
        "requirements": {},
        "teams": {"id": add("/teams", name="Захід")["id"]},
        "filters": {"id": add("/filters", kind="deal", name="Мої", conditions=[], shared=True)["id"]},
        "imports": {"id": table.json["id"]},
        "users": {"id": str(api.alfa.petro.user_id)},
        "documents": {"id": api.store(b"secret")["id"], "number": "1"},
        "uploads": {"id": upload.headers["Location"].rpartition("/")[2]},
        "company": {},
        "admin": {"id": str(api.alfa.company.id), "code": "free"},
    }
