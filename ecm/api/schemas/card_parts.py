"""The shapes of what belongs to cards: timelines, stages, totals, products, memberships, duplicates."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, DateTime, Dict, Float, Integer, List, Nested, Raw, String
from apiflask.validators import OneOf

from ecm.api.schemas import PageOut
from ecm.api.schemas.documents import CardRef

NUMBER = {"type": ["string", "number"], "example": "1"}


class TimelineQuery(Schema):
    """Which entries: so many that are older than the one with the id `before`."""

    before = String()
    limit = Integer(load_default=50)


class TimelineEntryOut(Schema):
    """What happened. One that came along from a lead has the lead's entry as its `origin`."""

    id = String(required=True)
    kind = String(required=True)
    at = DateTime(required=True)
    user = String(required=True, allow_none=True)
    user_name = String(required=True, allow_none=True)
    facts = Dict(required=True)
    origin = String(required=True, allow_none=True)


class TimelinePage(Schema):
    """Entries, the newest first; `?before=` with `next_before` asks for those that follow, null ends."""

    items = List(Nested(TimelineEntryOut), required=True)
    next_before = String(required=True, allow_none=True)


class CommentIn(Schema):
    """What somebody has to say of a card."""

    text = String(required=True)


class StageStayOut(Schema):
    """A card stood in a stage, for so long; until now where it stands."""

    stage = String(required=True)
    stage_name = String(required=True)
    stage_outcome = String(required=True, allow_none=True)
    since = DateTime(required=True)
    lasted_s = Float(required=True)
    by = String(required=True, allow_none=True)
    by_name = String(required=True, allow_none=True)
    is_current = Boolean(required=True)


class StageHistory(Schema):
    """All stages that a card stood in, the latest first."""

    items = List(Nested(StageStayOut), required=True)


class SumOut(Schema):
    """How many cards there are in a currency, and the sum of their amounts."""

    currency = String(required=True)
    cards = Integer(required=True)
    amount = String(required=True)


class StageTotals(Schema):
    """What stands in a stage."""

    stage = String(required=True)
    stage_name = String(required=True)
    stage_outcome = String(required=True, allow_none=True)
    cards = Integer(required=True)
    sums = List(Nested(SumOut), required=True)


class TotalsOut(Schema):
    """What stands in each stage of a pipeline, in their order, and in all of them."""

    pipeline = String(required=True)
    pipeline_name = String(required=True)
    stages = List(Nested(StageTotals), required=True)
    cards = Integer(required=True)
    sums = List(Nested(SumOut), required=True)


class ProductIn(Schema):
    """A line of what is sold."""

    name = String(required=True)
    quantity = Raw(allow_none=True, metadata=NUMBER)
    unit = String(allow_none=True)
    price = Raw(required=True, metadata=NUMBER)
    discount_percent = Raw(allow_none=True, metadata=NUMBER)
    tax_percent = Raw(allow_none=True, metadata=NUMBER)


class ProductsIn(Schema):
    """All lines of a card, in their order."""

    products = List(Nested(ProductIn), required=True)


class ProductOut(Schema):
    """A line of what is sold; `amount` is what it comes to, with all of it."""

    name = String(required=True)
    quantity = String(required=True)
    unit = String(required=True, allow_none=True)
    price = String(required=True)
    discount_percent = String(required=True)
    tax_percent = String(required=True)
    amount = String(required=True)


class ProductsOut(Schema):
    """The lines of a card and their sums: `net` is without tax and less the `discount`."""

    products = List(Nested(ProductOut), required=True)
    currency = String(required=True)
    discount = String(required=True)
    net = String(required=True)
    tax = String(required=True)
    total = String(required=True)


class MembershipIn(Schema):
    """In which role somebody belongs to an organization."""

    role = String(allow_none=True)


class MembershipOut(Schema):
    """A contact belongs to an organization."""

    contact = Nested(CardRef, required=True)
    organization = Nested(CardRef, required=True)
    role = String(required=True, allow_none=True)


class MembershipList(Schema):
    """The organizations of a contact, by their titles."""

    items = List(Nested(MembershipOut), required=True)


class MembershipPage(PageOut):
    """The contacts of an organization, the latest first."""

    items = List(Nested(MembershipOut), required=True)


class DuplicatesQuery(Schema):
    """What to look for. `phone` and `email` may be repeated; `country` is whose numbers they are."""

    phone = List(String(), load_default=list)
    email = List(String(), load_default=list)
    tax_number = String(load_default=None)
    country = String(load_default="UA")


class MatchOut(Schema):
    """What two cards have in common."""

    by = String(required=True, validate=OneOf(["tax_number", "email", "phone"]))
    value = String(required=True)


class DuplicateCard(CardRef):
    """A card that is there already, and all that it matches by, the strongest first."""

    by = String(required=True)
    matches = List(Nested(MatchOut), required=True)


class DuplicatesOut(Schema):
    """The cards that are there already, the oldest first."""

    items = List(Nested(DuplicateCard), required=True)
