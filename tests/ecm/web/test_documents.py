"""A document's page and what can be done on it."""

from __future__ import annotations

import io
import re

import pytest

from ecm.models import Document
from tests.ecm.web.site import Site, read, send
from tests.firms import put


@pytest.fixture
def document(site: Site) -> Document:
    return put(site.app, site.alfa.olena, site.alfa.deal, b"first", "Договір.txt", kind="contract")


def add_version(site: Site, document: Document, content: bytes) -> None:
    staged = site.app.stage(site.alfa.petro, io.BytesIO(content), filename="Договір (2).txt")
    with site.app.begin(site.alfa.petro) as tx:
        tx.documents.add_version(tx.documents.get(document.id), staged)


def test_a_page_tells_all_of_a_document(site: Site, document: Document) -> None:
    page = read(site.visit(site.alfa.olena).get(f"/documents/{document.id}"))
    for shown in (
        "Договір.txt",
        "Contract",
        "5 bytes",
        document.current.sha256,
        "Постачання сервера",
        "Version 1",
    ):
        assert shown in page
    assert f'href="/api/v1/documents/{document.id}/content"' in page
    assert f'href="/api/v1/documents/{document.id}/content?inline=1"' in page


def test_a_page_leads_back_to_the_lists_of_its_cards(site: Site, document: Document) -> None:
    with site.app.begin(site.alfa.olena) as tx:
        contact = tx.contacts.add(first_name="Ірина", last_name="Бойко")
        found = tx.documents.get(document.id)
        tx.documents.link(found, card=contact)
    page = read(site.visit(site.alfa.olena).get(f"/documents/{document.id}"))
    way = page.partition('aria-label="Where you are"')[2].partition("</nav>")[0]
    assert re.findall(r">([^<>\n]+)</a>", way) == ["Contacts", "Бойко Ірина", "Deals", "Постачання сервера"]
    with site.app.begin(site.alfa.olena) as tx:
        tx.documents.unlink(tx.documents.get(document.id), card=tx.deals.get(site.alfa.deal.id))
    assert 'href="/deals">Deals</a> /' not in read(
        site.visit(site.alfa.olena).get(f"/documents/{document.id}")
    )


def test_what_browsers_do_not_show_is_not_offered_to_be_opened(site: Site) -> None:
    archive = put(site.app, site.alfa.olena, site.alfa.deal, b"<html><script></script></html>", "page.html")
    assert "inline=1" not in read(site.visit(site.alfa.olena).get(f"/documents/{archive.id}"))


def test_title_kind_and_tags_are_edited(site: Site, document: Document) -> None:
    client = site.visit(site.alfa.olena)
    page = read(
        send(
            client,
            f"/documents/{document.id}",
            title="Угода",
            kind="act",
            tags="терміново, #оплата ;терміново",
        )
    )
    assert "Saved." in page
    with site.app.begin(site.alfa.olena) as tx:
        changed = tx.documents.get(document.id)
    assert (changed.title, changed.kind, changed.tags) == ("Угода", "act", ["терміново", "оплата"])


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("title", "", "Fill this in."),
        ("kind", "poem", "Choose one of the values in the list."),
        ("tags", "x" * 61, "Use 50 tags at most, each of 60 letters at most."),
    ],
)
def test_a_refused_edit_comes_back_filled(
    site: Site, document: Document, field: str, typed: str, told: str
) -> None:
    typed_in = {"title": "Typed title", "kind": "act", "tags": "typed tag"} | {field: typed}
    response = send(site.visit(site.alfa.olena), f"/documents/{document.id}", **typed_in)
    assert response.status_code == 422
    page = read(response)
    assert told in page
    assert "Typed title" in page or field == "title"
    assert "typed tag" in page or field == "tags"
    assert typed in page


def test_an_older_version_is_made_current_again(site: Site, document: Document) -> None:
    add_version(site, document, b"second")
    client = site.visit(site.alfa.olena)
    page = read(client.get(f"/documents/{document.id}"))
    assert page.index("Version 2") < page.index("Version 1")
    assert "content?version=1" in page
    page = read(send(client, f"/documents/{document.id}/versions/1/restore"))
    assert "Version 1 is the current one again." in page
    assert "5 bytes" in page
    assert client.post(f"/documents/{document.id}/versions/9/restore").status_code == 404


