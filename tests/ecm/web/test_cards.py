"""Lists, forms and cards of all kinds: found, filled in, changed, moved, told about."""

from __future__ import annotations

import re

import pytest

from tests.ecm.web.site import Site, read, send, send_only
from tests.firms import put
from tests.statements import hear_statements

FORMS: dict[str, dict[str, object]] = {
    "deals": {"title": "Нове", "amount": "12,50", "currency": "EUR", "stage": "offer", "source": "Сайт"},
    "leads": {"title": "Нове", "last_name": "Коваль", "phones": ["044 123 45 67"], "emails": ["a@b.example"]},
    "contacts": {"last_name": "Нове", "first_name": "Ольга", "job_title": "Юристка"},
    "organizations": {"title": "Нове", "tax_number": "14360570", "website": "nove.example", "country": "UA"},
}


@pytest.mark.parametrize("family", FORMS)
def test_a_card_of_each_kind_is_made_changed_and_deleted(site: Site, family: str) -> None:
    client = site.visit(site.alfa.olena, language="uk")
    form = {"country": "UA", "currency": "UAH"} | FORMS[family]
    made = send_only(client, f"/{family}/new", **form)
    assert made.status_code == 302, read(made)
    path = made.headers["Location"]
    page = read(client.get(path))
    assert "Нове" in page
    assert "Картку створено." in page
    changed = read(send(client, f"{path}/edit", **form | {"source": "Виставка", "address": "Львів, 5"}))
    assert "Збережено." in changed
    assert ("Виставка" if family in ("deals", "leads") else "Львів, 5") in changed
    assert "видалено" in read(send(client, f"{path}/delete"))
    assert client.get(path).status_code == 404


def test_a_refused_form_of_a_client_keeps_all_its_lines(site: Site) -> None:
    client = site.visit(site.alfa.olena)
    form = {
        "title": "Kept",
        "country": "UA",
        "phones": ["044 123 45 67", "12"],
        "phones.label": ["office", "home"],
        "emails": ["kept@b.example"],
    }
    response = send_only(client, "/organizations/new", **form)
    assert response.status_code == 422
    page = read(response)
    assert "“12” is no phone number" in page
    for kept in ("Kept", "044 123 45 67", "office", "home", "kept@b.example"):
        assert f'value="{kept}"' in page


def test_custom_fields_stand_in_forms_on_cards_and_in_lists(site: Site) -> None:
    with site.app.begin(site.alfa.admin) as tx:
        tx.fields.add("deal", "Segment", "list", options=["Retail", "Wholesale"], multiple=True)
        tx.fields.add("deal", "Budget", "money", required=True)
        tx.fields.add("deal", "Urgent", "boolean")
    client = site.visit(site.alfa.olena)
    refused = send_only(client, "/deals/new", title="Kept", currency="UAH")
    assert refused.status_code == 422
    assert 'id="fields-budget-error">Fill this in.' in read(refused)
    with site.app.begin(site.alfa.olena) as tx:
        retail, _ = tx.option_sets.options(tx.option_sets.list()[0])
    form = {
        "title": "Made",
        "fields.segment": str(retail.id),
        "fields.budget": "1,000.50",
        "fields.budget.currency": "USD",
        "fields.urgent": "false",
    }
    page = read(send(client, "/deals/new", **form))
    for shown in ("Retail", "$1,000.50", '<dd class="fact-value">No</dd>'):
        assert shown in page
    listed = read(client.get(f"/deals?filter=fields.segment:eq:{retail.id}&sort=-fields.budget"))
    assert "Segment is Retail" in listed
    assert "$1,000.50" in listed
    assert "Постачання сервера" not in listed


