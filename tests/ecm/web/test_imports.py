"""The pages of imports: a table is chosen, mapped, tried, and made into cards."""

from __future__ import annotations

import re

from tests.ecm.web.site import Site, file, read, send


def test_a_table_becomes_cards(site: Site) -> None:
    client = site.visit(site.alfa.olena)
    assert 'href="/imports?kind=organization"' in read(client.get("/organizations"))
    table = "Назва;ЄДРПОУ\nАльфа;32855961\nБета;1\n".encode("cp1251")
    page = read(send(client, "/imports", kind="organization", file=file(table, "фірми.csv")))
    path = re.findall(r'action="(/imports/\d+)"', page)[0]
    assert "Will be made" in page
    assert "ЄДРПОУ:" in page
    wrong = read(send(client, path, **{"column-0": "", "column-1": "tax_number", "duplicates": "skip"}))
    assert "Say which column has the name" in wrong
    chosen = {"column-0": "title", "column-1": "tax_number", "duplicates": "update", "do": "run"}
    assert "0 of 2 rows are done" in read(send(client, path, **chosen))
    assert client.get(path).headers["Refresh"] == "2"
    site.app.work_off()
    done = client.get(path)
    assert "Refresh" not in done.headers
    assert "made 1" in read(done)
    assert "Refused rows" in read(done)
    with site.app.begin(site.alfa.olena) as tx:
        assert [each.title for each in tx.organizations.list()] == ["Альфа"]
    assert "фірми.csv" not in read(send(client, f"{path}/delete"))


def test_what_is_no_table_is_told_of(site: Site) -> None:
    client = site.visit(site.alfa.olena)
    page = send(client, "/imports", kind="deal", file=file(b"", "none.csv"))
    assert page.status_code == 422
    assert "Choose a CSV file or an Excel workbook" in read(page)
    assert send(client, "/imports", kind="deal").status_code == 422
