"""The pages of cards, the same for each kind: the list, the card, its forms.

The one blueprint is registered for each kind under the name of its family: ``pages.deals.show`` is a deal's
card, ``pages.leads.show`` a lead's. What only some kinds have is at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from ecm.cards.conditions import Condition
from ecm.cards.kinds import CUSTOM, KINDS
from ecm.errors import Invalid
from ecm.models import Card, Contact, Deal, Lead, Organization
from ecm.paging import Page
from ecm.unit_of_work import UnitOfWork
from ecm.web import (
    card_forms,
    card_labels,
    card_lists,
    card_products,
    card_stages,
    memberships,
    messages,
    rows,
)
from ecm.web.addresses import page_number
from ecm.web.card_lists import family, kind_of_pages
from ecm.web.card_values import CardValues, card_address
from ecm.web.current import actor, begin
from ecm.web.timelines import shown_timeline

PER_PAGE = 25
RELATED_MOST = 10
_ELSEWHERE = ("title", "pipeline", "stage", "currency", "contact", "organization", "lead")
"""Fields that stand elsewhere on a card's page than among its facts."""


def show(id: str) -> str:
    """A card: its facts, whom it is linked with, its documents, what happened on it."""
    with begin() as tx:
        return _page(tx, tx.cards.get(id, kind=kind_of_pages()))


def comment(id: str) -> BaseResponse:
    """Write a comment onto a card."""
    try:
        with begin() as tx:
            card = tx.cards.get(id, kind=kind_of_pages())
            tx.timeline.comment(card, request.form.get("text", ""))
    except Invalid as error:
        with begin() as tx:
            card = tx.cards.get(id, kind=kind_of_pages())
            return make_response(_page(tx, card, errors={"text": messages.of_error(error).text}), 422)
    return redirect(card_address(card) + "#timeline")


def timeline(id: str) -> str:
    """Older entries of a card's timeline; for a script only these."""
    with begin() as tx:
        card = tx.cards.get(id, kind=kind_of_pages())
        shown = shown_timeline(tx, card, request.args.get("before"))
    template = "cards/timeline_part.html" if request.args.get("part") else "cards/timeline.html"
    return render_template(template, card=card, family=family(), timeline=shown)


def _page(tx: UnitOfWork, card: Card, errors: dict[str, str] | None = None) -> str:
    documents = tx.documents.of_card(card, page=page_number(), per_page=PER_PAGE)
    values = CardValues(tx, card.kind, [card])
    more: dict[str, Any] = {}
    if isinstance(card, Deal | Lead):
        more["products"] = tx.products.of(card)
        more["history"] = tx.stages.history(card)
        more["names"] = tx.users.names(stay.by_id for stay in more["history"])
        more["clients"] = [values.linked(card.contact_id), values.linked(card.organization_id)]
    if isinstance(card, Lead):
        more |= _of_lead(tx, card)
    return render_template(
        "cards/show.html",
        card=card,
        kind=card.kind,
        family=family(),
        words=card_labels.KINDS[card.kind],
        facts=_facts(tx, card, values),
        origin=values.linked(card.lead_id),
        is_writable=card.external_ref is None and getattr(card, "converted_at", None) is None,
        documents=documents,
        rows=rows.of_documents(tx, documents.items, card=card),
        timeline=shown_timeline(tx, card),
        errors=errors or {},
        typed=request.form.get("text", ""),
        related=_related(tx, card),
        members=_members(tx, card),
        actor=actor(),
        **more,
    )


def _of_lead(tx: UnitOfWork, lead: Lead) -> dict[str, Any]:
    """What became of a lead, or what it may become."""
    conversion = tx.conversions.of(lead) if lead.converted_at is not None else None
    if conversion is None:
        is_open = lead.external_ref is None and lead.stage.outcome != "junk"
        return {"may_convert": is_open, "is_repeat": tx.leads.is_repeat(lead)}
    ids = [conversion.contact_id, conversion.organization_id, conversion.deal_id]
    found = tx.cards.many(ids)
    return {
        "conversion": conversion,
        "converted_by": tx.users.names([conversion.by_id]).get(conversion.by_id or 0),
        "became": [found[id] for id in ids if id in found],
    }


def _facts(tx: UnitOfWork, card: Card, values: CardValues) -> list[tuple[str, Any]]:
    """What the card's fields hold, those that hold anything."""
    names = [each.name for each in KINDS[card.kind].fields if each.name not in _ELSEWHERE]
    labelled = [(name, str(card_labels.FIELDS[name])) for name in names]
    labelled += [(CUSTOM + field.key, field.name) for field in tx.fields.list(card.kind)]
    return [(label, value) for name, label in labelled if (value := values.of(card, name))]


def _related(tx: UnitOfWork, card: Card) -> Sequence[tuple[str, Page[Card]]]:
    """The deals and leads of a client: the latest of each, and how many there are."""
    if not isinstance(card, Contact | Organization):
        return []
    mine = [Condition(card.kind, "eq", str(card.id))]
    return [(kind, tx.lists.find(kind, mine, per_page=RELATED_MOST)) for kind in ("deal", "lead")]


def _members(tx: UnitOfWork, card: Card) -> list[tuple[Card, str | None]]:
    """Who belongs to an organization, or what a contact belongs to, with the role there."""
    if isinstance(card, Contact):
        return [(each.organization, each.role) for each in tx.contacts.organizations(card)]
    if isinstance(card, Organization):
        found = tx.organizations.contacts(card, per_page=memberships.SHOWN_MOST)
        return [(each.contact, each.role) for each in found]
    return []


pages = Blueprint("cards", __name__)
"""Registered under the name of each family, with its prefix."""

for _rule, _methods, _view in (
    ("", ["GET"], card_lists.index),
    ("/new", ["GET"], card_forms.new),
    ("/new", ["POST"], card_forms.create),
    ("/<id>", ["GET"], show),
    ("/<id>/edit", ["GET"], card_forms.edit),
    ("/<id>/edit", ["POST"], card_forms.update),
    ("/<id>/delete", ["GET"], card_forms.confirm_delete),
    ("/<id>/delete", ["POST"], card_forms.delete),
    ("/<id>/comments", ["POST"], comment),
    ("/<id>/timeline", ["GET"], timeline),
    # Contacts and organizations:
    ("/<id>/members", ["POST"], memberships.join),
    ("/<id>/members/<other>/remove", ["POST"], memberships.leave),
    # Deals and leads:
    ("/<id>/products", ["GET"], card_products.products),
    ("/<id>/products", ["POST"], card_products.set_products),
    ("/board", ["GET"], card_stages.board),
    ("/<id>/stage", ["GET"], card_stages.ask_move),
    ("/<id>/stage", ["POST"], card_stages.move),
):
    pages.add_url_rule(_rule, view_func=_view, methods=_methods)