def test_lists_are_searched_narrowed_and_kept(site: Site) -> None:
    with site.app.begin(site.alfa.olena) as tx:
        for number in range(3):
            tx.deals.add(f"Pump {number}", amount=str(number * 100), currency="EUR")
    client = site.visit(site.alfa.olena)
    assert "Pump 1" in read(client.get("/deals?q=PUMP"))
    assert "Постачання" not in read(client.get("/deals?q=PUMP"))
    chosen = read(client.get("/deals?field=amount"))
    assert 'id="operator"' in chosen
    added = send_only(client, "/deals/filters", name="Mine", filter="amount:ge:100", sort="amount")
    page = read(client.get(added.headers["Location"]))
    assert "Amount at least 100" in page
    assert page.index("Pump 1") < page.index("Pump 2")
    assert "Pump 0" not in page
    response = client.get("/deals?field=amount&operator=ge&value=100&type=money&q=Pump")
    assert response.status_code == 302
    assert "q=Pump" in response.headers["Location"]
    wrong = client.get("/deals?field=amount&operator=ge&value=much&type=money")
    assert wrong.status_code == 422
    assert 'value="much"' in read(wrong)
    assert client.get("/deals?filter=none:eq:1").status_code == 422
    assert client.get("/deals?sort=none").status_code == 422


def test_totals_by_stage_stand_above_deals_and_on_the_board(site: Site) -> None:
    with site.app.begin(site.alfa.olena) as tx:
        tx.deals.add("Two", amount="10.25", currency="EUR", stage="offer")
        tx.deals.add("Three", amount="0.75", currency="EUR", stage="offer")
    client = site.visit(site.alfa.olena)
    for path in ("/deals", "/deals/board"):
        page = read(client.get(path))
        assert "€11.00" in page, path
        assert "UAH125,000.00" in page.replace("\xa0", ""), path


def test_a_list_takes_the_same_statements_for_any_number_of_cards(site: Site) -> None:
    client = site.visit(site.alfa.olena)

    def fill(cards: int) -> None:
        with site.app.begin(site.alfa.olena) as tx:
            for _number in range(cards):
                firm = tx.organizations.add("Firm", phones=["044 123 45 67"])
                man = tx.contacts.add(last_name="Man", emails=["man@b.example"])
                tx.deals.add("Deal", contact=man.id, organization=firm.id)
                tx.leads.add("Lead", contact=man.id)

    counts: dict[str, set[int]] = {}
    for cards in (2, 10):
        fill(cards)
        for path in ("/deals", "/leads", "/contacts", "/organizations", "/deals/board"):
            client.get(path)
            with hear_statements(site.app) as sent:
                assert client.get(path).status_code == 200
            counts.setdefault(path, set()).add(len(sent))
    assert all(len(found) == 1 for found in counts.values()), counts


def test_a_stage_that_lacks_fields_asks_for_all_of_them_and_moves_then(site: Site) -> None:
    with site.app.begin(site.alfa.admin) as tx:
        tx.fields.add("deal", "Budget", "number")
        stage = tx.pipelines.stage(tx.pipelines.default("deal"), "contract")
        tx.requirements.require("deal", "expected_close", stage)
        tx.requirements.require("deal", "fields.budget", stage)
    client = site.visit(site.alfa.olena)
    path = f"/deals/{site.alfa.deal.id}/stage"
    refused = send_only(client, path, stage="contract")
    assert refused.status_code == 422
    page = read(refused)
    assert "Expected close, Budget" in page
    assert page.count("required from the stage “Contract” on") == 2
    script = send_only(client, path, stage="contract", by="script")
    assert script.status_code == 409
    assert "stage=contract" in script.json["address"]  # type: ignore[index]
    form = {"stage": "contract", "expected_close": "2026-12-31", "fields.budget": ""}
    half = send_only(client, path, **form)
    assert half.status_code == 422
    assert 'value="2026-12-31"' in read(half)
    page = read(send(client, path, **form | {"fields.budget": "7"}))
    assert "is in the stage “Contract” now" in page
    assert "Stage: New → Contract" in page


def test_a_lost_deal_is_asked_why(site: Site) -> None:
    client = site.visit(site.alfa.olena)
    path = f"/deals/{site.alfa.deal.id}/stage"
    asked = send_only(client, path, stage="lost")
    assert asked.status_code == 422
    assert 'name="reason"' in read(asked)
    assert "Too dear" in read(send(client, path, stage="lost", reason="Too dear"))
    assert send_only(client, path, stage="new", by="script").status_code == 204


