"""Choosing a card or a document in a form: by its number, by what a list offers, or by its title."""

from __future__ import annotations

import re

from flask import Blueprint, abort, render_template, request

from ecm.cards.anywhere import ANYWHERE, WORDS_MOST
from ecm.cards.conditions import Condition
from ecm.cards.kinds import KINDS
from ecm.errors import Invalid, NotFound
from ecm.unit_of_work import UnitOfWork
from ecm.web.current import begin

pages = Blueprint("card_choice", __name__)

OFFERED = 12


@pages.get("/choices/<kind>")
def offer(kind: str) -> str:
    """The cards of a kind on which what was typed stands, as choices that a script puts under the field."""
    if kind not in KINDS:
        abort(404)
    typed = request.args.get("q", "").strip()
    with begin() as tx:
        words = " ".join(typed.split()[:WORDS_MOST])
        conditions = [Condition(ANYWHERE, "contains", words)] if words else []
        found = tx.lists.find(kind, conditions, per_page=OFFERED).items
    return render_template("cards/choices.html", cards=found)


def offered_words(tx: UnitOfWork, widget: str, id: int) -> str:
    """What stands in a field in which a card or a document was chosen: its number and title."""
    if widget == "document":
        document = tx.documents.many([id]).get(id)
        return f"{id} — {document.title}" if document else str(id)
    card = tx.cards.many([id]).get(id)
    return f"{id} — {card.title}" if card else ""


def chosen_card(tx: UnitOfWork, kind: str, name: str, typed: str) -> int | None:
    """The card of a number, or of a title that only one has. Invalid: none, or several."""
    if not typed:
        return None
    if number := _number(typed):
        try:
            return tx.cards.get(number, kind=kind).id
        except NotFound:
            raise Invalid(name, "a card that is there: choose it by its title or number") from None
    found = tx.lists.find(kind, [Condition("title", "eq", typed)], per_page=2).items
    found = found or tx.lists.find(kind, [Condition("title", "contains", typed)], per_page=2).items
    if not found:
        raise Invalid(name, "a card that is there: choose it by its title or number")
    if len(found) > 1:
        raise Invalid(name, "one card: several have such a title, choose it by its number")
    return found[0].id


def chosen_document(tx: UnitOfWork, name: str, typed: str) -> int | None:
    """The document that was typed by its number, or by its own address. Invalid: there is none."""
    if not typed:
        return None
    address = re.search(r"/documents/(\d+)", typed, re.ASCII)
    number = address[1] if address else _number(typed)
    if not number or int(number) not in tx.documents.many([int(number)]):
        raise Invalid(name, "a document of the company, not in the trash")
    return int(number)


def _number(typed: str) -> str:
    """The number that begins what a list put into the field."""
    found = re.match(r"\s*№?\s*(\d{1,18})(?:\s*—.*)?$", typed, re.ASCII)
    return found[1] if found else ""
