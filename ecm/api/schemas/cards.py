"""The shapes of cards of each kind, for checking what comes in and for the OpenAPI document.

What is checked here are types; values are checked by the domain. Answers are built in `shown_cards`.
"""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, Date, DateTime, Dict, List, Nested, Raw, String
from apiflask.validators import OneOf

from ecm.api.schemas import PageOut, PageQuery
from ecm.cards.lists import NEWEST

AMOUNT = {"type": ["string", "number"], "example": "125000.00"}
POINT = {
    "oneOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"value": {"type": "string"}, "label": {"type": ["string", "null"]}},
        },
    ],
    "example": "044 123 45 67",
}
DAY = {"format": "date", "example": "2026-01-31"}


class FilterQuery(Schema):
    """Which cards. `filter` is field:operator:value, and may be repeated; custom fields are `fields.KEY`."""

    filter = List(String(), load_default=list, metadata={"example": ["amount:ge:1000"]})
    saved_filter = String(metadata={"description": "the id of a filter that was saved"})


class ListQuery(FilterQuery, PageQuery):
    """Which cards, in which order, and which page of them. With a minus the order is the other way."""

    sort = String(metadata={"example": NEWEST})


class TotalsQuery(FilterQuery):
    """Which cards of which pipeline (its code or id; the first one)."""

    pipeline = String()


class CardDeletion(Schema):
    """What becomes of a deleted card's documents."""

    documents = String(load_default=None, validate=OneOf(["trash"]))


class PointOut(Schema):
    """A phone or an e-mail: as it was typed, and in the form that equal ones have in common."""

    value = String(required=True)
    normalized = String(required=True)
    extension = String(required=True, allow_none=True)
    label = String(required=True, allow_none=True)


class CardOut(Schema):
    """What cards of all kinds have. `custom` are the custom fields that have a value, by their keys."""

    id = String(required=True)
    kind = String(required=True)
    title = String(required=True)
    owner = String(required=True, allow_none=True)
    owner_name = String(required=True, allow_none=True)
    team = String(required=True, allow_none=True)
    team_name = String(required=True, allow_none=True)
    lead = String(required=True, allow_none=True)
    lead_title = String(required=True, allow_none=True)
    custom = Dict(keys=String(), values=Raw(), required=True, data_key="fields")
    external_ref = String(required=True, allow_none=True)
    external_url = String(required=True, allow_none=True)
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)


class SoldOut(Schema):
    """What is sold to whom, and how far it has come. The amount is a decimal string."""

    amount = String(required=True, allow_none=True)
    currency = String(required=True)
    pipeline = String(required=True)
    pipeline_name = String(required=True)
    stage = String(required=True)
    stage_name = String(required=True)
    stage_outcome = String(required=True, allow_none=True)
    contact = String(required=True, allow_none=True)
    contact_title = String(required=True, allow_none=True)
    organization = String(required=True, allow_none=True)
    organization_title = String(required=True, allow_none=True)
    source = String(required=True, allow_none=True)


class ReachedOut(Schema):
    """How somebody is reached, and under which number they pay taxes."""

    phones = List(Nested(PointOut), required=True)
    emails = List(Nested(PointOut), required=True)
    country = String(required=True)
    tax_number = String(required=True, allow_none=True)
    address = String(required=True, allow_none=True)


class PersonOut(Schema):
    """A person's names."""

    last_name = String(required=True, allow_none=True)
    first_name = String(required=True, allow_none=True)
    middle_name = String(required=True, allow_none=True)
    job_title = String(required=True, allow_none=True)


class DealOut(CardOut, SoldOut):
    """A deal."""

    expected_close = Date(required=True, allow_none=True)
    lost_reason = String(required=True, allow_none=True)
    closed_at = DateTime(required=True, allow_none=True)


class LeadOut(CardOut, SoldOut, ReachedOut, PersonOut):
    """A lead. One of a client who is known already `is_repeat`, and converts to a deal only."""

    organization_name = String(required=True, allow_none=True)
    junk_reason = String(required=True, allow_none=True)
    converted_at = DateTime(required=True, allow_none=True)
    is_repeat = Boolean(required=True)


class ContactOut(CardOut, ReachedOut, PersonOut):
    """A contact, whose title is the full name."""


class OrganizationOut(CardOut, ReachedOut):
    """An organization."""

    full_name = String(required=True, allow_none=True)
    postal_address = String(required=True, allow_none=True)
    website = String(required=True, allow_none=True)


class DealPage(PageOut):
    """Deals."""

    items = List(Nested(DealOut), required=True)


class LeadPage(PageOut):
    """Leads."""

    items = List(Nested(LeadOut), required=True)


class ContactPage(PageOut):
    """Contacts."""

    items = List(Nested(ContactOut), required=True)


class OrganizationPage(PageOut):
    """Organizations."""

    items = List(Nested(OrganizationOut), required=True)


class CardChange(Schema):
    """What can be changed of cards of all kinds. `owner` and `team` are ids; `custom` takes what is told of
    the custom fields, by their keys, and leaves the others."""

    owner = String(allow_none=True)
    team = String(allow_none=True)
    custom = Dict(keys=String(), values=Raw(allow_none=True), data_key="fields")


class SoldChange(Schema):
    """What can be changed of what is sold. `contact` and `organization` are ids of cards. A lost deal and a
    junk lead need a `reason`."""

    amount = Raw(allow_none=True, metadata=AMOUNT)
    currency = String()
    pipeline = String()
    stage = String()
    contact = String(allow_none=True)
    organization = String(allow_none=True)
    source = String(allow_none=True)
    reason = String(allow_none=True)


class ReachedChange(Schema):
    """What can be changed of how somebody is reached: all phones, or all e-mails, at once."""

    phones = List(Raw(metadata=POINT))
    emails = List(Raw(metadata=POINT))
    country = String()
    tax_number = String(allow_none=True)
    address = String(allow_none=True)


class PersonChange(Schema):
    """What can be changed of a person's names."""

    last_name = String(allow_none=True)
    first_name = String(allow_none=True)
    middle_name = String(allow_none=True)
    job_title = String(allow_none=True)


class DealChange(CardChange, SoldChange):
    """What to change of a deal."""

    title = String()
    expected_close = String(allow_none=True, metadata=DAY)


class DealIn(DealChange):
    """A new deal, by default the caller's, in the first stage of the first pipeline."""

    title = String(required=True)


class LeadChange(CardChange, SoldChange, ReachedChange, PersonChange):
    """What to change of a lead."""

    title = String()
    organization_name = String(allow_none=True)


class LeadIn(LeadChange):
    """A new lead, by default the caller's, in the first stage of the first pipeline."""

    title = String(required=True)


class ContactChange(CardChange, ReachedChange, PersonChange):
    """What to change of a contact."""


class ContactIn(ContactChange):
    """A new contact with a last or a first name, who belongs to `organizations` (their ids)."""

    organizations = List(String())


class OrganizationChange(CardChange, ReachedChange):
    """What to change of an organization."""

    title = String()
    full_name = String(allow_none=True)
    postal_address = String(allow_none=True)
    website = String(allow_none=True)


class OrganizationIn(OrganizationChange):
    """A new organization."""

    title = String(required=True)
