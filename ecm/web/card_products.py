"""The products of deals and leads, edited as a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from flask import abort, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from ecm.errors import Invalid
from ecm.models import Deal, Lead, ProductLine
from ecm.unit_of_work import UnitOfWork
from ecm.web import formats, messages
from ecm.web.card_lists import family, kind_of_pages
from ecm.web.card_values import card_address
from ecm.web.current import begin

COLUMNS = ("name", "quantity", "unit", "price", "discount_percent", "tax_percent")
EMPTY_LINES = 2
_FIGURES = ("quantity", "price", "discount_percent", "tax_percent")


def products(id: str) -> str:
    """The table of a card's products, with empty lines at its end."""
    with begin() as tx:
        card = _card(tx, id)
        tx.cards.require_writable(card)
        lines = [_typed(line) for line in tx.products.of(card).lines]
    return _page(card, lines, {})


def set_products(id: str) -> BaseResponse:
    """Put the lines of the table that say anything in place of those that the card has."""
    typed = {name: request.form.getlist(name) for name in COLUMNS}
    count = max(map(len, typed.values()), default=0)
    table = [
        {name: (typed[name][number : number + 1] or [""])[0] for name in COLUMNS} for number in range(count)
    ]
    lines = [line for line in table if line["name"].strip() or line["price"].strip()]
    try:
        with begin() as tx:
            card = _card(tx, id)
            tx.products.set(card, [_read(line) for line in lines])
    except Invalid as error:
        with begin() as tx:
            card = _card(tx, id)
        return make_response(_page(card, lines, _errors(error)), 422)
    flash(_("Saved."), "success")
    return redirect(card_address(card) + "#products")


def _card(tx: UnitOfWork, id: str) -> Deal | Lead:
    if kind_of_pages() not in ("deal", "lead"):
        abort(404)
    card = tx.cards.get(id, kind=kind_of_pages())
    assert isinstance(card, Deal | Lead)
    return card


def _page(card: Deal | Lead, lines: list[dict[str, str]], errors: dict[str, str]) -> str:
    empty = dict.fromkeys(COLUMNS, "")
    return render_template(
        "cards/products.html",
        card=card,
        family=family(),
        lines=[*lines, *([empty] * (EMPTY_LINES if lines else EMPTY_LINES + 1))],
        errors=errors,
    )


def _typed(line: ProductLine) -> dict[str, str]:
    figures = {name: _figure(getattr(line, name)) for name in _FIGURES}
    return {"name": line.name, "unit": line.unit or "", **figures}


def _figure(value: Decimal) -> str:
    return formats.decimal(value)


def _read(line: Mapping[str, str]) -> dict[str, object]:
    figures = {name: formats.read_money(line[name]) for name in _FIGURES}
    return {"name": line["name"], "unit": line["unit"] or None, **figures}


def _errors(error: Invalid) -> dict[str, str]:
    """The words by the number of the line and its column: ``2.price``."""
    found = re.fullmatch(r"products\.(\d+)\.(\w+)", error.field)
    return {f"{found[1]}.{found[2]}" if found else "": messages.of_error(error).text}
