"""Conversions of leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint, Schema
from flask import Response
from marshmallow import ValidationError

from ecm.api import shown, shown_cards
from ecm.api.authentication import current_actor, library
from ecm.api.cards import told_of_card
from ecm.api.schemas.cards import ContactChange, DealChange, OrganizationChange
from ecm.api.schemas.conversions import ConversionIn, ConversionOut, PlanOut
from ecm.api.schemas.documents import IdempotencyHeader
from ecm.cards.conversion_drafts import TARGETS, Target
from ecm.cards.conversions import Plan
from ecm.cards.kinds import CUSTOM
from ecm.errors import Invalid, NotFound
from ecm.models import Conversion, Lead
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("conversions", __name__, url_prefix="/api/v1")

VALUES: Mapping[str, Schema] = {
    "contact": ContactChange(),
    "organization": OrganizationChange(),
    "deal": DealChange(exclude=("pipeline", "stage", "reason")),
}
"""By the kind of target: the shape of the values that may be filled in."""

ANSWERS: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "What it would come to", "content": {"application/json": {"schema": PlanOut}}},
    403: {"description": "A kind that the caller may not make"},
    409: {"description": "`missing_fields`, `duplicates_found`, `lead_converted`, `managed_by_application`"},
}


@blueprint.get("/leads/<id>/conversion")
@blueprint.output(ConversionOut)
def get(id: str) -> Response:
    """What a lead was converted to; 404 when it was not."""
    with library().begin(current_actor()) as tx:
        conversion = tx.conversions.of(tx.leads.get(id))
        if conversion is None:
            raise NotFound("conversion", id)
        return shown.answer(_show(tx, conversion))


@blueprint.post("/leads/<id>/conversion")
@blueprint.input(ConversionIn)
@blueprint.input(IdempotencyHeader, location="headers")
@blueprint.output(ConversionOut, status_code=201)
@blueprint.doc(responses=ANSWERS)
def convert(id: str, json_data: dict[str, Any], headers_data: dict[str, str]) -> Response:
    """Make a contact, an organization, a deal of a lead, or join it to those that there are; all or nothing.

    With `dry_run` nothing is written: 200 tells what is offered, what is missing, and which cards are there
    already.
    """
    key = headers_data.get("key")
    targets = {kind: _target(kind, json_data[kind]) for kind in TARGETS if json_data.get(kind) is not None}
    with library().begin(current_actor()) as tx:
        lead = tx.leads.get(id)
        if json_data["dry_run"]:
            plan = _plan(tx, lead, targets)
            if plan.wrong:
                raise plan.wrong[0]
            return shown.answer(_show_plan(plan))
        conversion = tx.conversions.convert(lead, targets, key=key)
        return shown.answer(_show(tx, conversion), 201, {"Location": f"/api/v1/leads/{id}/conversion"})


def _plan(tx: UnitOfWork, lead: Lead, targets: Mapping[str, Target]) -> Plan:
    """What a conversion would come to; without targets, which there may be."""
    if targets:
        return tx.conversions.plan(lead, targets)
    tx.cards.require_writable(lead)
    return Plan(tx.conversions.offered(lead), tx.leads.is_repeat(lead), (), {}, {}, {})


def _target(kind: str, told: Mapping[str, Any]) -> Target:
    return Target(
        existing=told.get("existing"),
        values=_values(kind, told["values"]),
        pipeline=told.get("pipeline"),
        stage=told.get("stage"),
        field_map=told["field_map"],
        create_anyway=told["create_anyway"],
    )


def _values(kind: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """The values for a new card, by the names that the domain has for fields. Invalid."""
    own = {name: value for name, value in told.items() if not name.startswith(CUSTOM)}
    custom = {name: value for name, value in told.items() if name.startswith(CUSTOM)}
    try:
        loaded = VALUES[kind].load(own)
    except ValidationError as error:
        name = next(iter(error.messages_dict))
        raise Invalid(f"{kind}.{name}"[:100], "no value for such a field to fill in") from None
    try:
        values = told_of_card(loaded)
    except Invalid as error:
        raise Invalid(f"{kind}.{error.field}"[:100], error.reason) from None
    custom |= {CUSTOM + key: value for key, value in values.pop("fields", {}).items()}
    for name in ("owner", "team"):
        if f"{name}_id" in values:
            values[name] = values.pop(f"{name}_id")
    return values | custom


def _show_plan(plan: Plan) -> shown.Json:
    return {
        "offered": list(plan.offered),
        "is_repeat": plan.is_repeat,
        "missing": [
            {"kind": each.kind, "field": each.field, "name": each.name, "stage": each.stage}
            for each in plan.missing
        ],
        "duplicates": [
            {"target": kind, **shown_cards.duplicate(each)}
            for kind, found in plan.duplicates.items()
            for each in found
        ],
        "values": {kind: _show_values(values) for kind, values in plan.values.items()},
        "field_maps": {kind: dict(mapped) for kind, mapped in plan.field_maps.items()},
    }


def _show_values(values: Mapping[str, Any]) -> shown.Json:
    own = {name: shown_cards.plain(each) for name, each in values.items() if not name.startswith(CUSTOM)}
    custom = {
        name.removeprefix(CUSTOM): shown_cards.plain(each)
        for name, each in values.items()
        if name.startswith(CUSTOM)
    }
    return {**own, "fields": custom}


def _show(tx: UnitOfWork, conversion: Conversion) -> shown.Json:
    ids = {kind: getattr(conversion, f"{kind}_id") for kind in TARGETS}
    cards = tx.cards.many(list(ids.values()))
    names = tx.users.names([conversion.by_id])
    return {
        "id": str(conversion.id),
        "lead": str(conversion.lead_id),
        "cards": [
            {**shown.card(cards[id]), "created": kind in conversion.created}
            for kind, id in ids.items()
            if id in cards
        ],
        "by": None if conversion.by_id is None else str(conversion.by_id),
        "by_name": None if conversion.by_id is None else names.get(conversion.by_id),
        "at": shown.time(conversion.at),
    }
