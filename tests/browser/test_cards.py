"""The pages of cards in front of people: a lead's conversion, a board, lists, on a laptop and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.office import Office, Visitor

Visit = Callable[..., Visitor]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LONG = "Дуже-довга-назва-без-жодного-пробілу-" * 5


def test_a_lead_is_converted_with_a_missing_field_and_a_duplicate(office: Office, visit: Visit) -> None:
    app, firm = office.app, office.firm
    with app.begin(firm.admin) as tx:
        tx.requirements.require("contact", "job_title")
    with app.begin(firm.olena) as tx:
        tx.organizations.add("Обрій", phones=["044 123 45 67"])
        lead = tx.leads.add(
            "Теплиця", last_name="Коваль", organization_name="ФГ Обрій", phones=["+380441234567"]
        )
        tx.contacts.add(last_name="Коваленко", job_title="Agronomist", phones=["0441234567"])
    olena = visit(firm.olena)
    olena.expect_refusals(409)
    page = olena.page
    page.goto(f"/leads/{lead.id}")
    page.get_by_role("link", name="Convert").click()
    page.get_by_label("Pipeline").select_option(label="Sales")
    page.get_by_role("button", name="Convert", exact=True).click()
    expect(page.get_by_text("There are such cards already")).to_be_visible()
    expect(page.get_by_text("Still missing: Job title")).to_be_visible()
    page.get_by_label("Job title").fill("Farmer")
    page.get_by_role("button", name="Create a new one anyway").click()
    expect(page.get_by_text("There are such cards already")).to_have_count(0)
    expect(page.get_by_label("Job title")).to_have_value("Farmer")
    page.get_by_role("button", name="Convert", exact=True).click()
    expect(page.get_by_text("The lead is converted.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/deals/\d+$"))
    page.get_by_role("link", name="Коваль", exact=True).first.click()
    expect(page.get_by_text("Farmer")).to_be_visible()


def test_a_deal_is_dragged_over_the_board_and_refused_where_a_field_is_missing(
    office: Office, visit: Visit
) -> None:
    app, firm = office.app, office.firm
    with app.begin(firm.admin) as tx:
        stage = tx.pipelines.stage(tx.pipelines.default("deal"), "contract")
        tx.requirements.require("deal", "expected_close", stage)
    olena = visit(firm.olena)
    olena.expect_refusals(409)
    page = olena.page
    page.goto("/deals/board")
    column = page.get_by_role("region", name="Offer")
    card = page.locator(".board-card", has_text=firm.deal.title)
    card.drag_to(column.locator(".board-cards"))
    expect(column.get_by_text(firm.deal.title)).to_be_visible()
    expect(column.locator(".stage-sums")).to_contain_text("125,000.00")
    page.locator(".board-card").drag_to(page.get_by_role("region", name="Contract").locator(".board-cards"))
    page.get_by_label("Expected close").fill("2026-12-31")
    page.get_by_role("button", name="Move").click()
    contract = page.get_by_role("region", name="Contract")
    expect(contract.get_by_text(firm.deal.title)).to_be_visible()
    contract.get_by_label(f"Move “{firm.deal.title}”").press("Enter")
    contract.get_by_role("button", name="Negotiation").press("Enter")
    expect(page.get_by_role("region", name="Negotiation").get_by_text(firm.deal.title)).to_be_visible()


def test_a_list_is_narrowed_and_a_client_is_chosen_while_one_types(office: Office, visit: Visit) -> None:
    app, firm = office.app, office.firm
    with app.begin(firm.olena) as tx:
        tx.organizations.add("Карпатський ліс")
        tx.deals.add("Дрібниця", amount="5")
    page = visit(firm.olena).page
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Field").select_option(label="Amount")
    page.get_by_label("Value").fill("1000")
    page.get_by_role("button", name="Add the filter").click()
    expect(page.get_by_text("Amount at least 1000")).to_be_visible()
    expect(page.locator(".card-row")).to_have_count(1)
    page.get_by_role("link", name="New deal").first.click()
    page.get_by_label("Title").fill("Брус")
    field = page.get_by_label("Organization")
    field.press_sequentially("карп")
    option = page.locator("#organization-offered option")
    expect(option).to_have_count(1)
    field.fill(option.get_attribute("value") or "")
    page.get_by_role("button", name="Create deal").click()
    expect(page.get_by_role("link", name="Карпатський ліс")).to_be_visible()
    page.get_by_label("Comment").fill("Called them")
    page.get_by_role("button", name="Write").click()
    expect(page.locator(".happening", has_text="Called them")).to_be_visible()


@pytest.mark.parametrize("language", ["uk", "en"])
def test_on_a_phone_no_page_of_cards_is_wider_than_the_screen(
    office: Office, visit: Visit, language: str
) -> None:
    app, firm = office.app, office.firm
    with app.begin(firm.admin) as tx:
        tx.fields.add("deal", "Поле " + LONG[:90], "list", options=[LONG[:150]], multiple=True)
        tx.pipelines.rename_stage(tx.pipelines.default("deal").stages[0], LONG[:100])
        tx.teams.add(LONG[:100])
    with app.begin(firm.olena) as tx:
        firm_card = tx.organizations.add(LONG, emails=[f"{'a' * 60}@{'b' * 60}.example"], address=LONG)
        man = tx.contacts.add(last_name=LONG[:99], organizations=[firm_card.id])
        deal = tx.deals.add(LONG, amount="9999999999.99", contact=man.id, organization=firm_card.id)
        tx.products.set(deal, [{"name": LONG, "price": "123456789.99", "unit": "шт"}])
        tx.timeline.comment(deal, LONG)
        lead = tx.leads.add(LONG, last_name=LONG[:99], organization_name=LONG)
    page = visit(firm.admin, **PHONE).page
    page.context.add_cookies([{"name": "ecm_language", "value": language, "url": office.address}])
    paths = ["/deals", "/leads", "/contacts", "/organizations", "/deals/board", f"/deals/{deal.id}"]
    paths += [f"/deals/{deal.id}/{part}" for part in ("edit", "products", "delete", "stage?stage=lost")]
    paths += [f"/contacts/{man.id}", f"/organizations/{firm_card.id}", f"/leads/{lead.id}/conversion"]
    paths += [
        f"/settings/{part}" for part in ("pipelines", "fields", "options", "options/1", "teams", "rights")
    ]
    for path in paths:
        page.goto(path)
        widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1], path
