"""Leads: somebody who may become a client, and what became of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from ecm.models.cards import Card
from ecm.models.metadata import Base, FixedDecimal, Id
from ecm.models.pipelines import Pipeline, Stage


class Lead(Card):
    """A lead: what is known of a person, a firm and what they want. `contact_id` and `organization_id` are
    the clients that it came from where those are known already. `converted_at` makes it read-only."""

    __tablename__ = "ecm_leads"
    __table_args__ = (
        Index("ix_ecm_leads_amount", "company_id", "amount", "card_id"),
        Index("ix_ecm_leads_stage", "company_id", "stage_id", "card_id"),
        Index("ix_ecm_leads_sums", "company_id", "pipeline_id", "stage_id", "currency", "amount"),
        Index("ix_ecm_leads_contact", "contact_id"),
        Index("ix_ecm_leads_organization", "organization_id"),
        Index("ix_ecm_leads_tax_number", "company_id", "tax_number"),
    )

    card_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"), primary_key=True, autoincrement=False)
    __mapper_args__ = {  # noqa: RUF012
        "polymorphic_identity": "lead",
        "inherit_condition": card_id == Card.id,
    }
    company_id: Mapped[int] = column_property(mapped_column(ForeignKey("ecm_companies.id")), Card.company_id)
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("ecm_pipelines.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("ecm_stages.id"))
    first_name: Mapped[str | None] = mapped_column(String(100))
    middle_name: Mapped[str | None] = mapped_column(String(100))
    last_name: Mapped[str | None] = mapped_column(String(100))
    job_title: Mapped[str | None] = mapped_column(String(200))
    organization_name: Mapped[str | None] = mapped_column(String(300))
    country: Mapped[str] = mapped_column(String(2))
    tax_number: Mapped[str | None] = mapped_column(String(30))
    address: Mapped[str | None] = mapped_column(String(1000))
    amount: Mapped[Decimal | None] = mapped_column(FixedDecimal)
    currency: Mapped[str] = mapped_column(String(3))
    source: Mapped[str | None] = mapped_column(String(100))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_cards.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_cards.id"))
    junk_reason: Mapped[str | None] = mapped_column(String(1000))
    converted_at: Mapped[datetime | None]

    pipeline: Mapped[Pipeline] = relationship(viewonly=True, lazy="joined", innerjoin=True)
    stage: Mapped[Stage] = relationship(viewonly=True, lazy="joined", innerjoin=True)


class Conversion(Base):
    """A lead was converted, once: to which cards, by whom, and which of them were made for it. A request
    that comes again with the same `key` is answered with it; `fingerprint` tells whether it is the same."""

    __tablename__ = "ecm_conversions"
    __table_args__ = (
        UniqueConstraint("lead_id"),
        UniqueConstraint("company_id", "key"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_cards.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_cards.id"))
    deal_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_cards.id"))
    created: Mapped[list[str]] = mapped_column(JSON)
    key: Mapped[str | None] = mapped_column(String(200))
    fingerprint: Mapped[str] = mapped_column(String(64))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_users.id"))
    at: Mapped[datetime]
