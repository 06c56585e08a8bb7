"""Pages of documents in front of people: looked at, turned by mouse and keys, waited for."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from tests.browser.office import Office, Visitor
from tests.firms import put

Visit = Callable[..., Visitor]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def make_pdf(pages: int) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for number in range(1, pages + 1):
        canvas.setFont("Helvetica", 28)
        canvas.drawString(72, 740, f"Agreement, page {number}")
        canvas.setFont("Helvetica", 12)
        for line in range(30):
            canvas.drawString(
                72, 690 - line * 18, f"{line + 1}. The supplier delivers, and the customer pays."
            )
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def await_picture(image: Locator) -> None:
    """Wait until an image has come, and see that it is one."""
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("image => image.naturalWidth") > 0


def make(office: Office, document_id: int) -> None:
    """Make what the background would, without all else that it has to do."""
    with office.app.begin(office.firm.olena) as tx:
        version = tx.documents.get(document_id).current
    office.app.previews.make(version.company_id, version.id)


@pytest.mark.parametrize("screen", [{}, PHONE], ids=["laptop", "phone"])
def test_pages_are_turned_by_buttons_and_keys(
    visit: Visit, office: Office, screen: dict[str, object]
) -> None:
    document = put(office.app, office.firm.olena, office.firm.deal, make_pdf(3), "agreement.pdf")
    make(office, document.id)
    page = visit(office.firm.olena, **screen).page
    page.goto(f"/documents/{document.id}")
    picture = page.locator("#viewer img")
    expect(picture).to_have_attribute("alt", "Page 1 of “agreement.pdf”")
    await_picture(picture)
    previous, following = (page.get_by_role("link", name=name) for name in ("Previous page", "Next page"))
    expect(previous).to_have_attribute("aria-disabled", "true")
    following.click()
    expect(page.locator(".viewer-bar")).to_contain_text("Page 2 of 3")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".viewer-bar")).to_contain_text("Page 3 of 3")
    expect(following).to_have_attribute("aria-disabled", "true")
    expect(picture).to_have_attribute("alt", "Page 3 of “agreement.pdf”")
    await_picture(picture)
    expect(page.locator("#viewer.is-loading")).to_have_count(0)
    page.reload()
    expect(page.locator(".viewer-bar")).to_contain_text("Page 3 of 3")
    page.get_by_label("Title", exact=True).press("ArrowLeft")  # who types does not turn pages
    expect(page.locator(".viewer-bar")).to_contain_text("Page 3 of 3")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_who_looks_before_there_is_a_picture_sees_it_come(visit: Visit, office: Office) -> None:
    document = put(office.app, office.firm.olena, office.firm.deal, make_pdf(1), "agreement.pdf")
    page = visit(office.firm.olena).page
    page.goto(f"/documents/{document.id}")
    expect(page.get_by_text("The picture of the page is being made…")).to_be_visible()
    make(office, document.id)
    await_picture(page.locator("#viewer img"))


def test_lists_show_first_pages_in_boxes_that_do_not_jump(visit: Visit, office: Office) -> None:
    put(office.app, office.firm.olena, office.firm.deal, b"\x00\x01", "unknown.bin")
    document = put(office.app, office.firm.olena, office.firm.deal, make_pdf(1), "agreement.pdf")
    make(office, document.id)
    page = visit(office.firm.olena, **PHONE).page
    page.goto(office.card)
    thumbnails = page.locator(".document-row .thumbnail")
    expect(thumbnails).to_have_count(2)
    await_picture(page.locator(".thumbnail img"))
    expect(page.get_by_alt_text("First page of “agreement.pdf”")).to_be_visible()
    sizes = {(box["width"], box["height"]) for each in thumbnails.all() if (box := each.bounding_box())}
    assert len(sizes) == 1


def test_a_document_without_a_picture_says_why(visit: Visit, office: Office) -> None:
    document = put(office.app, office.firm.olena, office.firm.deal, b"%PDF-1.4 broken", "broken.pdf")
    make(office, document.id)
    page = visit(office.firm.olena).page
    page.goto(f"/documents/{document.id}")
    expect(page.locator("#viewer")).to_contain_text("the file is damaged")


def test_pages_can_be_turned_without_scripts(visit: Visit, office: Office) -> None:
    document = put(office.app, office.firm.olena, office.firm.deal, make_pdf(2), "agreement.pdf")
    make(office, document.id)
    page = visit(office.firm.olena, java_script_enabled=False).page
    page.goto(f"/documents/{document.id}")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator(".viewer-bar")).to_contain_text("Page 2 of 2")
