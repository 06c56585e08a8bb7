"""Lists of cards as people keep them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, Id


class SavedFilter(Base):
    """Conditions and an order under a name, for a list of cards of one kind: of the user who saved it, or
    shared with the company."""

    __tablename__ = "ecm_saved_filters"
    __table_args__ = (
        Index("ix_ecm_saved_filters_list", "company_id", "card_kind", "user_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("ecm_users.id"))
    card_kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    conditions: Mapped[list[Any]] = mapped_column(JSON)
    sort: Mapped[str | None] = mapped_column(String(120))
    is_shared: Mapped[bool] = mapped_column(Boolean)
