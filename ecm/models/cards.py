"""Cards: what documents attach to. What is common stands in one table, each kind adds its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, Id, SortKey


def _where(condition: str) -> Any:
    """The rows that an index has, on either database."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


_LIVE: Any = _where("deleted_at IS NULL")


class Card(Base):
    """A card of any kind: ``deal``, ``lead``, ``contact`` or ``organization``.

    One that an application registered has its `external_ref`, and an `external_url` that leads back to it;
    `lead_id` is the lead that it was made from, or that was joined to it. `title_key` is what titles are
    sorted by, the same on every database.
    """

    __tablename__ = "ecm_cards"
    __table_args__: Any = (
        UniqueConstraint("company_id", "kind", "external_ref"),
        Index("ix_ecm_cards_list", "company_id", "kind", "id", **_LIVE),
        Index("ix_ecm_cards_title", "company_id", "kind", "title_key", "id", **_LIVE),
        Index("ix_ecm_cards_updated", "company_id", "kind", "updated_at", "id", **_LIVE),
        Index("ix_ecm_cards_owner", "company_id", "kind", "owner_id", "id", **_LIVE),
        Index("ix_ecm_cards_team", "company_id", "kind", "team_id", "id", **_LIVE),
        Index("ix_ecm_cards_deleted", "company_id", "kind", "id", **_where("deleted_at IS NOT NULL")),
        Index("ix_ecm_cards_lead", "lead_id", **_where("lead_id IS NOT NULL")),
        {"sqlite_autoincrement": True},
    )
    __mapper_args__ = {"polymorphic_on": "kind"}  # noqa: RUF012

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(300))
    title_key: Mapped[SortKey]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_users.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_teams.id"))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_cards.id"))
    external_ref: Mapped[str | None] = mapped_column(String(300))
    external_url: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
