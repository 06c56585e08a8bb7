"""The kinds of card, and the fields that each has of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Table

from ecm.models import Base, Card, Contact, Deal, Lead, Organization

Kind = Literal["deal", "lead", "contact", "organization"]
OwnType = Literal[
    "text", "money", "currency", "date", "time", "user", "team", "card", "pipeline", "stage", "country",
    "phones", "emails", "outcome",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CardField:
    """A field that a kind of card has of its own.

    `name` is also the attribute of the model, with ``_id`` where it points at a row (`attribute`). Those that
    `is_set` a person or a program fills in; the others follow from what happens. `is_long` is a text of
    several lines. `card_kind` is the kind of card that one of type ``card`` points at.
    """

    name: str
    type: OwnType
    is_set: bool = True
    is_long: bool = False
    card_kind: Kind | None = None

    @property
    def attribute(self) -> str:
        """The attribute of the model."""
        points = self.type in ("user", "team", "card", "pipeline", "stage")
        return f"{self.name}_id" if points else self.name


@dataclass(frozen=True, slots=True)
class CardKind:
    """A kind of card: its model, and its own fields in the order that forms have them."""

    name: Kind
    model: type[Card]
    fields: tuple[CardField, ...]

    @property
    def table(self) -> Table:
        """What the kind adds to the table of all cards."""
        return Base.metadata.tables[self.model.__tablename__]

    def field(self, name: str) -> CardField | None:
        """The own field of that name."""
        return next((field for field in self.fields if field.name == name), None)


_TITLE = CardField("title", "text")
_COMMON = (
    CardField("owner", "user"),
    CardField("team", "team"),
    CardField("lead", "card", is_set=False, card_kind="lead"),
    CardField("created_at", "time", is_set=False),
    CardField("updated_at", "time", is_set=False),
)
_PERSON = (
    CardField("last_name", "text"),
    CardField("first_name", "text"),
    CardField("middle_name", "text"),
    CardField("job_title", "text"),
)
_REACHED = (CardField("phones", "phones"), CardField("emails", "emails"))
_TAX = (CardField("country", "country"), CardField("tax_number", "text"))
_ADDRESS = CardField("address", "text", is_long=True)
_SOLD = (CardField("amount", "money"), CardField("currency", "currency"))
_STAGE = (CardField("pipeline", "pipeline"), CardField("stage", "stage"))
_CLIENT = (
    CardField("contact", "card", card_kind="contact"),
    CardField("organization", "card", card_kind="organization"),
)

KINDS: Final[Mapping[str, CardKind]] = {
    kind.name: kind
    for kind in (
        CardKind(
            "deal",
            Deal,
            (
                _TITLE,
                *_SOLD,
                *_STAGE,
                *_CLIENT,
                CardField("expected_close", "date"),
                CardField("source", "text"),
                CardField("lost_reason", "text", is_set=False, is_long=True),
                CardField("closed_at", "time", is_set=False),
                *_COMMON,
            ),
        ),
        CardKind(
            "lead",
            Lead,
            (
                _TITLE,
                *_PERSON,
                CardField("organization_name", "text"),
                *_REACHED,
                *_TAX,
                _ADDRESS,
                *_SOLD,
                *_STAGE,
                *_CLIENT,
                CardField("source", "text"),
                CardField("junk_reason", "text", is_set=False, is_long=True),
                CardField("converted_at", "time", is_set=False),
                *_COMMON,
            ),
        ),
        CardKind(
            "contact",
            Contact,
            (CardField("title", "text", is_set=False), *_PERSON, *_REACHED, *_TAX, _ADDRESS, *_COMMON),
        ),
        CardKind(
            "organization",
            Organization,
            (
                _TITLE,
                CardField("full_name", "text"),
                *_REACHED,
                *_TAX,
                _ADDRESS,
                CardField("postal_address", "text", is_long=True),
                CardField("website", "text"),
                *_COMMON,
            ),
        ),
    )
}
CUSTOM: Final = "fields."
"""What the names of custom fields begin with, before the field's key."""
