"""Option sets: what can be chosen in list fields."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.schemas.setup import (
    NameIn,
    OptionOut,
    OptionSetIn,
    OptionSetList,
    OptionSetOut,
    OptionSetQuery,
    OrderIn,
)
from ecm.errors import NotFound
from ecm.models import Option, OptionSet
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("option_sets", __name__, url_prefix="/api/v1/option-sets")


@blueprint.get("")
@blueprint.input(OptionSetQuery, location="query")
@blueprint.output(OptionSetList)
def list_sets(query_data: dict[str, bool]) -> Response:
    """The company's option sets, by name."""
    with library().begin(current_actor()) as tx:
        found = tx.option_sets.list()
        tx.option_sets.load(each.id for each in found)
        return shown.answer({"items": [_show(tx, each, **query_data) for each in found]})


@blueprint.post("")
@blueprint.input(OptionSetIn)
@blueprint.output(OptionSetOut, status_code=201)
@blueprint.doc(responses=[403, 409])
def add(json_data: dict[str, Any]) -> Response:
    """Add an option set. For administrators, as all changes of them."""
    with library().begin(current_actor()) as tx:
        made = tx.option_sets.add(json_data["name"], json_data["options"])
        return shown.answer(_show(tx, made), 201, {"Location": f"/api/v1/option-sets/{made.id}"})


@blueprint.get("/<id>")
@blueprint.input(OptionSetQuery, location="query")
@blueprint.output(OptionSetOut)
def get(id: str, query_data: dict[str, bool]) -> Response:
    """One option set."""
    with library().begin(current_actor()) as tx:
        return shown.answer(_show(tx, tx.option_sets.get(id), **query_data))


@blueprint.patch("/<id>")
@blueprint.input(NameIn)
@blueprint.output(OptionSetOut)
@blueprint.doc(responses=[403, 409])
def rename(id: str, json_data: dict[str, str]) -> Response:
    """Give an option set another name."""
    with library().begin(current_actor()) as tx:
        tx.option_sets.rename(tx.option_sets.get(id), json_data["name"])
        return shown.answer(_show(tx, tx.option_sets.get(id)))


@blueprint.delete("/<id>")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses=[403, 409])
def delete(id: str) -> Response:
    """Delete an option set that no field has; else 409 `in_use`."""
    with library().begin(current_actor()) as tx:
        tx.option_sets.delete(tx.option_sets.get(id))
    return shown.nothing()


@blueprint.post("/<id>/options")
@blueprint.input(NameIn)
@blueprint.output(OptionOut, status_code=201)
@blueprint.doc(responses=[403, 409])
def add_option(id: str, json_data: dict[str, str]) -> Response:
    """Add an option, after the others."""
    with library().begin(current_actor()) as tx:
        option = tx.option_sets.add_option(tx.option_sets.get(id), json_data["name"])
        return shown.answer(show_option(option), 201)


@blueprint.put("/<id>/options/order")
@blueprint.input(OrderIn)
@blueprint.output(OptionSetOut)
@blueprint.doc(responses=[403])
def order(id: str, json_data: dict[str, Any]) -> Response:
    """Put all options that are not archived into an order."""
    with library().begin(current_actor()) as tx:
        tx.option_sets.order(tx.option_sets.get(id), json_data["ids"])
        return shown.answer(_show(tx, tx.option_sets.get(id)))


@blueprint.patch("/<id>/options/<option>")
@blueprint.input(NameIn)
@blueprint.output(OptionOut)
@blueprint.doc(responses=[403, 409])
def rename_option(id: str, option: str, json_data: dict[str, str]) -> Response:
    """Give an option another name, on all cards that have it."""
    with library().begin(current_actor()) as tx:
        found = _option(tx, id, option)
        tx.option_sets.rename_option(found, json_data["name"])
        return shown.answer(show_option(found))


@blueprint.delete("/<id>/options/<option>")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses=[403, 409])
def delete_option(id: str, option: str) -> Response:
    """Delete an option that no card has; else 409 `in_use`: archive it."""
    with library().begin(current_actor()) as tx:
        tx.option_sets.delete_option(_option(tx, id, option))
    return shown.nothing()


@blueprint.post("/<id>/options/<option>/archive")
@blueprint.output(OptionOut)
@blueprint.doc(responses=[403])
def archive_option(id: str, option: str) -> Response:
    """Offer an option no more; cards that have it keep it."""
    with library().begin(current_actor()) as tx:
        found = _option(tx, id, option)
        tx.option_sets.archive_option(found)
        return shown.answer(show_option(found))


@blueprint.post("/<id>/options/<option>/restore")
@blueprint.output(OptionOut)
@blueprint.doc(responses=[403])
def restore_option(id: str, option: str) -> Response:
    """Offer an option again."""
    with library().begin(current_actor()) as tx:
        found = _option(tx, id, option)
        tx.option_sets.restore_option(found)
        return shown.answer(show_option(found))


def show_option(each: Option) -> shown.Json:
    """An option."""
    return {"id": str(each.id), "name": each.name, "archived_at": shown.time(each.archived_at)}


def _option(tx: UnitOfWork, id: str, option: str) -> Option:
    option_set, found = tx.option_sets.get(id), tx.option_sets.get_option(option)
    if found.option_set_id != option_set.id:
        raise NotFound("option", option)
    return found


def _show(tx: UnitOfWork, each: OptionSet, *, archived: bool = False) -> shown.Json:
    options = tx.option_sets.options(each, archived=archived)
    return {"id": str(each.id), "name": each.name, "options": [show_option(one) for one in options]}
