"""The list of deals, a new one, a card."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ecm import clock
from ecm.models import User
from tests.ecm.web.site import Site, read, send
from tests.firms import put

DEAL = {"title": "Оренда", "amount": "", "currency": "UAH", "stage": "new"}


def test_a_new_deal_opens_on_its_card(site: Site) -> None:
    client = site.visit(site.alfa.olena)
    page = read(send(client, "/deals/new", **DEAL | {"amount": "1250.5"}))
    assert "<h1" in page
    assert "Оренда" in page
    assert "1,250.50" in page
    assert "Оренда" in read(client.get("/deals"))


@pytest.mark.parametrize(
    ("language", "typed", "amount"),
    [
        ("uk", "125 000,50", "125000.50"),
        ("uk", "125000.50", "125000.50"),
        ("uk", "125 000", "125000"),
        ("uk", "12,5", "12.5"),
        ("en", "125,000.50", "125000.50"),
        ("en", "125,000", "125000"),
        ("en", "12,5", "12.5"),
        ("en", "1'000", "1000"),
        ("en", "-5", "-5"),
    ],
)
def test_amounts_are_read_as_people_write_them(site: Site, language: str, typed: str, amount: str) -> None:
    client = site.visit(site.alfa.olena, language=language)
    assert send(client, "/deals/new", **DEAL | {"amount": typed}).status_code == 200
    with site.app.begin(site.alfa.olena) as tx:
        assert tx.deals.list().items[0].amount == Decimal(amount)


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("title", "  ", "Fill this in."),
        ("title", "x" * 301, "Use 300 characters at most."),
        ("amount", "багато", "Enter a number"),
        ("amount", "1.23456", "more than four decimal places"),
        ("amount", "nan", "Enter a number"),
        ("amount", "10000000000000", "too large or has more"),
        ("stage", "none/such", "Choose one of the values in the list."),
    ],
)
def test_a_refused_form_comes_back_filled_with_the_reason_at_the_field(
    site: Site, field: str, typed: str, told: str
) -> None:
    client = site.visit(site.alfa.olena)
    before = read(client.get("/deals")).count("card-row")
    response = send(
        client,
        "/deals/new",
        **{"title": "Kept title", "amount": "7", "currency": "EUR", "stage": "offer"} | {field: typed},
    )
    assert response.status_code == 422
    page = read(response)
    assert told in page
    assert f'aria-describedby="{field}-error"' in page
    assert "<option selected>EUR</option>" in page
    assert "Kept title" in page or field == "title"
    assert typed in page or field == "stage"
    assert read(client.get("/deals")).count("card-row") == before


def test_a_deal_is_changed_from_its_form(site: Site) -> None:
    client = site.visit(site.alfa.olena, language="uk")
    path = f"/deals/{site.alfa.deal.id}/edit"
    assert 'value="125 000,00"' in read(client.get(path)).replace("\xa0", " ")
    page = read(send(client, path, title="Нова назва", amount="125 000,75", currency="EUR"))
    assert "Нова назва" in page
    assert "125 000,75" in page.replace("\xa0", " ")
    response = send(client, path, title="", amount="3", currency="EUR")
    assert response.status_code == 422
    assert 'value="3"' in read(response)


def test_deals_come_in_pages(site: Site) -> None:
    with site.app.begin(site.alfa.olena) as tx:
        for number in range(60):
            tx.deals.add(f"Deal number {number}")
    client = site.visit(site.alfa.olena)
    first, third = read(client.get("/deals")), read(client.get("/deals?page=3"))
    assert "Deal number 59" in first
    assert "Page 1 of 3" in first
    assert 'href="/deals?page=2"' in first
    assert "Постачання сервера" in third
    assert 'rel="next"' not in third
    assert client.get("/deals?page=99").status_code == 200
    assert client.get("/deals?page=none").status_code == 200


def test_a_company_without_deals_is_shown_how_to_begin(site: Site) -> None:
    with site.app.begin(site.alfa.olena) as tx:
        tx.cards.delete(tx.deals.get(site.alfa.deal.id))
    page = read(site.visit(site.alfa.olena).get("/deals"))
    assert "create the first one" in page


def test_a_deal_with_documents_goes_only_with_their_consent(site: Site) -> None:
    document = put(site.app, site.alfa.olena, site.alfa.deal, b"x")
    client = site.visit(site.alfa.olena)
    path = f"/deals/{site.alfa.deal.id}/delete"
    assert "There is 1 document on it." in read(client.get(path))
    refused = send(client, path)
    assert refused.status_code == 409
    assert "The card has 1 document." in read(refused)
    assert "is deleted" in read(send(client, path, documents="trash"))
    assert client.get(f"/deals/{site.alfa.deal.id}").status_code == 404
    with site.app.begin(site.alfa.olena) as tx:
        assert tx.documents.get(document.id).trashed_at is not None
    assert "it comes back with the document" in read(client.get(f"/documents/{document.id}"))


def test_a_card_shows_its_documents_and_what_became_of_them(site: Site) -> None:
    put(
        site.app,
        site.alfa.olena,
        site.alfa.deal,
        "рахунок".encode(),
        "first.txt",
        kind="invoice",
        tags=["urgent"],
    )
    site.app.work_off()
    put(site.app, site.alfa.petro, site.alfa.deal, "рахунок".encode(), "second.txt")
    page = read(site.visit(site.alfa.olena).get(f"/deals/{site.alfa.deal.id}"))
    assert page.index("second.txt") < page.index("first.txt")
    for shown in ("Invoice", "urgent", "14 bytes", "version 1", "olena", "Searchable", "Text is being read"):
        assert shown in page
    assert "The same file is already on the card" in page
    assert f'data-again="/documents/2/row?card={site.alfa.deal.id}"' in page


def test_documents_of_a_card_come_in_pages(site: Site) -> None:
    for number in range(26):
        put(site.app, site.alfa.olena, site.alfa.deal, b"%d" % number, f"file {number}.txt")
    client = site.visit(site.alfa.olena)
    path = f"/deals/{site.alfa.deal.id}"
    assert "file 0.txt" not in read(client.get(path))
    assert f'href="{path}?page=2"' in read(client.get(path))
    assert "file 0.txt" in read(client.get(f"{path}?page=2"))


def test_a_deal_of_an_employee_who_left_keeps_its_owner_in_the_form(site: Site) -> None:
    with site.app.begin(site.alfa.admin) as tx:
        field = tx.fields.add("deal", "Checked by", "user")
    with site.app.begin(site.alfa.petro) as tx:
        deal = tx.deals.add("Kept", fields={field.key: site.alfa.petro.user_id})
    with site.app.begin() as tx:
        tx.session.get_one(User, site.alfa.petro.user_id).disabled_at = clock.now()
        name = tx.session.get_one(User, site.alfa.petro.user_id).name
    client = site.visit(site.alfa.admin)
    path = f"/deals/{deal.id}/edit"
    page = read(client.get(path))
    chosen = f'<option value="{site.alfa.petro.user_id}" selected>{name}</option>'
    assert page.count(chosen) == 2, page
    kept = {"title": "Renamed", "owner": site.alfa.petro.user_id, "currency": "UAH"}
    assert "Renamed" in read(send(client, path, **kept))
    assert name not in read(client.get("/deals/new"))
