"""Deals: the list, a new one, a deal's card with its documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from ecm.errors import HasDocuments, Invalid
from ecm.models import Deal
from ecm.unit_of_work import UnitOfWork
from ecm.web import formats, messages, rows
from ecm.web.addresses import page_number
from ecm.web.current import begin

pages = Blueprint("deals", __name__)

PER_PAGE = 25
FIELDS = ("title", "amount", "currency", "stage")


@pages.get("/")
def home() -> BaseResponse:
    """The first page: the deals."""
    return redirect(url_for("pages.deals.index"))


@pages.get("/deals")
def index() -> str:
    """The company's deals, newest first."""
    with begin() as tx:
        deals = tx.deals.list(page=page_number(), per_page=PER_PAGE)
        owners = tx.users.names([deal.owner_id for deal in deals])
    return render_template("deals/index.html", deals=deals, owners=owners)


@pages.get("/deals/new")
def new() -> str:
    """The form of a new deal."""
    return render_template("deals/new.html", values={"currency": "UAH", "stage": "new"}, errors={})


@pages.post("/deals/new")
def create() -> BaseResponse:
    """Make a deal of the form."""
    try:
        with begin() as tx:
            values = _typed()
            deal = tx.deals.add(values.pop("title"), **values)
    except Invalid as error:
        return _refused("deals/new.html", error)
    return redirect(url_for("pages.deals.show", id=deal.id))


@pages.get("/deals/<id>")
def show(id: str) -> str:
    """A deal's card."""
    with begin() as tx:
        deal = tx.deals.get(id)
        documents = tx.documents.of_card(deal, page=page_number(), per_page=PER_PAGE)
        owners = tx.users.names([deal.owner_id])
        listed = rows.of_documents(tx, documents.items, card=deal)
    return render_template(
        "deals/show.html", deal=deal, owner=owners.get(deal.owner_id or 0), documents=documents, rows=listed
    )


@pages.get("/deals/<id>/edit")
def edit(id: str) -> str:
    """The form to change a deal with."""
    with begin() as tx:
        deal = tx.deals.get(id)
    return render_template("deals/edit.html", deal=deal, values=_values(deal), errors={})


@pages.post("/deals/<id>/edit")
def update(id: str) -> BaseResponse:
    """Change a deal as the form says."""
    with begin() as tx:
        deal = tx.deals.get(id)
    try:
        with begin() as tx:
            deal = tx.deals.update(tx.deals.get(id), **_typed())
    except Invalid as error:
        return _refused("deals/edit.html", error, deal=deal)
    flash(_("Saved."), "success")
    return redirect(url_for("pages.deals.show", id=deal.id))


@pages.get("/deals/<id>/delete")
def confirm_delete(id: str) -> str:
    """Ask before a deal is deleted, and tell what becomes of its documents."""
    with begin() as tx:
        return _confirmation(tx, id)


@pages.post("/deals/<id>/delete")
def delete(id: str) -> BaseResponse:
    """Delete a deal; its documents go to the trash if that was agreed to."""
    agreed = request.form.get("documents") == "trash"
    try:
        with begin() as tx:
            deal = tx.deals.get(id)
            tx.cards.delete(deal, trash_documents=agreed)
    except HasDocuments as error:
        with begin() as tx:
            return make_response(_confirmation(tx, id, messages.of_error(error).text), 409)
    flash(_("The deal “%(title)s” is deleted.", title=deal.title), "success")
    return redirect(url_for("pages.deals.index"))


def _confirmation(tx: UnitOfWork, id: str, refusal: str | None = None) -> str:
    deal = tx.deals.get(id)
    return render_template(
        "deals/delete.html", deal=deal, count=tx.cards.count_documents(deal), refusal=refusal
    )


def _refused(template: str, error: Invalid, **more: Any) -> BaseResponse:
    errors = {error.field: messages.of_error(error).text}
    return make_response(render_template(template, values=request.form, errors=errors, **more), 422)


def _typed() -> dict[str, Any]:
    typed = {name: request.form.get(name, "") for name in FIELDS}
    return typed | {"amount": formats.read_money(typed["amount"]) or None}


def _values(deal: Deal) -> Mapping[str, str]:
    return {
        "title": deal.title,
        "amount": formats.money_for_a_field(deal.amount),
        "currency": deal.currency,
        "stage": deal.stage.code,
    }
