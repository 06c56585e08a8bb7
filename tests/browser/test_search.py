"""Search in front of people: what is offered while they type, by keyboard and by mouse, and facets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.office import Office, Visitor
from tests.firms import put

Visit = Callable[..., Visitor]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TEXT = "Покупець оплачує постачання обладнання рахунками у строк десять банківських днів."


@pytest.fixture
def stocked(office: Office) -> Office:
    """A company with two contracts and a letter."""
    for title, kind in (
        ("Договір поставки.txt", "contract"),
        ("Договір оренди.txt", "contract"),
        ("Лист.txt", "letter"),
    ):
        put(office.app, office.firm.olena, office.firm.deal, f"{TEXT} {title}".encode(), title, kind=kind)
    office.app.work_off()
    return office


def type_into_search(page: Page, text: str) -> None:
    field = page.get_by_role("combobox", name="Search in documents")
    field.click()
    field.press_sequentially(text)


def test_a_document_is_opened_by_keyboard_from_what_is_offered(stocked: Office, visit: Visit) -> None:
    page = visit(stocked.firm.olena).page
    type_into_search(page, "договором пост")
    field = page.get_by_role("combobox")
    (option,) = [page.get_by_role("listbox").get_by_role("option", name="Договір поставки.txt")]
    expect(option).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("ArrowDown")  # past the end: back in the field
    expect(option).to_have_attribute("aria-selected", "false")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/documents/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Договір поставки.txt")


def test_escape_closes_what_is_offered_and_enter_searches(stocked: Office, visit: Visit) -> None:
    page = visit(stocked.firm.olena).page
    type_into_search(page, "дог")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.get_by_role("combobox")).to_have_value("дог")
    page.get_by_role("combobox").fill("обладнанням")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    expect(page.get_by_text("Found: 3 documents")).to_be_visible()


def test_recent_searches_are_offered_in_the_empty_field_and_run_by_a_click(
    stocked: Office, visit: Visit
) -> None:
    page = visit(stocked.firm.olena).page
    page.goto("/search?q=рахунок")
    page.goto("/deals")
    page.get_by_role("combobox").click()
    page.get_by_role("listbox").get_by_role("option", name="рахунок").click()
    page.wait_for_url("**/search?q=*")
    expect(page.get_by_text("Found: 3 documents")).to_be_visible()


def test_an_answer_that_comes_too_late_is_not_shown(stocked: Office, visit: Visit) -> None:
    page = visit(stocked.firm.olena).page
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/suggestions?q=%D0%BB*", hold)  # what begins with л
    with page.expect_request("**/suggestions?q=%D0%BB*"):
        type_into_search(page, "лист")
    with page.expect_response("**/suggestions?q=%D0%B4*"):
        page.get_by_role("combobox").fill("дог")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(2)
    assert held
    for route in held:
        route.fulfill(json={"documents": [], "searches": ["too late"]})
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("listbox").get_by_role("option", selected=True)).to_have_count(1)
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(2)


def test_the_field_stays_a_field_while_suggestions_do_not_answer(stocked: Office, visit: Visit) -> None:
    visitor = visit(stocked.firm.olena)
    visitor.expect_refusals(503)
    page = visitor.page
    page.route("**/suggestions?*", lambda route: route.fulfill(status=503))
    with page.expect_response("**/suggestions?*"):
        type_into_search(page, "дог")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")


def test_search_works_without_scripts(stocked: Office, visit: Visit) -> None:
    page = visit(stocked.firm.olena, java_script_enabled=False, **PHONE).page
    page.get_by_label("Search in documents").fill("рахунок")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.get_by_text("Found: 3 documents")).to_be_visible()
    expect(page.get_by_role("link", name="Letter 1")).to_be_hidden()  # folded on a phone
    page.get_by_text("Filters", exact=True).click()
    page.get_by_role("link", name="Letter 1").click()
    expect(page.get_by_text("Found: 1 document", exact=True)).to_be_visible()
    page.get_by_role("link", name="Remove the filter “Kind: Letter”").click()
    expect(page.get_by_text("Found: 3 documents")).to_be_visible()


def test_documents_like_one_show_on_its_page(stocked: Office, visit: Visit) -> None:
    page = visit(stocked.firm.olena).page
    page.goto("/documents/1")
    similar = page.locator("[data-similar]")
    similar.scroll_into_view_if_needed()
    expect(similar.get_by_role("link", name="Лист.txt")).to_be_visible()
    similar.get_by_role("link", name="Договір оренди.txt").click()
    page.wait_for_url("**/documents/2")
