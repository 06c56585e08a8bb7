"""Cards: what documents attach to. What is common stands in one table, each kind adds its own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, FixedDecimal, Id


class Card(Base):
    """A card of any kind. One that an application registered has its `external_ref`."""

    __tablename__ = "ecm_cards"
    __table_args__ = (
        UniqueConstraint("company_id", "kind", "external_ref"),
        Index("ix_ecm_cards_list", "company_id", "kind", "deleted_at", "id"),
        {"sqlite_autoincrement": True},
    )
    __mapper_args__ = {"polymorphic_on": "kind", "with_polymorphic": "*"}  # noqa: RUF012

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(300))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_users.id"))
    external_ref: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Deal(Card):
    """A deal: an amount, a pipeline and a stage in it."""

    __tablename__ = "ecm_deals"
    __mapper_args__ = {"polymorphic_identity": "deal"}  # noqa: RUF012

    card_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"), primary_key=True, autoincrement=False)
    amount: Mapped[Decimal | None] = mapped_column(FixedDecimal)
    currency: Mapped[str] = mapped_column(String(3))
    pipeline: Mapped[str] = mapped_column(String(100))
    stage: Mapped[str] = mapped_column(String(100))
