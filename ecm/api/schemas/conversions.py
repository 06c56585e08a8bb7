"""The shapes of the conversion of leads."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, DateTime, Dict, List, Nested, Raw, String

from ecm.api.schemas.card_parts import DuplicateCard
from ecm.api.schemas.documents import CardRef


class TargetIn(Schema):
    """A card to make of a lead, or an `existing` one (its id) to join it to.

    `values` are as in a new card, `fields` too, and go over what the lead has; a name such as `fields.KEY`
    stands for a custom field as well. `field_map` says which custom field of the lead (its key) goes to which
    of the card (its key, or null for nowhere). With `create_anyway` duplicates don't matter.
    """

    existing = String(allow_none=True)
    values = Dict(keys=String(), values=Raw(allow_none=True), load_default=dict)
    field_map = Dict(keys=String(), values=String(allow_none=True), load_default=dict)
    create_anyway = Boolean(load_default=False)


class DealTargetIn(TargetIn):
    """A deal to make, in a `pipeline` (its code or id) and a `stage` (its code; the first)."""

    pipeline = String(allow_none=True)
    stage = String(allow_none=True)


class ConversionIn(Schema):
    """What to make of a lead: any of the three. With `dry_run` nothing is made, and what it takes is told."""

    contact = Nested(TargetIn, allow_none=True)
    organization = Nested(TargetIn, allow_none=True)
    deal = Nested(DealTargetIn, allow_none=True)
    dry_run = Boolean(load_default=False)


class MissingOut(Schema):
    """A field that a card of a kind must have: always, or in a `stage` (its name)."""

    kind = String(required=True)
    field = String(required=True)
    name = String(required=True)
    stage = String(required=True, allow_none=True)


class TargetDuplicate(DuplicateCard):
    """A card that is there already, like the one of the kind `target` that would be made."""

    target = String(required=True)


class PlanOut(Schema):
    """What a conversion would come to. `offered` are the kinds that the caller may choose; `values` and
    `field_maps` what the new cards would hold, by kind."""

    offered = List(String(), required=True)
    is_repeat = Boolean(required=True)
    missing = List(Nested(MissingOut), required=True)
    duplicates = List(Nested(TargetDuplicate), required=True)
    values = Dict(keys=String(), values=Dict(), required=True)
    field_maps = Dict(keys=String(), values=Dict(), required=True)


class ConvertedCard(CardRef):
    """A card that a lead was made into (`created`), or joined to."""

    created = Boolean(required=True)


class ConversionOut(Schema):
    """A lead was converted."""

    id = String(required=True)
    lead = String(required=True)
    cards = List(Nested(ConvertedCard), required=True)
    by = String(required=True, allow_none=True)
    by_name = String(required=True, allow_none=True)
    at = DateTime(required=True)
