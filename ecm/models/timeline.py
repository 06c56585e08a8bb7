"""What happened on a card, for its people to read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, Id


class TimelineEntry(Base):
    """One entry of a card's timeline: a `kind` such as ``comment`` or ``stage.moved``, and its `facts`. One
    that followed a lead to the cards made from it has the lead's entry as its `origin_id`."""

    __tablename__ = "ecm_timeline_entries"
    __table_args__ = (
        Index("ix_ecm_timeline_entries_card", "card_id", "at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    card_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"))
    kind: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_users.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]
    origin_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_timeline_entries.id"))
