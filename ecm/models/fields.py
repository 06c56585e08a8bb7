"""Custom fields of cards, the option sets of lists, and the values."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, FixedDecimal, Id, SortKey


class OptionSet(Base):
    """The options that the list fields of several kinds of card share."""

    __tablename__ = "ecm_option_sets"
    __table_args__ = (UniqueConstraint("company_id", "name"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    name: Mapped[str] = mapped_column(String(100))


class Option(Base):
    """One option. One that is archived is offered no more, and stays on the cards that have it."""

    __tablename__ = "ecm_options"
    __table_args__ = (
        Index("ix_ecm_options_set", "option_set_id", "position"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    option_set_id: Mapped[int] = mapped_column(ForeignKey("ecm_option_sets.id"))
    name: Mapped[str] = mapped_column(String(200))
    position: Mapped[int]
    archived_at: Mapped[datetime | None]


class Field(Base):
    """A field that a company added to a kind of card. Programs know it by its `key`; one that is archived is
    offered no more, and its values are kept. `type` is one of `FIELD_TYPES`."""

    __tablename__ = "ecm_fields"
    __table_args__ = (UniqueConstraint("company_id", "card_kind", "key"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    card_kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(100))
    type: Mapped[str] = mapped_column(String(20))
    is_multiple: Mapped[bool] = mapped_column(Boolean)
    option_set_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_option_sets.id"))
    position: Mapped[int]
    archived_at: Mapped[datetime | None]


def _sorted_by(column: str) -> Index:
    """The index to filter and sort the cards with a field by one of the columns that a value may stand in."""
    some: dict[str, Any] = {
        f"{dialect}_where": text(f"{column} IS NOT NULL") for dialect in ("postgresql", "sqlite")
    }
    return Index(f"ix_ecm_field_values_{column}", "field_id", column, "card_id", **some)


class FieldValue(Base):
    """A value that a card has in a field; of a list of several, one row each.

    It stands in the column of its type: `text` (and `text_key`, which is sorted by) of a text or a link,
    `number` of a number, an amount of money or a boolean, `day`, `option_id`, `user_id`, or `document_id` of
    a file.
    """

    __tablename__ = "ecm_field_values"
    __table_args__ = (
        _sorted_by("text_key"),
        _sorted_by("number"),
        _sorted_by("day"),
        _sorted_by("option_id"),
        _sorted_by("user_id"),
        Index("ix_ecm_field_values_document_id", "document_id"),
    )

    card_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"), primary_key=True, autoincrement=False)
    field_id: Mapped[int] = mapped_column(ForeignKey("ecm_fields.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    text: Mapped[str | None] = mapped_column(String(4000))
    text_key: Mapped[SortKey | None]
    number: Mapped[Decimal | None] = mapped_column(FixedDecimal)
    currency: Mapped[str | None] = mapped_column(String(3))
    day: Mapped[date | None] = mapped_column(Date)
    option_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_options.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_users.id"))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_documents.id"))


FIELD_TYPES = ("text", "number", "money", "date", "boolean", "list", "user", "link", "file")
