"""Saved filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.schemas.setup import SavedFilterIn, SavedFilterList, SavedFilterOut, SavedFilterQuery
from ecm.cards.conditions import Condition
from ecm.cards.saved_filters import conditions_of
from ecm.errors import Invalid
from ecm.models import SavedFilter
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("filters", __name__, url_prefix="/api/v1/filters")


@blueprint.get("")
@blueprint.input(SavedFilterQuery, location="query")
@blueprint.output(SavedFilterList)
def list_filters(query_data: dict[str, str]) -> Response:
    """The caller's own filters for a kind of card, and those shared with the company, by name."""
    with library().begin(current_actor()) as tx:
        found = tx.saved_filters.list(query_data["kind"])
        return shown.answer({"items": [_show(tx, each) for each in found]})


@blueprint.post("")
@blueprint.input(SavedFilterIn)
@blueprint.output(SavedFilterOut, status_code=201)
def add(json_data: dict[str, Any]) -> Response:
    """Keep conditions and an order under a name, for oneself or shared with the company."""
    conditions = [_condition(each) for each in json_data.pop("conditions")]
    with library().begin(current_actor()) as tx:
        saved = tx.saved_filters.add(conditions=conditions, **json_data)
        return shown.answer(_show(tx, saved), 201, {"Location": f"/api/v1/filters/{saved.id}"})


@blueprint.get("/<id>")
@blueprint.output(SavedFilterOut)
def get(id: str) -> Response:
    """One filter."""
    with library().begin(current_actor()) as tx:
        return shown.answer(_show(tx, tx.saved_filters.get(id)))


@blueprint.delete("/<id>")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses=[403])
def delete(id: str) -> Response:
    """Delete a filter: one's own, or for an administrator a shared one."""
    with library().begin(current_actor()) as tx:
        tx.saved_filters.delete(tx.saved_filters.get(id))
    return shown.nothing()


def _condition(told: object) -> Condition:
    if isinstance(told, str):
        return Condition.parse(told)
    if isinstance(told, Mapping) and {"field", "operator"} <= told.keys() <= {"field", "operator", "value"}:
        parts = (told["field"], told["operator"], told.get("value", ""))
        if all(isinstance(part, str) for part in parts):
            return Condition.of(*parts)
    raise Invalid("conditions", "texts such as amount:ge:1000, or objects with field, operator, value")


def _show(tx: UnitOfWork, saved: SavedFilter) -> shown.Json:
    return {
        "id": str(saved.id),
        "kind": saved.card_kind,
        "name": saved.name,
        "conditions": [
            {"field": each.field, "operator": each.operator, "value": each.value}
            for each in conditions_of(saved)
        ],
        "sort": saved.sort,
        "shared": saved.is_shared,
        "own": saved.user_id == tx.require_actor().user_id,
    }
