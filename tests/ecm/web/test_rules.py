"""The rules that hold on every page: whose it is, who may ask, from where, and what browsers are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecm import clock
from ecm.api.content import INLINE
from ecm.models import User
from ecm.web import rows
from ecm.web.card_labels import FAMILIES
from tests.ecm.web.site import ORIGIN, Site, file, read, send, send_only
from tests.firms import put

WEB = Path(__file__).resolve().parents[3] / "ecm/web"


def page_routes(site: Site, **values: object) -> Iterator[tuple[str, str]]:
    """Every page with something to fill in, as (method, path), filled in with values."""
    adapter = site.application.url_map.bind("localhost")
    for rule in site.application.url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and "id" in rule.arguments:
            for family in FAMILIES if "family" in rule.arguments else ("",):
                filled = values | {"family": family}
                path = adapter.build(rule.endpoint, {name: filled[name] for name in rule.arguments})
                for method in (rule.methods or set()) & {"GET", "POST"}:
                    yield method, path


def test_another_companys_things_are_found_on_no_page(site: Site, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("Назва\nsecret")
    theirs = put(site.app, site.beta.olena, site.beta.deal, b"secret", "secret.txt")
    with site.app.begin(site.beta.olena) as tx:
        ids = {f"/{family}/filters/": tx.saved_filters.add("deal", "secret", []).id for family in FAMILIES}
        ids |= {
            "/documents/": theirs.id,
            "/trash/": theirs.id,
            "/deals/": site.beta.deal.id,
            "/leads/": tx.leads.add("secret").id,
            "/contacts/": tx.contacts.add(last_name="secret").id,
            "/organizations/": tx.organizations.add("secret").id,
            "/imports/": tx.imports.read("deal", table, "secret").id,
            "/settings/rights/": site.beta.petro.user_id,
        }
    with site.app.begin(site.beta.admin) as tx:
        field = tx.fields.add("deal", "secret", "list", options=["secret"])
        assert field.option_set_id
        ids |= {
            "/settings/fields/": field.id,
            "/settings/options/": field.option_set_id,
            "/settings/pipelines/": tx.pipelines.default("deal").id,
            "/settings/teams/": tx.teams.add("secret").id,
        }
    client = site.visit(site.alfa.admin)
    visited = 0
    for method, template in page_routes(
        site, id="ID", number="1", card_id=site.alfa.deal.id, other=1, stage_id=1
    ):
        prefix = next(prefix for prefix in ids if template.startswith(prefix))
        path = template.replace("ID", str(ids[prefix]))
        address = path + (f"?card={site.alfa.deal.id}" if path.endswith("/row") else "")
        response = client.open(address, method=method, headers=ORIGIN)
        assert response.status_code == 404, f"{method} {path}"
        assert "secret" not in read(response), f"{method} {path}"
        visited += 1
    assert visited > 12
    with site.app.begin(site.beta.olena) as tx:
        assert tx.documents.get(theirs.id).trashed_at is None


def test_a_document_is_put_on_no_card_of_another_company(site: Site) -> None:
    document = put(site.app, site.alfa.olena, site.alfa.deal, b"ours")
    client = site.visit(site.alfa.olena)
    response = send(client, f"/documents/{document.id}/cards", card=str(site.beta.deal.id))
    assert response.status_code == 422
    assert "There is no such card." in read(response)
    response = send(client, f"/documents/{document.id}/cards/{site.beta.deal.id}/remove")
    assert response.status_code == 404


def test_a_form_with_a_nul_character_is_refused_as_a_page(site: Site) -> None:
    document = put(site.app, site.alfa.olena, site.alfa.deal, b"ours")
    client = site.visit(site.alfa.olena)
    forms = [
        (site.visit(), "/login", {"email": "a\0b@alfa.example", "password": "long enough"}),
        (client, f"/documents/{document.id}", {"title": "a\0b", "kind": "contract"}),
        (client, f"/documents/{document.id}/cards", {"card": "a\0b"}),
        (client, f"/deals/{site.alfa.deal.id}/documents", {"a\0b": "", "file": file(b"1", "a.txt")}),
    ]
    for visitor, path, fields in forms:
        response = send(visitor, path, **fields)
        assert response.status_code == 400, path
        assert "Content-Security-Policy" in response.headers, path


def test_unknown_addresses_get_a_page(site: Site) -> None:
    response = site.visit(site.alfa.olena).get("/no/such/page")
    assert response.status_code == 404
    assert "Not found" in read(response)
    assert "Content-Security-Policy" in response.headers


def test_wrong_methods_get_a_page_that_names_the_right_ones(site: Site) -> None:
    response = site.visit(site.alfa.olena).get("/logout")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_a_mistake_of_ours_is_a_page_that_tells_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("inner secret")

    monkeypatch.setattr(type(site.app), "begin", fail)
    response = site.visit(site.alfa.olena).get("/deals")
    assert response.status_code == 500
    assert "Something went wrong" in read(response)
    assert "inner secret" not in read(response)
    assert "inner secret" in caplog.text


@pytest.mark.parametrize("path", ["/deals/1", "/search?q=договір&kind=act"])
def test_nobody_is_asked_to_log_in_and_comes_back(site: Site, path: str) -> None:
    with site.app.begin() as tx:
        tx.users.set_password(tx.users.get(site.alfa.olena.user_id), "long enough")
    client = site.visit()
    asked = client.get(path)
    assert asked.status_code == 302
    form = client.get(asked.location)
    (target,) = re.findall(r'name="next" value="([^"]*)"', form.get_data(as_text=True))
    email = site.alfa.olena.email
    sent = send_only(client, "/login", email=email, password="long enough", next=target.replace("&amp;", "&"))
    assert sent.status_code == 302
    assert client.get(sent.location).status_code == 200
    assert client.get(path).status_code == 200


def test_a_change_by_nobody_is_refused_with_the_way_to_log_in(site: Site) -> None:
    response = send(site.visit(), "/deals/new", title="Lost?")
    assert response.status_code == 401
    assert "/login" in read(response)


def test_changes_from_other_sites_are_refused_on_every_page(site: Site) -> None:
    document = put(site.app, site.alfa.olena, site.alfa.deal, b"ours")
    client = site.visit(site.alfa.admin)
    foreign = (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/page"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-site"},
    )
    routes = list(page_routes(site, id=document.id, number=1, card_id=site.alfa.deal.id, other=1, stage_id=1))
    paths = [path for method, path in routes if method == "POST"]
    paths += [
        "/deals/new",
        "/language",
        "/login",
        "/logout",
        "/account/password",
        "/trash/empty",
        "/storage/tariff",
    ]
    for path in paths:
        for headers in foreign:
            response = client.post(path, headers=headers)
            assert response.status_code == 403, f"{path} {headers}"
    with site.app.begin(site.alfa.olena) as tx:
        assert tx.documents.get(document.id).trashed_at is None


def test_forms_of_our_own_pages_pass(site: Site) -> None:
    client = site.visit(site.alfa.olena)
    for headers in (ORIGIN, {"Origin": "https://localhost"}, {"Referer": "http://localhost/deals/new"}, {}):
        response = client.post(
            "/deals/new", data={"title": "New", "currency": "UAH", "stage": "new"}, headers=headers
        )
        assert response.status_code == 302, headers


def test_who_was_disabled_is_out_at_once(site: Site) -> None:
    client = site.visit(site.alfa.olena)
    assert client.get("/deals").status_code == 200
    with site.app.database.transaction() as session:
        session.get_one(User, site.alfa.olena.user_id).disabled_at = clock.now()
    assert client.get("/deals").status_code == 302


def test_the_cookie_is_out_of_reach_and_says_only_who_it_is(site: Site) -> None:
    client = site.visit(site.alfa.olena)
    header = client.get("/deals").headers["Set-Cookie"]
    assert header.startswith("ecm_session=")
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Secure" not in header
    assert "Secure" in client.get("/deals", base_url="https://localhost").headers.get("Set-Cookie", "Secure")
    with client.session_transaction() as session:
        assert set(session) == {"user", "mark", "_permanent"}


def test_the_cookie_is_secure_behind_tls(site: Site) -> None:
    with site.app.begin() as tx:
        tx.users.set_password(tx.users.get(site.alfa.olena.user_id), "long enough")
    form = {"email": site.alfa.olena.email, "password": "long enough"}
    response = site.visit().post("/login", data=form, base_url="https://localhost")
    assert "Secure" in response.headers["Set-Cookie"]


def test_scripts_and_pictures_renew_no_cookie(site: Site) -> None:
    # Coming in late, its old values would undo a log-out, or take a message from the page that shows it.
    client = site.visit(site.alfa.olena)
    document = put(site.app, site.alfa.olena, site.alfa.deal, b"text").id
    parts = (
        f"/documents/{document}/viewer",
        f"/documents/{document}/row?card={site.alfa.deal.id}",
        f"/documents/{document}/similar?part=1",
        "/choices/deal?q=a",
        "/uploads/refusal?code=file_too_large",
    )
    for path in ("/assets/js/page.js", "/api/v1/me", *parts):
        answer = client.get(path, buffered=True)
        assert answer.status_code == 200, path
        assert "Set-Cookie" not in answer.headers, path


def test_pages_allow_nothing_but_our_own_files(site: Site) -> None:
    response = site.visit(site.alfa.olena).get("/deals")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_static_files_are_kept_by_the_address_that_names_their_content(site: Site) -> None:
    client = site.visit()
    page = client.get("/login").get_data(as_text=True)
    (address,) = re.findall(r'href="(/assets/css/[^"]+)"', page)
    named, unnamed = (client.get(path, buffered=True) for path in (address, "/assets/css/ecm.css"))
    assert "immutable" in named.headers["Cache-Control"]
    assert "immutable" not in unnamed.headers["Cache-Control"]


def test_templates_hold_no_scripts_or_styles_of_their_own() -> None:
    for template in (WEB / "templates").rglob("*.html"):
        text = template.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), template
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text), template


def test_pages_offer_to_open_what_the_api_hands_out_for_that() -> None:
    assert set(INLINE) == rows.SHOWN_INLINE


def test_a_title_is_text_on_every_page(site: Site) -> None:
    nasty = "<script>alert(1)</script>"
    with site.app.begin(site.alfa.olena) as tx:
        tx.deals.update(tx.deals.get(site.alfa.deal.id), title=nasty)
    first = put(site.app, site.alfa.olena, site.alfa.deal, nasty.encode(), f"{nasty}.txt", tags=[nasty])
    put(site.app, site.alfa.olena, site.alfa.deal, nasty.encode(), "copy.txt")
    site.app.work_off()
    client = site.visit(site.alfa.admin)
    for path in ("/deals", f"/deals/{site.alfa.deal.id}", f"/documents/{first.id}", "/search?q=alert"):
        page = client.get(path).get_data(as_text=True)
        assert "alert" in page, path
        assert "<script>alert" not in page, path
    page = client.get(f"/search?q={nasty}").get_data(as_text=True)
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    "path", ["/deals?q=a%00b", "/choices/deal?q=%00", "/search?q=a%00", "/deals?filter=title:eq:%00"]
)
def test_a_nul_character_in_an_address_is_refused_before_any_database_is_asked(site: Site, path: str) -> None:
    assert site.visit(site.alfa.olena).get(path).status_code == 400
