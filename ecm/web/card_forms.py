"""The forms of cards: a new one, changing one, deleting one."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from ecm.access import require_may_create
from ecm.errors import EcmError, HasDocuments, Invalid, MissingFields
from ecm.models import Card
from ecm.unit_of_work import UnitOfWork
from ecm.web import messages
from ecm.web.card_fields import Fields, FormField, Typed, errors_of, read, stage_of
from ecm.web.card_labels import KINDS
from ecm.web.card_lists import family, kind_of_pages
from ecm.web.card_values import card_address
from ecm.web.current import actor, begin


def room(tx: UnitOfWork, kind: str) -> Any:
    """The room that makes and changes cards of a kind."""
    return getattr(tx, f"{kind}s")


def new() -> str:
    """The form of a new card, filled with what the address tells: clients, say."""
    kind = kind_of_pages()
    require_may_create(actor(), kind)
    with begin() as tx:
        form = Fields(tx, kind)
        fields = form.all()
        values = form.values(fields)
        values.update(
            {name: request.args[name] for name in request.args if name in {each.name for each in fields}}
        )
    return _new_page(kind, fields, values, {})


def create() -> BaseResponse:
    """Make a card of the form."""
    kind = kind_of_pages()
    with begin() as tx:
        fields = Fields(tx, kind).all()
    try:
        with begin() as tx:
            told = read(tx, fields, request.form)
            title = (told.pop("title"),) if kind != "contact" else ()
            card: Card = room(tx, kind).add(*title, **told)
    except (Invalid, MissingFields) as error:
        page = _new_page(kind, fields, request.form, errors_of(error, fields))
        return make_response(page, 422)
    return redirect(card_address(card))


def edit(id: str) -> str:
    """The form to change a card with."""
    with begin() as tx:
        card = tx.cards.get(id, kind=kind_of_pages())
        tx.cards.require_writable(card)
        form = Fields(tx, card.kind, card=card, stage=stage_of(card))
        fields = form.all()
        return _edit_page(tx, card, fields, form.values(fields), {})


def update(id: str) -> BaseResponse:
    """Change a card as the form says. What did not fit stands in the form still."""
    kind = kind_of_pages()
    with begin() as tx:
        card = tx.cards.get(id, kind=kind)
        tx.cards.require_writable(card)
        fields = Fields(tx, kind, card=card, stage=stage_of(card)).all()
    try:
        with begin() as tx:
            card = tx.cards.get(id, kind=kind)
            told = read(tx, fields, request.form)
            if kind in ("deal", "lead") and tx.products.has_any(card):  # type: ignore[arg-type]
                told.pop("amount", None)  # their total is not typed
            room(tx, kind).update(card, **told)
    except (Invalid, MissingFields) as error:
        with begin() as tx:
            card = tx.cards.get(id, kind=kind)
            return make_response(_edit_page(tx, card, fields, request.form, errors_of(error, fields)), 422)
    flash(_("Saved."), "success")
    return redirect(card_address(card))


def confirm_delete(id: str) -> str:
    """Ask before a card is deleted, and tell what becomes of its documents."""
    with begin() as tx:
        return _confirmation(tx, id)


def delete(id: str) -> BaseResponse:
    """Delete a card; its documents go to the trash if that was agreed to."""
    agreed = request.form.get("documents") == "trash"
    try:
        with begin() as tx:
            card = tx.cards.get(id, kind=kind_of_pages())
            tx.cards.delete(card, trash_documents=agreed)
    except HasDocuments as error:
        with begin() as tx:
            return make_response(_confirmation(tx, id, error), 409)
    flash(_("“%(title)s” is deleted.", title=card.title), "success")
    return redirect(url_for(f"pages.{family()}.index"))


def _confirmation(tx: UnitOfWork, id: str, refusal: EcmError | None = None) -> str:
    card = tx.cards.get(id, kind=kind_of_pages())
    if card.external_ref is not None:
        abort(404)
    return render_template(
        "cards/delete.html",
        card=card,
        words=KINDS[card.kind],
        count=tx.cards.count_documents(card),
        refusal=messages.of_error(refusal).text if refusal else None,
    )


def _new_page(kind: str, fields: list[FormField], values: Typed, errors: dict[str, str]) -> str:
    return render_template(
        "cards/new.html",
        family=family(),
        words=KINDS[kind],
        fields=fields,
        values=MultiDict(values),
        errors=errors,
    )


def _edit_page(
    tx: UnitOfWork, card: Card, fields: list[FormField], values: Typed, errors: dict[str, str]
) -> str:
    counted = card.kind in ("deal", "lead") and tx.products.has_any(card)  # type: ignore[arg-type]
    return render_template(
        "cards/edit.html",
        card=card,
        words=KINDS[card.kind],
        fields=fields,
        values=MultiDict(values),
        errors=errors,
        is_counted=counted,
    )
