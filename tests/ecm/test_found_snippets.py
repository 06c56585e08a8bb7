"""Snippets of long texts, from an upload to a page of hits."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event, select, update

from ecm import Ecm
from ecm.found_rows import FoundRows
from ecm.models import VersionText
from ecm.search.text_map import TextMap
from tests.firms import Firm, put

FILLING = "Вступ до документа, у якому ще нічого немає. "
LONG = FILLING * 20 + " ".join(f"Рядок {number}." for number in range(400)) + FILLING * 20


@pytest.fixture
def stored(app: Ecm, alfa: Firm) -> None:
    put(app, alfa.olena, alfa.deal, f"{LONG}Укладено договори постачання. {LONG}".encode(), "a.txt")
    put(app, alfa.olena, alfa.deal, "Короткий договір.".encode(), "b.txt")
    put(app, alfa.olena, alfa.deal, LONG.encode(), "Договір без слова в тексті.txt")
    app.work_off()


def snippets(app: Ecm, firm: Firm, q: str) -> dict[str, str]:
    return {hit.document.title: hit.snippet for hit in app.search(firm.olena, q)}


@pytest.mark.usefixtures("stored")
def test_what_stands_late_in_a_long_text_is_shown(app: Ecm, alfa: Firm) -> None:
    shown = snippets(app, alfa, "договір")
    assert "Укладено <mark>договори</mark> постачання." in shown["a.txt"]
    assert shown["a.txt"].startswith("…")
    assert shown["a.txt"].endswith("…")
    assert shown["b.txt"] == "Короткий <mark>договір</mark>."
    assert shown["Договір без слова в тексті.txt"].startswith("Вступ до документа")
    assert shown["Договір без слова в тексті.txt"].endswith("…")
    assert snippets(app, alfa, "")["a.txt"].startswith("Вступ до документа")


@pytest.mark.usefixtures("stored")
def test_of_a_long_text_only_pieces_are_read(app: Ecm, alfa: Firm) -> None:
    read: list[str] = []

    def note(*executed: object) -> None:
        read.append(str(executed[2]))

    event.listen(app.database.engine, "before_cursor_execute", note)
    try:
        snippets(app, alfa, "договір")
    finally:
        event.remove(app.database.engine, "before_cursor_execute", note)
    asked = [statement for statement in read if re.search(r"ecm_version_texts\.text", statement)]
    assert len(asked) == 2  # the short texts and the maps; the pieces


def test_a_text_with_a_small_map_is_read_at_once(app: Ecm, alfa: Firm) -> None:
    text = f"{FILLING * 100}Укладено договори постачання. {FILLING * 100}"
    put(app, alfa.olena, alfa.deal, text.encode(), "a.txt")
    app.work_off()
    assert "Укладено <mark>договори</mark> постачання." in snippets(app, alfa, "договір")["a.txt"]


@pytest.mark.usefixtures("stored")
def test_a_map_of_other_rules_is_no_map(app: Ecm, alfa: Firm) -> None:
    before = snippets(app, alfa, "договір")
    with app.begin(alfa.olena) as tx:
        tx.session.execute(update(VersionText).values(map=b"\x00of other rules"))
    assert snippets(app, alfa, "договір") == before


@pytest.mark.usefixtures("stored")
def test_a_text_has_a_map_when_it_is_long(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        for data, text in tx.session.execute(select(VersionText.map, VersionText.text)):
            assert (data is not None) == (len(text) > 1_500)
            assert data is None or TextMap(data).text_chars == len(text)


def test_pieces_of_any_number_of_texts_are_read_and_of_no_other_company(
    app: Ecm, alfa: Firm, beta: Firm
) -> None:
    first = put(app, alfa.olena, alfa.deal, "Перший договір.".encode(), "a.txt").current.id
    last = put(app, alfa.olena, alfa.deal, "Останній договір.".encode(), "b.txt").current.id
    app.work_off()
    wanted = {first: (7, 14), **dict.fromkeys(range(last + 1, last + 40), (0, 5)), last: (9, 100)}
    rows = FoundRows(app.database)
    assert rows.pieces(alfa.olena, wanted) == {first: "договір", last: "договір."}
    assert rows.pieces(beta.olena, wanted) == {}
