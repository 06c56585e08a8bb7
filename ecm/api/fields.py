"""Custom fields."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.option_sets import show_option
from ecm.api.schemas.setup import FieldIn, FieldList, FieldOut, KindOrderIn, KindQuery, NameIn
from ecm.models import Field
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("fields", __name__, url_prefix="/api/v1/fields")


@blueprint.get("")
@blueprint.input(KindQuery, location="query")
@blueprint.output(FieldList)
def list_fields(query_data: dict[str, Any]) -> Response:
    """The custom fields of a kind of card, in their order."""
    with library().begin(current_actor()) as tx:
        return _answer_all(tx, query_data["kind"], archived=query_data["archived"])


@blueprint.post("")
@blueprint.input(FieldIn)
@blueprint.output(FieldOut, status_code=201)
@blueprint.doc(responses=[403, 409])
def add(json_data: dict[str, Any]) -> Response:
    """Add a custom field. For administrators, as all changes of them."""
    set_id = json_data.pop("option_set")
    with library().begin(current_actor()) as tx:
        shared = None if set_id is None else tx.option_sets.get(set_id)
        made = tx.fields.add(**json_data, option_set=shared)
        return shown.answer(_show(tx, made), 201, {"Location": f"/api/v1/fields/{made.id}"})


@blueprint.put("/order")
@blueprint.input(KindOrderIn)
@blueprint.output(FieldList)
@blueprint.doc(responses=[403])
def order(json_data: dict[str, Any]) -> Response:
    """Put all fields of a kind of card that are not archived into an order."""
    with library().begin(current_actor()) as tx:
        tx.fields.order(json_data["kind"], json_data["ids"])
        return _answer_all(tx, json_data["kind"])


@blueprint.get("/<id>")
@blueprint.output(FieldOut)
def get(id: str) -> Response:
    """One custom field."""
    with library().begin(current_actor()) as tx:
        return shown.answer(_show(tx, tx.fields.get(id)))


@blueprint.patch("/<id>")
@blueprint.input(NameIn)
@blueprint.output(FieldOut)
@blueprint.doc(responses=[403, 409])
def rename(id: str, json_data: dict[str, str]) -> Response:
    """Give a custom field another name; its key and its type stay."""
    with library().begin(current_actor()) as tx:
        return shown.answer(_show(tx, tx.fields.update(tx.fields.get(id), name=json_data["name"])))


@blueprint.post("/<id>/archive")
@blueprint.output(FieldOut)
@blueprint.doc(responses=[403])
def archive(id: str) -> Response:
    """Show a custom field no more; the values that cards have in it are kept."""
    with library().begin(current_actor()) as tx:
        tx.fields.archive(tx.fields.get(id))
        return shown.answer(_show(tx, tx.fields.get(id)))


@blueprint.post("/<id>/restore")
@blueprint.output(FieldOut)
@blueprint.doc(responses=[403, 409])
def restore(id: str) -> Response:
    """Show an archived custom field again, with the values that cards have in it."""
    with library().begin(current_actor()) as tx:
        tx.fields.restore(tx.fields.get(id))
        return shown.answer(_show(tx, tx.fields.get(id)))


def _answer_all(tx: UnitOfWork, kind: str, *, archived: bool = False) -> Response:
    found = tx.fields.list(kind, archived=archived)
    tx.option_sets.load(each.option_set_id for each in found if each.option_set_id is not None)
    return shown.answer({"items": [_show(tx, each) for each in found]})


def _show(tx: UnitOfWork, each: Field) -> shown.Json:
    set_id = each.option_set_id
    options = () if set_id is None else tx.option_sets.options(set_id)
    return {
        "id": str(each.id),
        "kind": each.card_kind,
        "key": each.key,
        "name": each.name,
        "type": each.type,
        "multiple": each.is_multiple,
        "option_set": None if set_id is None else str(set_id),
        "options": [show_option(option) for option in options],
        "archived_at": shown.time(each.archived_at),
    }
