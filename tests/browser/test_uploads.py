"""A file onto a deal, from a browser: chosen, dropped, interrupted, refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Route, expect

from tests.browser.office import Office, Visitor
from tests.firms import put

MEGABYTE = 1_048_576
Visit = Callable[..., Visitor]


def test_the_way_of_a_file_from_a_new_deal_to_a_download(office: Office, visit: Visit) -> None:
    olena = visit(office.firm.olena)
    page = olena.page
    page.get_by_role("link", name="New deal").click()
    page.get_by_role("textbox", name="Title").fill("Ремонт даху")
    page.get_by_role("textbox", name="Amount").fill("98,500.50")
    page.get_by_role("button", name="Create deal").click()
    expect(page.get_by_role("heading", name="Ремонт даху")).to_be_visible()

    contract = "Підрядник отримує оплату рахунками у строк десять днів.".encode("cp1251")
    olena.choose(("Договір підряду.txt", contract), ("Фото.bin", os.urandom(100_000)))
    expect(olena.row("Договір підряду.txt")).to_contain_text("Text is being read")
    expect(olena.row("Фото.bin")).to_contain_text("97.7 kB")
    expect(page.locator(".upload")).to_have_count(0)
    expect(page.locator("#no-documents")).to_be_hidden()
    assert olena.content("Договір підряду.txt") == contract

    office.app.work_off()
    # By itself, without a click.
    expect(olena.row("Договір підряду.txt")).to_contain_text("Searchable", timeout=15_000)
    page.get_by_role("combobox", name="Search in documents").fill("рахунок")
    page.keyboard.press("Enter")
    expect(page.locator("mark")).to_have_text("рахунками")
    assert olena.content("Договір підряду.txt") == contract
    page.get_by_role("link", name="Договір підряду.txt", exact=True).click()
    expect(page.get_by_role("heading", name="Договір підряду.txt")).to_be_visible()


def test_files_are_dropped_anywhere_on_the_card(office: Office, visit: Visit) -> None:
    olena = visit(office.firm.olena)
    olena.page.goto(office.card)
    files = [(f"файл {number}.bin", os.urandom(10_000 * number)) for number in range(1, 6)]
    olena.drop(*files)
    for name, content in files:
        expect(olena.row(name)).to_be_visible()
        assert olena.content(name) == content
    expect(olena.page.locator(".drop-news")).to_contain_text("is uploaded")
    expect(olena.page.locator(".is-over")).to_have_count(0)


def test_an_empty_file_is_uploaded(office: Office, visit: Visit) -> None:
    olena = visit(office.firm.olena)
    olena.page.goto(office.card)
    olena.choose(("empty.txt", b""))
    expect(olena.row("empty.txt")).to_contain_text("0 bytes")


def test_the_same_content_is_pointed_out(office: Office, visit: Visit) -> None:
    put(office.app, office.firm.petro, office.firm.deal, b"twice", "Оригінал.txt")
    olena = visit(office.firm.olena)
    olena.page.goto(office.card)
    olena.choose(("Копія.txt", b"twice"))
    notice = olena.row("Копія.txt").locator(".duplicate")
    expect(notice).to_contain_text("The same file is already on the card Постачання сервера as Оригінал.txt.")


def test_a_large_file_goes_in_pieces_and_over_a_lost_connection(
    office: Office, visit: Visit, tmp_path: Path
) -> None:
    olena = visit(office.firm.olena)
    olena.page.goto(office.card)
    content = os.urandom(17 * MEGABYTE)
    (tmp_path / "великий.bin").write_bytes(content)
    pieces: list[str] = []

    def lose_the_second(route: Route) -> None:
        if route.request.method == "PATCH":
            pieces.append(route.request.headers["upload-offset"])
            if len(pieces) == 2:
                route.abort()
                return
        route.continue_()

    olena.complaints = _ForgettingLostConnections()
    olena.page.route("**/api/v1/uploads/*", lose_the_second)
    olena.page.locator("input[type=file]").set_input_files(tmp_path / "великий.bin")
    expect(olena.row("великий.bin")).to_be_visible(timeout=60_000)
    assert olena.content("великий.bin") == content
    assert pieces == ["0", str(8 * MEGABYTE), str(8 * MEGABYTE), str(16 * MEGABYTE)]


class _ForgettingLostConnections(list[str]):
    """Complaints without those of a connection that the test cut itself."""

    def append(self, complaint: str) -> None:
        if "ERR_FAILED" not in complaint:
            super().append(complaint)


def test_a_refusal_tells_figures_and_what_to_do_and_can_be_tried_again(office: Office, visit: Visit) -> None:
    office.limit(3 * MEGABYTE)
    old = put(office.app, office.firm.olena, office.firm.deal, b"x" * 2 * MEGABYTE, "старий.bin")
    with office.app.begin(office.firm.olena) as tx:
        tx.documents.trash(tx.documents.get(old.id))
    olena = visit(office.firm.olena)
    olena.expect_refusals(507)
    olena.page.goto(office.card)
    olena.choose(("новий.bin", b"y" * 2 * MEGABYTE), ("малий.txt", b"fits"))
    expect(olena.row("малий.txt")).to_be_visible()
    refusal = olena.page.locator(".upload-refusal")
    expect(refusal).to_contain_text("the file takes 2 MB, and of 3 MB only 1 MB are left")
    expect(refusal).to_contain_text("Emptying the trash would free 2 MB.")
    expect(olena.row("новий.bin")).to_have_count(0)

    with olena.page.expect_popup() as opened:
        refusal.get_by_role("link", name="Open the trash").click()
    trash = opened.value
    trash.get_by_role("link", name="Empty the trash").click()
    trash.get_by_role("button", name="Empty the trash").click()
    expect(trash.get_by_text("The trash is empty.")).to_be_visible()
    trash.close()
    olena.page.get_by_role("button", name="Try again").click()
    expect(olena.row("новий.bin")).to_be_visible()


def test_a_storage_that_is_away_is_told_at_once(office: Office, visit: Visit) -> None:
    olena = visit(office.firm.olena)
    olena.expect_refusals(503)
    olena.page.goto(office.card)
    problem = '{"code": "storage_unavailable", "status": 503, "title": "t", "detail": "d"}'
    olena.page.route(
        "**/api/v1/uploads",
        lambda route: route.fulfill(status=503, body=problem, content_type="application/problem+json"),
    )
    olena.choose(("файл.txt", b"1"))
    expect(olena.page.locator(".upload-refusal")).to_contain_text("The storage of files does not answer")
    olena.page.unroute("**/api/v1/uploads")
    olena.page.get_by_role("button", name="Try again").click()
    expect(olena.row("файл.txt")).to_be_visible()


def test_who_was_logged_out_meanwhile_goes_on_after_logging_in_again(office: Office, visit: Visit) -> None:
    olena = visit(office.firm.olena)
    olena.expect_refusals(401)
    olena.page.goto(office.card)
    olena.page.context.clear_cookies(name="ecm_session")
    olena.choose(("файл.txt", b"1"))
    expect(olena.page.get_by_role("button", name="Try again")).to_be_visible()
    tab = olena.page.context.new_page()
    Visitor(office, tab).log_in(office.firm.olena)
    tab.close()
    olena.page.get_by_role("button", name="Try again").click()
    expect(olena.row("файл.txt")).to_be_visible()


def test_a_cancelled_upload_frees_what_it_held(office: Office, visit: Visit) -> None:
    olena = visit(office.firm.olena)
    olena.page.goto(office.card)
    held: list[Route] = []
    olena.page.route(
        "**/api/v1/uploads/*", lambda r: held.append(r) if r.request.method == "PATCH" else r.continue_()
    )
    with olena.page.expect_request(lambda r: r.method == "PATCH"):  # so it has begun, and holds something
        olena.choose(("передумала.bin", b"x" * MEGABYTE))
    cancel = olena.page.get_by_role("button", name="Cancel the upload of “передумала.bin”")
    expect(olena.page.locator(".upload-state")).to_contain_text("of 1 MB")
    with olena.page.expect_response(lambda r: r.request.method == "DELETE") as freed:
        cancel.click()
    assert freed.value.status == 204
    expect(olena.page.locator(".upload")).to_have_count(0)
    with office.app.begin(office.firm.olena) as tx:
        assert tx.tariffs.quota().company.held_bytes == 0


def test_a_new_version_is_dropped_on_the_document(office: Office, visit: Visit) -> None:
    document = put(office.app, office.firm.olena, office.firm.deal, b"first", "Договір.txt")
    olena = visit(office.firm.olena)
    page = olena.page
    page.goto(f"/documents/{document.id}")
    olena.drop(("Договір (правки).txt", b"second"))
    expect(page.locator(".version-row")).to_have_count(2)
    expect(page.locator(".version-row").first).to_contain_text("Договір (правки).txt")
    page.get_by_role("button", name="Make version 1 current").click()
    told = page.get_by_role("status").filter(has_text="Version 1 is the current one again.")
    expect(told).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    assert download.value.path().read_bytes() == b"first"
    assert download.value.suggested_filename == "Договір.txt"


def test_a_version_that_does_not_fit_is_refused_with_figures(office: Office, visit: Visit) -> None:
    document = put(office.app, office.firm.olena, office.firm.deal, b"x" * MEGABYTE, "Договір.bin")
    office.limit(2 * MEGABYTE)
    olena = visit(office.firm.olena)
    olena.page.goto(f"/documents/{document.id}")
    olena.choose(("великий.bin", b"y" * 3 * MEGABYTE))
    expect(olena.page.locator(".upload-refusal")).to_contain_text("of 2 MB only 1 MB are left")


def test_without_scripts_a_form_uploads(office: Office, visit: Visit) -> None:
    olena = visit(office.firm.olena, java_script_enabled=False)
    olena.page.goto(office.card)
    olena.choose(("один.txt", b"1"), ("два.txt", b"22"))
    olena.page.get_by_role("button", name="Upload").click()
    told = olena.page.get_by_role("status").filter(has_text="2 documents are added.")
    expect(told).to_be_visible()
    assert olena.content("два.txt") == b"22"
