"""The company's storage and its tariff."""

from __future__ import annotations

import re

import pytest

from ecm.storage.interface import Source
from tests.ecm.web.site import Site, read, send
from tests.firms import put

KILOBYTE = 1024


@pytest.fixture
def used(site: Site) -> Site:
    """A company that uses 6 kB of 8 kB; there are a smaller tariff, and one by user."""
    with site.app.begin() as tx:
        tx.tariffs.save("free", scope="company", limit_bytes=8 * KILOBYTE)
        tx.tariffs.save("tiny", scope="company", limit_bytes=5 * KILOBYTE)
        tx.tariffs.save("standard", scope="user", limit_bytes=3 * KILOBYTE)
    put(site.app, site.alfa.olena, site.alfa.deal, b"x" * 4 * KILOBYTE)
    put(site.app, site.alfa.petro, site.alfa.deal, b"y" * 2 * KILOBYTE)
    return site


def test_used_reserved_and_free_are_told_and_drawn(used: Site) -> None:
    seen: list[str] = []

    class Looking(Source):
        """A file during whose upload somebody looks at the page."""

        def read(self, size: int, /) -> bytes:
            if seen:
                return b""
            seen.append(read(used.visit(used.alfa.admin).get("/storage")))
            return b"z" * KILOBYTE

    used.app.stage(used.alfa.olena, Looking(), filename="slow.bin", size_bytes=KILOBYTE)
    (page,) = seen
    assert "6 kB of 8 kB" in page
    assert "6 kB used and 1 kB reserved of 8 kB" in page
    assert re.search(r'class="space-used" width="75.0"', page)
    assert re.search(r'class="space-reserved" x="75.0" width="12.5"', page)


def test_a_member_sees_the_space_and_no_choice_of_tariff(used: Site) -> None:
    client = used.visit(used.alfa.olena)
    page = read(client.get("/storage"))
    assert "6 kB of 8 kB" in page
    assert "Show the effect" not in page
    assert client.get("/storage/tariff?code=tiny").status_code == 403
    assert send(client, "/storage/tariff", code="extended").status_code == 403


def test_the_effect_is_shown_before_a_tariff_is_changed(used: Site) -> None:
    client = used.visit(used.alfa.admin)
    page = read(client.get("/storage/tariff?code=tiny"))
    cells = re.findall(r"<td[^>]*>\s*(.*?)\s*</td>", page, re.DOTALL)
    assert cells == ["The company", "6 kB", "5 kB", "1 kB"]
    assert "Nothing is lost by it" in page
    assert "6 kB of 8 kB" in read(client.get("/storage"))


def test_under_a_tariff_by_user_those_over_it_are_named(used: Site) -> None:
    page = read(used.visit(used.alfa.admin).get("/storage/tariff?code=standard"))
    cells = re.findall(r"<td[^>]*>\s*(.*?)\s*</td>", page, re.DOTALL)
    assert len(cells) == 4
    assert cells[0].startswith("olena")
    assert cells[1:] == ["4 kB", "3 kB", "1 kB"]


def test_a_larger_tariff_puts_nobody_over(used: Site) -> None:
    page = read(used.visit(used.alfa.admin).get("/storage/tariff?code=extended"))
    assert "Nobody. Uploads go on as before." in page
    assert "<td" not in page


def test_a_change_is_made_at_once_and_being_over_is_told(used: Site) -> None:
    client = used.visit(used.alfa.admin)
    page = read(send(client, "/storage/tariff", code="tiny"))
    assert "The company is now on the tariff “tiny”." in page
    assert "1 kB more is stored than the tariff allows." in page
    assert 'class="space-over"' in page
    page = read(send(client, "/storage/tariff", code="extended"))
    assert "without a limit" in page


def test_a_tariff_that_there_is_not_is_not_found(used: Site) -> None:
    client = used.visit(used.alfa.admin)
    assert client.get("/storage/tariff?code=gold").status_code == 404
    assert send(client, "/storage/tariff", code="gold").status_code == 404
    assert client.get("/storage/tariff").status_code == 404


def test_under_a_tariff_by_user_ones_own_space_is_told(used: Site) -> None:
    with used.app.begin() as tx:
        tx.tariffs.save("standard", scope="user", limit_bytes=5 * KILOBYTE)
    send(used.visit(used.alfa.admin), "/storage/tariff", code="standard")
    page = read(used.visit(used.alfa.petro).get("/storage"))
    assert "Your storage" in page
    assert "2 kB of 5 kB" in page
    assert "The whole company" in page
