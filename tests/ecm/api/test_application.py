"""What holds for all of the API: who may, what a body may be, what goes wrong, and how it is described."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.routing import Rule

from ecm import Actor
from ecm.api import errors as api_errors
from ecm.api.errors import STATUS, TITLES
from ecm.errors import Conflict, DatabaseBusy, EcmError
from ecm.search.errors import SearchError
from ecm.storage.errors import StorageError, Unavailable
from tests.ecm.api.clients import ROOT, Api, check_problem
from tests.ecm.api.things import BODIES, QUERIES, TUS, add_things

PUBLIC = {("POST", "/api/v1/tokens"), ("GET", "/api/v1/openapi.json")}
MEMBERS_MAY_NOT = {
    ("PUT", "/api/v1/company/tariff"),
    ("GET", "/api/v1/admin/companies"),
    ("POST", "/api/v1/admin/companies"),
    ("GET", "/api/v1/admin/companies/<id>"),
    ("PUT", "/api/v1/admin/companies/<id>/tariff"),
    ("GET", "/api/v1/admin/tariffs"),
    ("POST", "/api/v1/admin/tariffs"),
    ("PUT", "/api/v1/admin/tariffs/<code>"),
}
MEMBERS_MAY_NOT |= {
    (method, f"/api/v1/{path}")
    for method, path in (
        ("POST", "pipelines"),
        ("PUT", "pipelines/order"),
        ("PATCH", "pipelines/<id>"),
        ("POST", "pipelines/<id>/archive"),
        ("POST", "pipelines/<id>/restore"),
        ("POST", "pipelines/<id>/stages"),
        ("PUT", "pipelines/<id>/stages/order"),
        ("PATCH", "pipelines/<id>/stages/<stage>"),
        ("POST", "pipelines/<id>/stages/<stage>/archive"),
        ("POST", "pipelines/<id>/stages/<stage>/restore"),
        ("POST", "fields"),
        ("PUT", "fields/order"),
        ("PATCH", "fields/<id>"),
        ("POST", "fields/<id>/archive"),
        ("POST", "fields/<id>/restore"),
        ("POST", "option-sets"),
        ("PATCH", "option-sets/<id>"),
        ("DELETE", "option-sets/<id>"),
        ("POST", "option-sets/<id>/options"),
        ("PUT", "option-sets/<id>/options/order"),
        ("PATCH", "option-sets/<id>/options/<option>"),
        ("DELETE", "option-sets/<id>/options/<option>"),
        ("POST", "option-sets/<id>/options/<option>/archive"),
        ("POST", "option-sets/<id>/options/<option>/restore"),
        ("PUT", "requirements"),
        ("DELETE", "requirements"),
        ("POST", "teams"),
        ("PATCH", "teams/<id>"),
        ("PUT", "users/<id>/rights"),
        ("DELETE", "filters/<id>"),  # a colleague's
    )
}


def routes(api: Api) -> Iterator[tuple[str, Rule]]:
    """Every method of every route of the API."""
    found = [rule for rule in api.application.url_map.iter_rules() if rule.rule.startswith("/api/")]
    assert len(found) > 20
    for rule in found:
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            yield method, rule


def ask(api: Api, method: str, rule: Rule, ids: dict[str, str], **options: Any) -> Any:
    """Send what the route takes, with these ids."""
    path = rule.rule
    for name in rule.arguments:
        path = path.replace(f"<{name}>", ids[name])
    body = {} if method in ("GET", "HEAD", "DELETE") else BODIES.get(rule.rule, {})
    if method == "DELETE":
        path += QUERIES.get(rule.rule, "")
    if "/uploads" in path:
        metadata = {"Upload-Metadata": f"deal {base64.b64encode(b'%d' % api.alfa.deal.id).decode()}"}
        options["headers"] = {**TUS, **metadata, **options.get("headers", {})}
        body = {"data": b"x", "content_type": "application/offset+octet-stream"} if method == "PATCH" else {}
    client = api.application.test_client(use_cookies=False)
    return client.open(path, method=method, **body, **options)


def bearer(api: Api, actor: Actor) -> dict[str, str]:
    return {"Authorization": f"Bearer {api.tokens[actor.user_id]}"}


def test_no_route_answers_without_a_token(api: Api) -> None:
    names = ("id", "number", "code", "stage", "option", "organization", "contact")
    ids = {**dict.fromkeys(names, "1")}
    for method, rule in routes(api):
        if (method, rule.rule) in PUBLIC or (method == "HEAD" and ("GET", rule.rule) in PUBLIC):
            continue
        response = ask(api, method, rule, ids)
        if rule.rule.endswith("/uploads/<id>") and method == "POST":
            assert response.status_code == 401
            continue
        assert response.status_code == 401, f"{method} {rule.rule}: {response.text}"
        assert response.content_type == "application/problem+json"


def test_no_route_tells_anything_of_another_company(api: Api) -> None:
    things = add_things(api)
    before = {path: api.get(path).json for path in _paths(things)}
    none = cycle(("x", "0", "-1", "1e3", "99999999999999999999", "%D1%97"))
    walked = set()
    for method, rule in routes(api):
        if not rule.arguments or rule.arguments == {"code"} or "/admin/" in rule.rule:
            continue
        own = things[rule.rule.split("/")[3]]
        for id in (own["id"], "999999", next(none), next(none)):
            headers = bearer(api, api.beta.admin)
            if method == "POST" and rule.rule == "/api/v1/uploads/<id>":
                headers["X-HTTP-Method-Override"] = "PATCH"
                headers["Content-Type"] = "application/offset+octet-stream"
            response = ask(api, method, rule, {**own, "id": id}, headers=headers)
            assert response.status_code == 404, f"{method} {rule.rule} {id}: {response.text}"
            if method != "HEAD":
                check_problem(response, 404, "not_found")
        walked.add((method, rule.rule))
    assert len(walked) > 80
    assert {path: api.get(path).json for path in before} == before


def _paths(things: dict[str, dict[str, str]]) -> list[str]:
    """Where what things are is read."""
    shown = set(things) - {"uploads", "users", "admin", "company", "requirements"}
    return [f"/{name}/{things[name]['id']}" for name in sorted(shown)]


def test_too_small_a_role_is_refused_whoever_else_asks(api: Api) -> None:
    things = add_things(api)
    walked = set()
    for method, rule in routes(api):
        if (method, rule.rule) in MEMBERS_MAY_NOT:
            walked.add((method, rule.rule))
            ids = things[rule.rule.split("/")[3]]
            response = ask(api, method, rule, ids, headers=bearer(api, api.alfa.olena))
            assert response.status_code == 403, f"{method} {rule.rule}: {response.text}"
            assert check_problem(response, 403, "forbidden")["needs"] in ("admin", "operator"), rule.rule
            if "/admin/" in rule.rule:
                response = ask(api, method, rule, ids, headers=bearer(api, api.alfa.admin))
                check_problem(response, 403, "forbidden")
    assert walked == MEMBERS_MAY_NOT
    assert {rule.rule for _, rule in routes(api) if "/admin/" in rule.rule} <= {path for _, path in walked}


def test_what_flask_refuses_is_a_problem_too(api: Api) -> None:
    check_problem(api.get("/nothing/here"), 404, "not_found")
    wrong = api.put("/deals", json={})
    check_problem(wrong, 405, "method_not_allowed")
    assert {"GET", "POST"} <= {each.strip() for each in wrong.headers["Allow"].split(",")}
    check_problem(api.post("/deals", data="title=x"), 415, "unsupported_media_type")
    check_problem(api.post("/deals", data=b"x", content_type="text/plain"), 415, "unsupported_media_type")
    check_problem(api.get("/deals/a%00b"), 400, "bad_request")


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"nonsense", b'{"title": "\xff"}', b"[" * 100_000, b'{"a":' * 50_000, b"1" * 5000, b"{}x"],
)
def test_broken_json_is_refused(api: Api, body: bytes) -> None:
    response = api.post("/deals", data=body, content_type="application/json")
    if body == b"":
        assert check_problem(response, 422, "invalid")["field"] == "title"
    elif body == b"1" * 5000:
        assert response.status_code in (400, 422)
    else:
        check_problem(response, 400, "broken_json")


@pytest.mark.parametrize("body", ["[]", "5", "null", '"x"', "true", "NaN"])
def test_json_that_is_no_object_is_refused(api: Api, body: str) -> None:
    response = api.post("/deals", data=body, content_type="application/json")
    assert check_problem(response, 422, "invalid")["field"] == "body"


def test_a_long_json_body_is_refused_by_what_comes_and_not_by_the_header_alone(api: Api) -> None:
    fits = json.dumps({"title": "x", "source": "y" * 50, "currency": "UAH"}).ljust(1024 * 1024)
    assert api.post("/deals", data=fits, content_type="application/json").status_code == 201
    long = fits + " "
    check_problem(api.post("/deals", data=long, content_type="application/json"), 413, "too_large")

    class Endless(io.RawIOBase):
        read_bytes = 0

        def readinto(self, buffer: Any) -> int:
            buffer[:] = b" " * len(buffer)
            self.read_bytes += len(buffer)
            assert self.read_bytes < 2**23, "more was read than was to be"
            return len(buffer)

    response = api.post(
        "/deals",
        content_type="application/json",
        environ_overrides={"wsgi.input": Endless(), "wsgi.input_terminated": True},
    )
    check_problem(response, 413, "too_large")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (DatabaseBusy(), 503, "database_busy"),
        (Unavailable("the disk is full"), 503, "storage_unavailable"),
        (OperationalError("SELECT secret", {}, Exception("no server")), 503, "database_unavailable"),
        (ZeroDivisionError("a secret"), 500, "internal_error"),
    ],
)
def test_what_fails_inside_is_logged_and_told_without_details(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    error: Exception, status: int, code: str,
) -> None:  # fmt: skip
    def fail(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(api.app, "search", fail)
    with caplog.at_level(logging.WARNING):
        response = api.get("/search?q=x")
    problem = check_problem(response, status, code)
    assert "secret" not in str(problem)
    assert caplog.records
    assert (status == 503) == ("Retry-After" in response.headers)


def leaves(root: type[Exception]) -> Iterator[type[Exception]]:
    """An error class and all that are derived from it."""
    yield root
    for each in root.__subclasses__():
        yield from leaves(each)


def test_every_error_of_ours_has_a_status_and_every_code_a_title() -> None:
    ours = [kind for root in (EcmError, StorageError, SearchError) for kind in leaves(root)]
    assert len(ours) > 25
    for kind in ours:
        status = next(STATUS[each] for each in kind.__mro__ if each in STATUS)
        if status < 500:
            assert kind in (api_errors.BrokenJson, *STATUS) or issubclass(kind, tuple(STATUS))
    codes = {kind.code for kind in STATUS if STATUS[kind] not in (500,) and hasattr(kind, "code")}
    codes |= {kind.code for kind in leaves(Conflict)}
    assert codes - {"conflict"} <= set(TITLES)


def test_every_path_of_the_api_is_described(api: Api) -> None:
    spec = api.application.test_client().get(f"{ROOT}/openapi.json")
    assert spec.status_code == 200
    assert spec.json["openapi"].startswith("3.1")
    described = {
        (method.upper(), path) for path, operations in spec.json["paths"].items() for method in operations
    }
    hidden = {("POST", "/api/v1/uploads/{id}"), ("GET", "/api/v1/openapi.json")}
    for method, rule in routes(api):
        path = rule.rule.replace("<", "{").replace(">", "}")
        if method != "HEAD" and (method, path) not in hidden:
            assert (method, path) in described, (method, path)
    problem = spec.json["components"]["schemas"]["Problem"]
    assert set(problem["required"]) == {"type", "title", "status", "detail", "code"}
    assert spec.json["security"] == [{"bearer": []}]


def test_every_route_and_every_code_is_documented(api: Api) -> None:
    page = (Path(__file__).parents[3] / "docs/api.md").read_text()
    hidden = {"/uploads/{id}": {"HEAD", "POST"}, "/openapi.json": {"GET"}}
    for method, rule in routes(api):
        path = rule.rule.removeprefix(ROOT).replace("<", "{").replace(">", "}")
        if (method != "HEAD" or path == "/uploads/{id}") and method not in hidden.get(path, ()):
            asked = "GET /search?" if path == "/search" else f"{method} {path}`"
            of_any = re.sub("^/(deals|leads|contacts|organizations)", "/{cards}", asked.split(" ")[1])
            assert f"`{asked}" in page or f"`{method} {of_any}" in page, f"{method} {path}"
    for kind, status in STATUS.items():
        code = getattr(kind, "code", "")
        if not kind.__subclasses__() and status != 500:
            assert f"`{code}`" in page, code
    for conflict in leaves(Conflict):
        assert conflict is Conflict or f"`{conflict.code}`" in page, conflict.code


@pytest.mark.parametrize("path", ["/deals", "/trash", "/tariffs"])
def test_a_page_beyond_the_last_is_empty(api: Api, path: str) -> None:
    page = api.get(f"{path}?page=1000000000&per_page=1000").json
    assert page["items"] == []
    for wrong in ("1000000001", "-1", "9" * 5000, "1.5", ""):
        assert check_problem(api.get(f"{path}?page={wrong}"), 422, "invalid")["field"] == "page"
