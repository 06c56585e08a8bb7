"""The shapes of deals."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import DateTime, List, Nested, Raw, String
from apiflask.validators import OneOf

from ecm.api.schemas import PageOut


class DealOut(Schema):
    """A deal. The amount is a decimal string."""

    id = String(required=True)
    title = String(required=True)
    amount = String(required=True, allow_none=True)
    currency = String(required=True)
    pipeline = String(required=True)
    stage = String(required=True)
    owner = String(required=True, allow_none=True)
    owner_name = String(required=True, allow_none=True)
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)


class DealPage(PageOut):
    """Deals, the newest first."""

    items = List(Nested(DealOut), required=True)


class DealIn(Schema):
    """A new deal. `owner` is a user's id, by default the caller's."""

    title = String(required=True)
    amount = Raw(allow_none=True, metadata={"type": ["string", "number"], "example": "125000.00"})
    currency = String()
    pipeline = String()
    stage = String()
    owner = String(allow_none=True)


class DealChange(DealIn):
    """What to change of a deal."""

    title = String()


class DealDeletion(Schema):
    """What becomes of a deleted deal's documents."""

    documents = String(load_default=None, validate=OneOf(["trash"]))
