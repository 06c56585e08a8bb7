"""Log-in over HTTP, and who asks."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from ecm.accounts import FREE_FAILURES
from ecm.api.application import Application
from ecm.sessions import session_values
from tests.ecm.api.clients import Api, check_problem

PASSWORD = "correct horse battery"


@pytest.fixture
def credentials(api: Api) -> dict[str, str]:
    """What Olena logs in with."""
    with api.app.begin() as tx:
        user = tx.users.get(api.alfa.olena.user_id)
        tx.users.set_password(user, PASSWORD)
        api.tokens[user.id] = tx.tokens.add(user)
        return {"email": str(user.email), "password": PASSWORD}


def log_in(api: Api, body: dict[str, str], address: str = "192.0.2.1") -> object:
    client = api.application.test_client(use_cookies=False)
    return client.post("/api/v1/tokens", json=body, environ_base={"REMOTE_ADDR": address})


def test_a_password_is_changed_for_a_token_that_tells_who_asks(api: Api, credentials: dict[str, str]) -> None:
    client = api.application.test_client(use_cookies=False)
    response = client.post("/api/v1/tokens", json=credentials)
    assert response.status_code == 201
    me = client.get("/api/v1/me", headers={"Authorization": f"bearer {response.json['token']}"}).json
    assert me == {
        "id": str(api.alfa.olena.user_id),
        "email": credentials["email"],
        "name": api.alfa.olena.name,
        "role": "member",
        "company": {"id": str(api.alfa.company.id), "name": "Альфа"},
    }


def test_it_is_not_told_which_was_wrong(api: Api, credentials: dict[str, str]) -> None:
    client = api.application.test_client(use_cookies=False)
    wrong = client.post("/api/v1/tokens", json={**credentials, "password": "not it, sorry"})
    nobody = client.post("/api/v1/tokens", json={**credentials, "email": "nobody@example.org"})
    check_problem(wrong, 401, "bad_credentials")
    check_problem(nobody, 401, "bad_credentials")
    assert wrong.json == nobody.json
    assert wrong.headers["WWW-Authenticate"].startswith("Bearer")
    for body, field in (({"email": "a@b"}, "password"), ({"email": 1, "password": "x"}, "email")):
        assert check_problem(client.post("/api/v1/tokens", json=body), 422, "invalid")["field"] == field
    for text in ('{"email": "a\\u0000@b", "password": "x"}', '{"email": "\\ud800", "password": "x"}'):
        response = client.post("/api/v1/tokens", data=text, content_type="application/json")
        assert check_problem(response, 422, "invalid")["field"] == "email"


def test_after_ten_failures_it_is_slowed(api: Api, credentials: dict[str, str]) -> None:
    client = api.application.test_client(use_cookies=False)
    wrong = {**credentials, "password": "not it, sorry"}
    for _ in range(FREE_FAILURES):
        check_problem(client.post("/api/v1/tokens", json=wrong), 401, "bad_credentials")
    slowed = client.post("/api/v1/tokens", json=credentials)
    assert check_problem(slowed, 429, "too_many_attempts")["retry_after_s"] > 0
    assert 0 < int(slowed.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer nonsense", "Basic YTpi", "x", "", "Bearer \xff"]
)
def test_a_broken_token_is_refused(api: Api, header: str) -> None:
    response = api.application.test_client().get("/api/v1/me", headers={"Authorization": header})
    check_problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def logged_in(application: Application, api: Api) -> FlaskClient:
    """A browser with Olena's session."""
    client = application.test_client()
    with client.session_transaction() as session:
        session.update(session_values(api.app, api.alfa.olena))
    return client


def test_a_session_of_the_pages_is_accepted_from_the_same_origin_alone(api: Api) -> None:
    browser = logged_in(api.application, api)
    assert browser.get("/api/v1/me").json["id"] == str(api.alfa.olena.user_id)
    body = {"title": "Нова"}
    for own in ({}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}):
        assert browser.post("/api/v1/deals", json=body, headers=own).status_code == 201
    for foreign in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        refused = browser.post("/api/v1/deals", json=body, headers=foreign)
        check_problem(refused, 403, "foreign_origin")
        check_problem(browser.delete("/api/v1/trash", headers=foreign), 403, "foreign_origin")
    assert browser.get("/api/v1/me", headers={"Origin": "http://evil.example"}).status_code == 200


def test_a_token_is_good_from_any_origin(api: Api) -> None:
    response = api.post("/deals", json={"title": "Нова"}, headers={"Origin": "http://other.example"})
    assert response.status_code == 201


def test_a_new_password_ends_sessions_and_tokens(api: Api) -> None:
    browser = logged_in(api.application, api)
    with api.app.begin() as tx:
        tx.users.set_password(tx.users.get(api.alfa.olena.user_id), PASSWORD)
    check_problem(browser.get("/api/v1/me"), 401, "unauthenticated")
    check_problem(api.get("/me"), 401, "unauthenticated")


def test_a_forged_session_is_nobodys(api: Api) -> None:
    browser = api.application.test_client()
    browser.set_cookie("ecm_session", "eyJ1c2VyIjoiMSJ9.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb")
    check_problem(browser.get("/api/v1/me"), 401, "unauthenticated")