def test_products_are_a_table_whose_sums_are_the_amount(site: Site) -> None:
    client = site.visit(site.alfa.olena, language="uk")
    path = f"/deals/{site.alfa.deal.id}/products"
    lines = {"name": ["Дошка", "", "Кит"], "quantity": ["2,5", "", ""], "unit": ["м", "", ""]}
    lines |= {"price": ["100", "", "x"], "discount_percent": ["10", "", ""], "tax_percent": ["20", "", ""]}
    refused = send_only(client, path, **lines)
    assert refused.status_code == 422
    assert 'id="error-2-price"' in read(refused)
    assert 'value="2,5"' in read(refused)
    page = read(send(client, path, **lines | {"price": ["100", "", "5"]})).replace("\xa0", " ")
    assert "275,00" in page
    assert "readonly" not in page
    assert 'name="amount"' not in read(client.get(f"/deals/{site.alfa.deal.id}/edit"))


def test_a_timeline_goes_on_with_older_entries(site: Site) -> None:
    with site.app.begin(site.alfa.olena) as tx:
        for number in range(25):
            tx.timeline.comment(tx.deals.get(site.alfa.deal.id), f"Remark <{number}>")
    client = site.visit(site.alfa.olena)
    page = client.get(f"/deals/{site.alfa.deal.id}").get_data(as_text=True)
    assert "Remark &lt;24&gt;" in page
    assert "Remark &lt;3&gt;" not in page
    (older,) = re.findall(r'data-older="([^"]+)"', page)
    assert "Remark <3>" in read(client.get(older.replace("&amp;", "&")))
    assert "The card was made." in read(client.get(older.replace("&amp;part=1", "")))
    empty = send_only(client, f"/deals/{site.alfa.deal.id}/comments", text="  ")
    assert empty.status_code == 422


def test_clients_are_linked_both_ways(site: Site) -> None:
    with site.app.begin(site.alfa.olena) as tx:
        firm = tx.organizations.add("Ліс")
        man = tx.contacts.add(last_name="Коваль")
        tx.deals.update(tx.deals.get(site.alfa.deal.id), contact=man.id, organization=firm.id)
    client = site.visit(site.alfa.olena)
    page = read(send(client, f"/contacts/{man.id}/members", member="ліс", role="Director"))
    assert f'href="/organizations/{firm.id}"' in page
    assert "Director" in page
    page = read(client.get(f"/organizations/{firm.id}"))
    assert f'href="/contacts/{man.id}"' in page
    assert "Постачання сервера" in page
    assert "Saved." in read(send(client, f"/organizations/{firm.id}/members/{man.id}/remove"))
    assert "There is no such card" in read(send(client, f"/contacts/{man.id}/members", member="nobody"))
    options = read(client.get("/choices/organization?q=л"))
    assert f'value="{firm.id} — Ліс"' in options


def test_a_card_of_an_application_leads_back_and_is_not_edited(site: Site) -> None:
    with site.app.begin(site.alfa.olena) as tx:
        card = tx.cards.ref("lead", "X-1", title="Order", url="https://shop.example/1")
    client = site.visit(site.alfa.olena)
    page = read(client.get(f"/leads/{card.id}"))
    assert 'href="https://shop.example/1"' in page
    for path in ("edit", "conversion", "products"):
        assert f'href="/leads/{card.id}/{path}"' not in page
        assert client.get(f"/leads/{card.id}/{path}").status_code == 409
    assert send_only(client, f"/leads/{card.id}/edit", title="Mine").status_code == 409


def test_who_may_not_create_a_kind_is_offered_no_form_for_it(site: Site) -> None:
    with site.app.begin(site.alfa.admin) as tx:
        tx.users.forbid_creating(tx.users.get(site.alfa.petro.user_id), ["deal"])
    client = site.visit(site.alfa.petro)
    assert "/deals/new" not in read(client.get("/deals"))
    assert client.get("/deals/new").status_code == 403
    assert send_only(client, "/deals/new", title="Forced").status_code == 403


def test_a_timeline_tells_of_documents(site: Site) -> None:
    document = put(site.app, site.alfa.olena, site.alfa.deal, b"x", "bill.txt")
    page = read(site.visit(site.alfa.olena).get(f"/deals/{site.alfa.deal.id}/timeline"))
    assert f'Document: <a href="/documents/{document.id}">bill.txt</a> was added' in page
