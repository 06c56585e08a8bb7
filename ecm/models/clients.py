"""Clients: contacts (people) and organizations (their firms), and how they are reached."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, column_property, mapped_column

from ecm.models.cards import Card
from ecm.models.metadata import Base, Id

_TAX_NUMBER_CHARS = 30


class Contact(Card):
    """A person. The card's title is the full name."""

    __tablename__ = "ecm_contacts"
    __table_args__ = (Index("ix_ecm_contacts_tax_number", "company_id", "tax_number"),)

    card_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"), primary_key=True, autoincrement=False)
    __mapper_args__ = {  # noqa: RUF012
        "polymorphic_identity": "contact",
        "inherit_condition": card_id == Card.id,
    }
    company_id: Mapped[int] = column_property(mapped_column(ForeignKey("ecm_companies.id")), Card.company_id)
    first_name: Mapped[str | None] = mapped_column(String(100))
    middle_name: Mapped[str | None] = mapped_column(String(100))
    last_name: Mapped[str | None] = mapped_column(String(100))
    job_title: Mapped[str | None] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    tax_number: Mapped[str | None] = mapped_column(String(_TAX_NUMBER_CHARS))
    address: Mapped[str | None] = mapped_column(String(1000))


class Organization(Card):
    """A client's firm. The card's title is the name that people use, `full_name` the one in its papers."""

    __tablename__ = "ecm_organizations"
    __table_args__ = (Index("ix_ecm_organizations_tax_number", "company_id", "tax_number"),)

    card_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"), primary_key=True, autoincrement=False)
    __mapper_args__ = {  # noqa: RUF012
        "polymorphic_identity": "organization",
        "inherit_condition": card_id == Card.id,
    }
    company_id: Mapped[int] = column_property(mapped_column(ForeignKey("ecm_companies.id")), Card.company_id)
    full_name: Mapped[str | None] = mapped_column(String(500))
    country: Mapped[str] = mapped_column(String(2))
    tax_number: Mapped[str | None] = mapped_column(String(_TAX_NUMBER_CHARS))
    address: Mapped[str | None] = mapped_column(String(1000))
    postal_address: Mapped[str | None] = mapped_column(String(1000))
    website: Mapped[str | None] = mapped_column(String(300))


class Membership(Base):
    """A contact belongs to an organization, in a role there."""

    __tablename__ = "ecm_memberships"

    contact_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"), primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("ecm_cards.id"), primary_key=True, autoincrement=False, index=True
    )
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    role: Mapped[str | None] = mapped_column(String(200))


class ContactPoint(Base):
    """A ``phone`` or an ``email`` of a contact, an organization or a lead.

    `value` is as it was typed; `normalized` is what equal ones have in common: E.164 without the extension,
    or the address in lower case.
    """

    __tablename__ = "ecm_contact_points"
    __table_args__ = (
        Index("ix_ecm_contact_points_card", "card_id", "position"),
        Index("ix_ecm_contact_points_normalized", "company_id", "kind", "normalized"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    card_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"))
    kind: Mapped[str] = mapped_column(String(10))
    position: Mapped[int]
    value: Mapped[str] = mapped_column(String(320))
    normalized: Mapped[str] = mapped_column(String(320))
    extension: Mapped[str | None] = mapped_column(String(20))
    label: Mapped[str | None] = mapped_column(String(40))
