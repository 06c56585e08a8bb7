"""What the cards of all kinds have in common: lists, adding, changing, deleting, timelines, comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint, Schema
from flask import Response

from ecm.api import card_documents, shown, shown_cards
from ecm.api.authentication import current_actor, library
from ecm.api.schemas.card_parts import CommentIn, TimelineEntryOut, TimelinePage, TimelineQuery
from ecm.api.schemas.cards import CardDeletion, ListQuery
from ecm.cards.conditions import Condition
from ecm.cards.kinds import Kind
from ecm.cards.lists import NEWEST
from ecm.cards.saved_filters import conditions_of
from ecm.errors import Invalid
from ecm.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Shapes:
    """The schemas of one kind of card: of a new one, of a change, of an answer, of a page of a list."""

    new: type[Schema]
    change: type[Schema]
    shown: type[Schema]
    page: type[Schema]


def card_blueprint(kind: Kind, shapes: Shapes) -> APIBlueprint:
    """The routes that cards of a kind have like all others."""
    blueprint = APIBlueprint(f"{kind}s", __name__, url_prefix=f"/api/v1/{kind}s")
    _add_list(blueprint, kind, shapes)
    _add_cards(blueprint, kind, shapes)
    _add_timeline(blueprint, kind)
    card_documents.add_routes(blueprint, kind)
    return blueprint


def room(tx: UnitOfWork, kind: Kind) -> Any:
    """The room of the cards of a kind."""
    rooms = {"deal": tx.deals, "lead": tx.leads, "contact": tx.contacts, "organization": tx.organizations}
    return rooms[kind]


def told_of_card(data: Mapping[str, Any]) -> dict[str, Any]:
    """A body's fields as the domain calls and takes them. Invalid."""
    told = dict(data)
    for name in ("owner", "team"):
        if name in told:
            told[f"{name}_id"] = told.pop(name)
    if "custom" in told:
        told["fields"] = told.pop("custom")
    for name in ("phones", "emails"):
        if name in told:
            told[name] = [_point(each) for each in told[name]]
    amount = told.get("amount")
    if amount is not None:
        if isinstance(amount, bool) or not isinstance(amount, str | int | float):
            raise Invalid("amount", "a decimal number such as 125000.00")
        told["amount"] = str(amount)
    return told


def told_conditions(tx: UnitOfWork, kind: Kind, query: Mapping[str, Any]) -> tuple[list[Condition], str]:
    """The conditions of a query, with those of the saved filter that it names, and the order of a list.
    Invalid; NotFound: no such filter."""
    conditions = [Condition.parse(text) for text in query["filter"]]
    sort = query.get("sort")
    if "saved_filter" in query:
        saved = tx.saved_filters.get(query["saved_filter"])
        if saved.card_kind != kind:
            raise Invalid("saved_filter", f"a filter of the kind {kind}")
        conditions = conditions_of(saved) + conditions
        sort = sort or saved.sort
    return conditions, sort or NEWEST


def _add_list(blueprint: APIBlueprint, kind: Kind, shapes: Shapes) -> None:
    @blueprint.get("")
    @blueprint.input(ListQuery, location="query")
    @blueprint.output(shapes.page)
    def list_cards(query_data: dict[str, Any]) -> Response:
        """The company's, narrowed by conditions and sorted; by default the newest first."""
        with library().begin(current_actor()) as tx:
            conditions, sort = told_conditions(tx, kind, query_data)
            pages = {name: query_data[name] for name in ("page", "per_page")}
            found = tx.lists.find(kind, conditions, sort=sort, **pages)
            return shown.answer(shown.page(found, shown_cards.cards(tx, found.items)))

    @blueprint.post("")
    @blueprint.input(shapes.new)
    @blueprint.output(shapes.shown, status_code=201)
    @blueprint.doc(responses=[403, 409])
    def create(json_data: dict[str, Any]) -> Response:
        """Add one, owned by the caller unless told otherwise."""
        with library().begin(current_actor()) as tx:
            card = room(tx, kind).add(**told_of_card(json_data))
            location = f"/api/v1/{kind}s/{card.id}"
            return shown.answer(shown_cards.card(tx, card), 201, {"Location": location})


def _add_cards(blueprint: APIBlueprint, kind: Kind, shapes: Shapes) -> None:
    @blueprint.get("/<id>")
    @blueprint.output(shapes.shown)
    def get(id: str) -> Response:
        """One of them."""
        with library().begin(current_actor()) as tx:
            return shown.answer(shown_cards.card(tx, tx.cards.get(id, kind=kind)))

    @blueprint.patch("/<id>")
    @blueprint.input(shapes.change)
    @blueprint.output(shapes.shown)
    @blueprint.doc(responses=[409])
    def change(id: str, json_data: dict[str, Any]) -> Response:
        """Change what is told, and leave the rest."""
        with library().begin(current_actor()) as tx:
            card = tx.cards.get(id, kind=kind)
            room(tx, kind).update(card, **told_of_card(json_data))
            return shown.answer(shown_cards.card(tx, card))

    @blueprint.delete("/<id>")
    @blueprint.input(CardDeletion, location="query")
    @blueprint.output({}, status_code=204)
    @blueprint.doc(responses=[409])
    def delete(id: str, query_data: dict[str, str | None]) -> Response:
        """Delete it. One that has documents: 409 `has_documents`, or `?documents=trash`."""
        with library().begin(current_actor()) as tx:
            card = tx.cards.get(id, kind=kind)
            tx.cards.require_writable(card)
            tx.cards.delete(card, trash_documents=query_data["documents"] == "trash")
        return shown.nothing()


def _add_timeline(blueprint: APIBlueprint, kind: Kind) -> None:
    @blueprint.get("/<id>/timeline")
    @blueprint.input(TimelineQuery, location="query")
    @blueprint.output(TimelinePage)
    def list_timeline(id: str, query_data: dict[str, Any]) -> Response:
        """What happened, the newest first."""
        with library().begin(current_actor()) as tx:
            found = tx.timeline.list(tx.cards.get(id, kind=kind), **query_data)
            return shown.answer(shown_cards.timeline(tx, found))

    @blueprint.post("/<id>/comments")
    @blueprint.input(CommentIn)
    @blueprint.output(TimelineEntryOut, status_code=201)
    def comment(id: str, json_data: dict[str, str]) -> Response:
        """Say something, which stands in the timeline from then on."""
        with library().begin(current_actor()) as tx:
            entry = tx.timeline.comment(tx.cards.get(id, kind=kind), json_data["text"])
            return shown.answer(shown_cards.entry(entry, tx.users.names([entry.user_id])), 201)


def _point(given: object) -> object:
    """A phone or an e-mail as the domain takes it: also one as it was answered, with more to it."""
    if isinstance(given, Mapping):
        return {name: value for name, value in given.items() if name not in ("normalized", "extension")}
    return given
