"""Deals, and the products on deals and leads."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from ecm.models.cards import Card
from ecm.models.metadata import Base, FixedDecimal, Id
from ecm.models.pipelines import Pipeline, Stage


class Deal(Card):
    """A deal: an amount, a stage of a pipeline, a client. `closed_at` is when it came to a final stage,
    `lost_reason` why it was lost."""

    __tablename__ = "ecm_deals"
    __table_args__ = (
        Index("ix_ecm_deals_amount", "company_id", "amount", "card_id"),
        Index("ix_ecm_deals_stage", "company_id", "stage_id", "card_id"),
        Index("ix_ecm_deals_sums", "company_id", "pipeline_id", "stage_id", "currency", "amount"),
        Index("ix_ecm_deals_expected_close", "company_id", "expected_close", "card_id"),
        Index("ix_ecm_deals_contact", "contact_id"),
        Index("ix_ecm_deals_organization", "organization_id"),
    )

    card_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"), primary_key=True, autoincrement=False)
    __mapper_args__ = {  # noqa: RUF012
        "polymorphic_identity": "deal",
        "inherit_condition": card_id == Card.id,
    }
    company_id: Mapped[int] = column_property(mapped_column(ForeignKey("ecm_companies.id")), Card.company_id)
    amount: Mapped[Decimal | None] = mapped_column(FixedDecimal)
    currency: Mapped[str] = mapped_column(String(3))
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("ecm_pipelines.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("ecm_stages.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_cards.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_cards.id"))
    expected_close: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str | None] = mapped_column(String(100))
    lost_reason: Mapped[str | None] = mapped_column(String(1000))
    closed_at: Mapped[datetime | None]

    pipeline: Mapped[Pipeline] = relationship(viewonly=True, lazy="joined", innerjoin=True)
    stage: Mapped[Stage] = relationship(viewonly=True, lazy="joined", innerjoin=True)


class ProductLine(Base):
    """A line of what is sold, on a deal or a lead: quantity x price, less a discount, plus a tax, both in per
    cent. `amount` is the line's sum with all of it, to the cent."""

    __tablename__ = "ecm_product_lines"
    __table_args__ = (
        Index("ix_ecm_product_lines_card", "card_id", "position"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    card_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(300))
    quantity: Mapped[Decimal] = mapped_column(FixedDecimal)
    unit: Mapped[str | None] = mapped_column(String(20))
    price: Mapped[Decimal] = mapped_column(FixedDecimal)
    discount_percent: Mapped[Decimal] = mapped_column(FixedDecimal)
    tax_percent: Mapped[Decimal] = mapped_column(FixedDecimal)
    amount: Mapped[Decimal] = mapped_column(FixedDecimal)
