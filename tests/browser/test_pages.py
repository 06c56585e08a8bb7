"""The pages in front of people: a laptop and a phone, mouse and keyboard, two languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FilePayload, Page, expect

from ecm import clock
from tests.browser.office import Office, Visitor
from tests.firms import put

MEGABYTE = 1_048_576
Visit = Callable[..., Visitor]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

# The controls of a page that have no name to be called by, and labels that belong to nothing.
NAMELESS = """
() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary, svg[role=img]")]
  .filter((control) => control.checkVisibility())
  .filter((control) => {
    const labels = [...(control.labels ?? [])].map((label) => label.textContent);
    const text = [control.textContent, control.getAttribute("aria-label"), ...labels].join("");
    return !text.trim();
  })
  .map((control) => control.outerHTML)
"""


@pytest.fixture
def furnished(office: Office) -> Office:
    """A company with something on every page, long names among it."""
    long = "Дуже-довга-назва-без-жодного-пробілу-" * 5
    app, firm = office.app, office.firm
    with app.begin(firm.olena) as tx:
        tx.deals.update(tx.deals.get(firm.deal.id), title=long, stage="offer")
        for number in range(30):
            tx.deals.add(f"Угода № {number}")
    text = f"{long} рахунками".encode()
    put(app, firm.olena, firm.deal, text, f"{long}.txt", kind="offer", tags=[long[:60], "терміново"])
    put(app, firm.petro, firm.deal, text, "копія.txt")
    put(app, firm.petro, firm.deal, b"%PDF-1.4 broken", "зламаний.pdf")
    trashed = put(app, firm.olena, firm.deal, b"x" * MEGABYTE, f"{long}.bin")
    with app.begin(firm.olena) as tx:
        tx.documents.trash(tx.documents.get(trashed.id))
    app.work_off()
    return office


def addresses(office: Office) -> Iterator[str]:
    """All pages."""
    yield from ("/deals", "/deals/new", office.card, f"{office.card}/edit", f"{office.card}/delete")
    yield from (
        "/documents/1",
        "/documents/4",
        "/search?q=рахунок",
        "/search?kind=act",
        "/search?q=(",
        "/trash",
    )
    yield from (
        "/trash/4/delete",
        "/trash/empty",
        "/storage",
        "/storage/tariff?code=standard",
        "/account",
        "/none",
    )


@pytest.mark.parametrize("language", ["uk", "en"])
def test_on_a_phone_no_page_is_wider_than_the_screen(furnished: Office, visit: Visit, language: str) -> None:
    admin = visit(furnished.firm.admin, **PHONE)
    admin.expect_refusals(400, 404)
    admin.page.context.add_cookies([{"name": "ecm_language", "value": language, "url": furnished.address}])
    for address in addresses(furnished):
        admin.page.goto(address)
        assert admin.page.evaluate("document.documentElement.lang") == language
        widths = admin.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths == [390, 390], address


def test_every_control_has_a_name_and_every_page_a_title_and_a_heading(
    furnished: Office, visit: Visit
) -> None:
    admin = visit(furnished.firm.admin)
    admin.expect_refusals(400, 404)
    titles = set()
    for address in addresses(furnished):
        admin.page.goto(address)
        assert admin.page.evaluate(NAMELESS) == [], address
        assert admin.page.locator("h1").count() == 1, address
        assert admin.page.locator("main").count() == 1, address
        titles.add(admin.page.title())
    assert len(titles) > 10
    assert all(title.endswith(" · ECM") for title in titles)


def focus(page: Page) -> str:
    """What the keyboard is on, by its name."""
    return str(
        page.evaluate(
            "() => { const c = document.activeElement;"
            " return (c.getAttribute('aria-label') || c.labels?.[0]?.textContent || c.textContent).trim() }"
        )
    )


def tab_to(page: Page, name: str, most: int = 40) -> None:
    """Press Tab until the keyboard is on a control."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if name in focus(page):
            return
    raise AssertionError(f"{name} was not reached by {most} presses of Tab")


