"""Log in and out, the language, one's own password."""

from __future__ import annotations

import pytest

from ecm import Actor
from tests.ecm.web.site import Site, read, send, send_only

PASSWORD = "long enough"


@pytest.fixture
def olena(site: Site) -> Actor:
    """Somebody with a password."""
    with site.app.begin() as tx:
        tx.users.set_password(tx.users.get(site.alfa.olena.user_id), PASSWORD)
    return site.alfa.olena


def test_a_wrong_password_keeps_the_address_that_was_typed(site: Site, olena: Actor) -> None:
    response = send(site.visit(), "/login", email=olena.email, password="wrong", next="/trash")
    assert response.status_code == 401
    page = read(response)
    assert "The e-mail or the password is wrong" in page
    assert f'value="{olena.email}"' in page
    assert 'value="/trash"' in page
    assert 'wrong"' not in page


def test_too_many_failures_tell_how_long_to_wait(site: Site, olena: Actor) -> None:
    client = site.visit()
    for _ in range(10):
        send(client, "/login", email=olena.email, password="wrong")
    response = send(client, "/login", email=olena.email, password=PASSWORD)
    assert response.status_code == 429
    assert 1 <= int(response.headers["Retry-After"]) <= 30
    assert "Too many failed attempts. Try again in " in read(response)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_logging_in_leads_to_no_other_site(site: Site, olena: Actor, target: str) -> None:
    response = send_only(site.visit(), "/login", email=olena.email, password=PASSWORD, next=target)
    assert response.location == "/deals"


def test_who_is_logged_in_is_not_asked_again(site: Site, olena: Actor) -> None:
    response = site.visit(olena).get("/login?next=/trash")
    assert response.location == "/trash"


def test_logging_out_ends_the_session(site: Site, olena: Actor) -> None:
    client = site.visit(olena)
    send(client, "/logout")
    assert client.get("/deals").location.startswith("/login")


def test_the_browsers_language_is_spoken_until_another_is_chosen(site: Site, olena: Actor) -> None:
    client = site.visit(olena, language="uk-UA,uk;q=0.9,en;q=0.5")
    assert "Нова угода" in read(client.get("/deals"))
    assert '<html lang="uk">' in read(client.get("/deals"))
    response = send_only(client, "/language", language="en", back="/deals?page=1")
    assert response.location == "/deals?page=1"
    assert "New deal" in read(client.get("/deals"))


def test_a_language_that_there_is_not_changes_nothing(site: Site, olena: Actor) -> None:
    client = site.visit(olena, language="de")
    send(client, "/language", language="de", back="/deals")
    assert '<html lang="en">' in read(client.get("/deals"))


def test_times_are_told_by_the_clock_of_who_reads(site: Site, olena: Actor) -> None:
    client = site.visit(olena)
    assert " UTC</time>" in read(client.get("/deals"))
    client.set_cookie("ecm_timezone", "Europe/Kyiv")
    assert " UTC</time>" not in read(client.get("/deals"))
    client.set_cookie("ecm_timezone", "../../etc/passwd")
    assert " UTC</time>" in read(client.get("/deals"))


def test_a_new_password_ends_the_sessions_of_other_browsers(site: Site, olena: Actor) -> None:
    here, elsewhere = site.visit(olena), site.visit(olena)
    response = send(
        here, "/account/password", current=PASSWORD, password="another one", repeated="another one"
    )
    assert "The password is changed" in read(response)
    assert here.get("/deals").status_code == 200
    assert elsewhere.get("/deals").status_code == 302
    assert site.app.log_in(olena.email or "", "another one", address="test") == olena


@pytest.mark.parametrize(
    ("current", "new", "repeated", "told"),
    [
        ("wrong", "another one", "another one", "This is not your current password."),
        (PASSWORD, "another one", "something else", "The two passwords are not the same."),
        (PASSWORD, "short", "short", "Use from 8 to 1000 characters."),
    ],
)
def test_a_password_that_is_refused_is_told_why(
    site: Site, olena: Actor, current: str, new: str, repeated: str, told: str
) -> None:
    response = send(site.visit(olena), "/account/password", current=current, password=new, repeated=repeated)
    assert response.status_code == 422
    assert told in read(response)
    assert site.app.log_in(olena.email or "", PASSWORD, address="test") == olena
