"""The page that converts a lead: what is offered, asked for, shown before anything is made."""

from __future__ import annotations

import pytest

from ecm.models import Lead
from tests.ecm.web.site import Site, read, send, send_only


@pytest.fixture
def lead(site: Site) -> Lead:
    """A lead with a phone, of a firm."""
    with site.app.begin(site.alfa.olena) as tx:
        return tx.leads.add(
            "Теплиця", last_name="Коваль", organization_name="Обрій", phones=["044 123 45 67"], amount="500"
        )


def test_a_lead_becomes_a_contact_an_organization_and_a_deal(site: Site, lead: Lead) -> None:
    client = site.visit(site.alfa.olena)
    path = f"/leads/{lead.id}/conversion"
    assert 'id="deal-pipeline"' in read(client.get(path))
    chosen = {"contact": "new", "organization": "new", "deal": "new", "action": "convert", "key": "k1"}
    refused = send_only(client, path, **chosen)
    assert refused.status_code == 409
    assert 'id="deal-pipeline-error"' in read(refused)
    page = read(send(client, path, **chosen | {"deal.pipeline": "sales"}))
    assert "The lead is converted." in page
    for shown in ("Коваль", "Обрій", "Made from the lead", "UAH500.00"):
        assert shown in page
    shown_lead = read(client.get(f"/leads/{lead.id}"))
    assert "Converted by olena" in shown_lead
    assert f"/leads/{lead.id}/edit" not in shown_lead
    assert client.get(path).status_code == 409


def test_what_is_missing_is_asked_for_by_name_and_nothing_typed_is_lost(site: Site, lead: Lead) -> None:
    with site.app.begin(site.alfa.admin) as tx:
        tx.fields.add("contact", "Passport", "text", required=True)
        tx.requirements.require("contact", "job_title")
    client = site.visit(site.alfa.olena)
    path = f"/leads/{lead.id}/conversion"
    page = read(send(client, path, contact="new", action="check"))
    assert "Still missing: Passport, Job title" in page
    refused = send_only(client, path, **{"contact": "new", "contact.job_title": "Chief", "action": "convert"})
    assert refused.status_code == 409
    page = read(refused)
    assert 'value="Chief"' in page
    assert "Still missing: Passport" in page
    with site.app.begin(site.alfa.olena) as tx:
        assert tx.contacts.list().total == 0
    form = {"contact": "new", "contact.job_title": "Chief", "contact.fields.passport": "AB 12"}
    assert "AB 12" in read(send(client, path, **form | {"action": "convert"}))


def test_duplicates_are_shown_to_be_reused_or_passed_over(site: Site, lead: Lead) -> None:
    with site.app.begin(site.alfa.petro) as tx:
        there = tx.contacts.add(last_name="Ковальчук", phones=["+380 44 1234567"])
    client = site.visit(site.alfa.olena)
    path = f"/leads/{lead.id}/conversion"
    refused = send_only(client, path, contact="new", action="convert")
    assert refused.status_code == 409
    page = read(refused)
    assert "same phone: +380441234567" in page
    assert f'value="reuse:{there.id}"' in page
    chosen = read(send(client, path, contact=f"reuse:{there.id}"))
    assert f'value="{there.id} — Ковальчук"' in chosen
    with site.app.begin(site.alfa.olena) as tx:
        assert tx.contacts.list().total == 1
    anyway = {"contact": "new", "contact.anyway": "yes"}
    assert 'name="contact.anyway" value="yes"' in read(send(client, path, **anyway))
    assert "The lead is converted." in read(send(client, path, **anyway | {"action": "convert"}))


def test_a_lead_joins_an_existing_card_that_is_chosen_by_its_title(site: Site, lead: Lead) -> None:
    client = site.visit(site.alfa.olena)
    path = f"/leads/{lead.id}/conversion"
    wrong = send_only(client, path, **{"deal": "existing", "deal.existing": "none such", "action": "convert"})
    assert wrong.status_code == 422
    assert 'value="none such"' in read(wrong)
    form = {"deal": "existing", "deal.existing": site.alfa.deal.title, "action": "convert"}
    page = read(send(client, path, **form))
    assert "was joined to this card" in page


def test_only_what_the_user_may_create_is_offered(site: Site, lead: Lead) -> None:
    with site.app.begin(site.alfa.admin) as tx:
        tx.users.forbid_creating(tx.users.get(site.alfa.olena.user_id), ["contact"])
    client = site.visit(site.alfa.olena)
    path = f"/leads/{lead.id}/conversion"
    page = read(client.get(path))
    assert 'id="contact-new"' not in page
    assert 'id="contact-existing"' in page
    assert 'id="deal-new"' in page
    assert send_only(client, path, contact="new", action="convert").status_code == 403


def test_a_repeat_lead_is_offered_a_deal_only(site: Site) -> None:
    with site.app.begin(site.alfa.olena) as tx:
        man = tx.contacts.add(last_name="Known")
        lead = tx.leads.add("Again", contact=man.id)
    client = site.visit(site.alfa.olena)
    page = read(client.get(f"/leads/{lead.id}/conversion"))
    assert 'id="deal-new"' in page
    assert 'id="contact-existing"' not in page


def test_custom_fields_go_where_the_user_says(site: Site) -> None:
    with site.app.begin(site.alfa.admin) as tx:
        for kind, name in (("lead", "Need"), ("deal", "Wish"), ("deal", "Need")):
            tx.fields.add(kind, name, "text")
    with site.app.begin(site.alfa.olena) as tx:
        lead = tx.leads.add("Lead", fields={"need": "a pump"})
    client = site.visit(site.alfa.olena)
    path = f"/leads/{lead.id}/conversion"
    form = {"deal": "new", "deal.pipeline": "sales"}
    assert '<option value="need" selected>' in read(send(client, path, **form))
    page = read(send(client, path, **form | {"deal.map.need": "wish", "action": "convert"}))
    assert "<dt>Wish</dt>" in page
    with site.app.begin(site.alfa.olena) as tx:
        deal = tx.deals.list().items[0]
        assert tx.field_values.of([deal.id])[deal.id]["wish"] == "a pump"
