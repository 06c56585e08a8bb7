"""Choosing a card or a document in a form: by its number, by what a list offers, or by its title."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, zip_longest

from flask import Blueprint, abort, render_template, request

from ecm.cards.anywhere import ANYWHERE, WORDS_MOST
from ecm.cards.conditions import Condition
from ecm.cards.kinds import KINDS
from ecm.errors import Invalid, NotFound
from ecm.models import Card
from ecm.unit_of_work import UnitOfWork
from ecm.web.current import begin

pages = Blueprint("card_choice", __name__)

OFFERED = 12
ANY_KIND = "any"


@pages.get("/choices/<kind>")
def offer(kind: str) -> str:
    """The cards of a kind, or of any, on which what was typed stands, as choices that a script puts under the
    field."""
    if kind not in (*KINDS, ANY_KIND):
        abort(404)
    typed = request.args.get("q", "").strip()
    with begin() as tx:
        words = " ".join(typed.split()[:WORDS_MOST])
        conditions = [Condition(ANYWHERE, "contains", words)] if words else []
        found = _first(tx, kind, conditions, OFFERED)
    return render_template("cards/choices.html", cards=found, of_any_kind=kind == ANY_KIND)


def offered_words(tx: UnitOfWork, widget: str, id: int) -> str:
    """What stands in a field in which a card or a document was chosen: its number and title."""
    if widget == "document":
        document = tx.documents.many([id]).get(id)
        return f"{id} — {document.title}" if document else str(id)
    card = tx.cards.many([id]).get(id)
    return f"{id} — {card.title}" if card else ""


def chosen_card(tx: UnitOfWork, kind: str, name: str, typed: str) -> int | None:
    """The card of a number or of a title that only one has, of a kind or any. Invalid: none, or several."""
    if not typed:
        return None
    if number := _number(typed):
        try:
            return tx.cards.get(number, kind=None if kind == ANY_KIND else kind).id
        except NotFound:
            raise Invalid(name, "a card that is there: choose it by its title or number") from None
    found = _first(tx, kind, [Condition("title", "eq", typed)], 2)
    found = found or _first(tx, kind, [Condition("title", "contains", typed)], 2)
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


def _first(tx: UnitOfWork, kind: str, conditions: Sequence[Condition], most: int) -> list[Card]:
    """The first cards of a kind; of any kind, the first of each in turn."""
    kinds = list(KINDS) if kind == ANY_KIND else [kind]
    found = [tx.lists.newest(each, conditions, most) for each in kinds]
    in_turn = chain.from_iterable(zip_longest(*found))
    return [card for card in in_turn if card is not None][:most]


def _number(typed: str) -> str:
    """The number that begins what a list put into the field."""
    found = re.match(r"\s*№?\s*(\d{1,18})(?:\s*—.*)?$", typed, re.ASCII)
    return found[1] if found else ""