@pytest.mark.parametrize("typed", ["{id}", "{id} — Друга угода (Deal)", "№ {id}", "друга"])
def test_a_document_is_put_on_another_card_and_taken_off(site: Site, document: Document, typed: str) -> None:
    with site.app.begin(site.alfa.olena) as tx:
        other = tx.deals.add("Друга угода")
    client = site.visit(site.alfa.olena)
    path = f"/documents/{document.id}"
    assert f'value="{other.id} — Друга угода (Deal)"' in read(client.get("/choices/any?q=друга"))
    assert "Друга угода" in read(send(client, f"{path}/cards", card=typed.format(id=other.id)))
    assert "Also on:" in read(client.get(f"/deals/{other.id}"))
    page = read(send(client, f"{path}/cards/{site.alfa.deal.id}/remove"))
    assert "The document is no longer on “Постачання сервера”." in page
    last = send(client, f"{path}/cards/{other.id}/remove")
    assert last.status_code == 409
    assert "This is the only card that the document is on." in read(last)


def test_a_document_is_put_on_cards_of_any_kind(site: Site, document: Document) -> None:
    with site.app.begin(site.alfa.olena) as tx:
        cards = [
            tx.contacts.add(last_name="Гончар"),
            tx.organizations.add("Гончарня"),
            tx.leads.add("Глечики"),
        ]
    client = site.visit(site.alfa.olena)
    offered = read(client.get("/choices/any?q=гонч"))
    assert [card.title in offered for card in cards] == [True, True, False]
    for card in cards:
        page = read(send(client, f"/documents/{document.id}/cards", card=str(card.id)))
        assert f"The document is now on “{card.title}” as well." in page
        assert "Договір.txt" in read(client.get(f"/{card.kind}s/{card.id}"))


@pytest.mark.parametrize("typed", ["", "Друга", "999", "12345678901234567890", "-1"])
def test_a_card_that_there_is_not_is_told_with_what_was_typed(
    site: Site, document: Document, typed: str
) -> None:
    response = send(site.visit(site.alfa.olena), f"/documents/{document.id}/cards", card=typed)
    assert response.status_code == 422
    assert ("There is no such card." if typed else "Fill this in.") in read(response)
    assert f'value="{typed}"' in read(response)


def test_to_the_trash_and_back_by_one_click_each(site: Site, document: Document) -> None:
    client = site.visit(site.alfa.olena)
    back = f"/deals/{site.alfa.deal.id}"
    page = read(send(client, f"/documents/{document.id}/trash", back=back))
    assert "“Договір.txt” was moved to the trash." in page
    assert f'action="/trash/{document.id}/restore"' in page
    assert f'id="document-{document.id}"' not in page
    send(client, f"/trash/{document.id}/restore")
    assert f'id="document-{document.id}"' in read(client.get(back))


def test_a_trashed_document_is_shown_and_not_changed(site: Site, document: Document) -> None:
    add_version(site, document, b"second")
    client = site.visit(site.alfa.petro)
    send(client, f"/documents/{document.id}/trash")
    page = read(client.get(f"/documents/{document.id}"))
    assert "In the trash since" in page
    assert "petro" in page
    for missing in ('id="edit"', "drop-zone", "Make current"):
        assert missing not in page
    for path in ("", "/cards", "/versions/1/restore"):
        response = send(
            client, f"/documents/{document.id}{path}", card=site.alfa.deal.id, title="x", kind="act"
        )
        assert response.status_code == 409
        assert "The document is in the trash." in read(response)


def test_a_row_is_what_the_list_shows(site: Site, document: Document) -> None:
    client = site.visit(site.alfa.olena)
    row = read(client.get(f"/documents/{document.id}/row?card={site.alfa.deal.id}"))
    assert row.strip().startswith("<li")
    assert "Договір.txt" in row
    assert client.get(f"/documents/{document.id}/row").status_code == 404
