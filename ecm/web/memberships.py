"""Which organizations a contact belongs to, told from either side."""

from __future__ import annotations

from flask import abort, flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from ecm.errors import Invalid
from ecm.models import Contact, Organization
from ecm.unit_of_work import UnitOfWork
from ecm.web import messages
from ecm.web.card_choice import chosen_card
from ecm.web.card_lists import kind_of_pages
from ecm.web.card_values import card_address
from ecm.web.current import begin

SHOWN_MOST = 100
_OTHERS = {"contact": "organization", "organization": "contact"}


def join(id: str) -> BaseResponse:
    """Let a contact belong to an organization."""
    with begin() as tx:
        card = tx.cards.get(id, kind=kind_of_pages())
    try:
        with begin() as tx:
            other = chosen_card(tx, _other_kind(), "member", request.form.get("member", ""))
            if other is None:
                raise Invalid("member", "some text")
            tx.contacts.join(*_pair(tx, id, str(other)), role=request.form.get("role"))
    except Invalid as error:
        flash(messages.of_error(error).text, "danger")
    return redirect(card_address(card) + "#members")


def leave(id: str, other: str) -> BaseResponse:
    """Let a contact belong to an organization no more."""
    with begin() as tx:
        pair = _pair(tx, id, other)
        tx.contacts.leave(*pair)
        card = tx.cards.get(id, kind=kind_of_pages())
    flash(_("Saved."), "success")
    return redirect(card_address(card) + "#members")


def _other_kind() -> str:
    if kind_of_pages() not in _OTHERS:
        abort(404)
    return _OTHERS[kind_of_pages()]


def _pair(tx: UnitOfWork, id: str, other: str) -> tuple[Contact, Organization]:
    ids = {kind_of_pages(): id, _other_kind(): other}
    return tx.contacts.get(ids["contact"]), tx.organizations.get(ids["organization"])