def test_the_main_path_needs_no_mouse(office: Office, visit: Visit) -> None:
    olena = visit()
    page, keyboard = olena.page, olena.page.keyboard
    page.goto("/login")
    assert focus(page) == "E-mail"
    keyboard.type(office.firm.olena.email or "")
    keyboard.press("Tab")
    keyboard.type("long enough")
    keyboard.press("Enter")
    page.wait_for_url("**/deals")
    keyboard.press("Tab")
    assert focus(page) == "To the content"
    tab_to(page, "New deal")
    keyboard.press("Enter")
    page.wait_for_url("**/deals/new")
    assert focus(page).startswith("Title")
    keyboard.type("Угода з клавіатури")
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Угода з клавіатури")).to_be_visible()
    page.on("filechooser", lambda _: None)  # Playwright needs a moment to be ready for one
    page.locator(".is-live").wait_for()
    tab_to(page, "Choose files")
    with page.expect_file_chooser() as chooser:
        keyboard.press("Enter")
    letter: FilePayload = {"name": "лист.txt", "mimeType": "text/plain", "buffer": b"letter"}
    chooser.value.set_files([letter])
    expect(olena.row("лист.txt")).to_be_visible()
    tab_to(page, "More actions for “лист.txt”")
    keyboard.press("Enter")
    expect(page.get_by_role("link", name="Edit title, kind, tags")).to_be_visible()
    for _ in range(4):
        keyboard.press("ArrowDown")
    assert focus(page) == "Move to trash"
    keyboard.press("Enter")
    expect(page.get_by_text("“лист.txt” was moved to the trash.")).to_be_visible()
    tab_to(page, "Restore")
    keyboard.press("Enter")
    told = page.get_by_role("status").filter(has_text="“лист.txt” is restored.")
    expect(told).to_be_visible()


def test_the_account_menu_opens_and_closes_by_keyboard(office: Office, visit: Visit) -> None:
    olena = visit(office.firm.olena)
    tab_to(olena.page, "Account and language")
    olena.page.keyboard.press("Enter")
    expect(olena.page.get_by_role("button", name="Log out")).to_be_visible()
    tab_to(olena.page, "Українська")
    olena.page.keyboard.press("Escape")
    expect(olena.page.get_by_role("button", name="Log out")).to_be_hidden()
    assert focus(olena.page) == "Account and language"


def test_the_language_is_switched_on_any_page_and_stays(office: Office, visit: Visit) -> None:
    put(office.app, office.firm.olena, office.firm.deal, b"x" * MEGABYTE, "a.bin")
    olena = visit(office.firm.olena)
    page = olena.page
    page.goto(office.card)
    page.get_by_label("Account and language").click()
    page.get_by_role("button", name="Українська").click()
    expect(page.get_by_role("heading", name="Документи")).to_be_visible()
    assert page.url.endswith(office.card)
    expect(page.locator(".facts")).to_contain_text("125 000,00 ₴")
    expect(olena.row("a.bin")).to_contain_text("1 МБ")
    page.get_by_label("Обліковий запис і мова").click()
    page.get_by_role("button", name="Вийти").click()
    expect(page.get_by_role("button", name="Увійти")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_times_are_by_the_clock_of_the_browser(office: Office, visit: Visit) -> None:
    for zone in ("Asia/Tokyo", "America/New_York"):
        olena = visit(office.firm.olena, timezone_id=zone)
        olena.page.goto(office.card)
        shown = olena.page.locator(".facts time").first
        expect(shown).not_to_contain_text("UTC")
        local = olena.page.evaluate(
            "(at) => new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })",
            shown.get_attribute("datetime"),
        )
        expect(shown).to_contain_text(local)


def test_to_the_trash_back_and_gone(office: Office, visit: Visit) -> None:
    put(office.app, office.firm.olena, office.firm.deal, b"x" * MEGABYTE, "чернетка.bin")
    admin = visit(office.firm.admin)
    page = admin.page
    page.goto(office.card)

    def to_trash() -> None:
        page.get_by_role("button", name="More actions for “чернетка.bin”").click()
        page.get_by_role("button", name="Move to trash").click()
        expect(page.get_by_text("“чернетка.bin” was moved to the trash.")).to_be_visible()
        expect(admin.row("чернетка.bin")).to_have_count(0)

    to_trash()
    page.get_by_role("button", name="Restore").click()
    page.goto(office.card)
    to_trash()
    page.get_by_role("link", name="Trash", exact=True).click()
    expect(page.get_by_text("Emptying the trash would free 1 MB.")).to_be_visible()
    page.get_by_role("link", name="Delete “чернетка.bin” permanently").click()
    expect(page.get_by_text("This frees 1 MB.")).to_be_visible()
    page.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text("1 MB are free again.")).to_be_visible()
    page.get_by_role("link", name="Storage").click()
    expect(page.get_by_text("0 bytes of 200 MB")).to_be_visible()


def test_a_tariff_is_changed_after_its_effect_was_seen(office: Office, visit: Visit) -> None:
    put(office.app, office.firm.olena, office.firm.deal, b"x" * 3 * MEGABYTE, "a.bin")
    with office.app.begin() as tx:
        tx.tariffs.save("tiny", scope="company", limit_bytes=2 * MEGABYTE)
    admin = visit(office.firm.admin)
    page = admin.page
    page.goto("/storage")
    expect(page.get_by_text("3 MB of 200 MB")).to_be_visible()
    page.get_by_label("tiny").check()
    page.get_by_role("button", name="Show the effect").click()
    expect(page.locator(".over-table tbody tr")).to_have_text(
        "The company 3 MB 2 MB 1 MB", use_inner_text=True
    )
    page.get_by_role("button", name="Change to “tiny” now").click()
    expect(page.get_by_text("The company is now on the tariff “tiny”.")).to_be_visible()
    expect(page.get_by_text("1 MB more is stored than the tariff allows.")).to_be_visible()
    with office.app.begin(office.firm.admin) as tx:
        assert tx.tariffs.quota().tariff_code == "tiny"


def test_search_is_narrowed_by_filters_with_the_box_of_the_top_bar(furnished: Office, visit: Visit) -> None:
    olena = visit(furnished.firm.olena)
    page = olena.page
    page.goto("/search?q=рахунок")
    expect(page.locator(".document-row")).to_have_count(2)
    page.get_by_role("region", name="Kind").get_by_role("link", name="Offer").click()
    expect(page.locator(".document-row")).to_have_count(1)
    page.get_by_label("Uploaded from").fill(f"{clock.now():%Y-%m-%d}")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("list", name="Filters that are on").get_by_role("link")).to_have_count(2)
    expect(page.locator(".document-row")).to_have_count(1)
    expect(page.get_by_role("combobox", name="Search in documents")).to_have_value("рахунок")
    page.get_by_role("link", name="Clear").click()
    expect(page.locator(".document-row")).to_have_count(2)


def test_a_document_is_opened_beside_the_page(office: Office, visit: Visit) -> None:
    put(office.app, office.firm.olena, office.firm.deal, b"plain text", "лист.txt")
    olena = visit(office.firm.olena)
    olena.page.goto(office.card)
    with olena.page.expect_popup() as opened:
        olena.page.get_by_role("link", name="Open “лист.txt” in a new tab").click()
    expect(opened.value.locator("body")).to_contain_text("plain text")


def test_what_was_typed_stays_when_a_form_is_refused(office: Office, visit: Visit) -> None:
    olena = visit(office.firm.olena)
    olena.expect_refusals(422)
    page = olena.page
    page.goto("/deals/new")
    page.get_by_role("textbox", name="Title").fill("Набрана назва")
    page.get_by_role("textbox", name="Amount").fill("сто гривень")
    page.get_by_role("button", name="Create deal").click()
    expect(page.get_by_text("Enter a number, for example 125000.00.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Title")).to_have_value("Набрана назва")
    expect(page.get_by_role("textbox", name="Amount")).to_have_value("сто гривень")
    expect(page.get_by_role("textbox", name="Amount")).to_be_focused()
    page.get_by_role("textbox", name="Amount").fill("100")
    page.get_by_role("button", name="Create deal").click()
    expect(page.get_by_role("heading", name="Набрана назва")).to_be_visible()
