"""Imports of cards from tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, Id


class Import(Base):
    """A table that cards of one kind are made from, row by row.

    `state` is ``previewed``, ``running``, ``done`` or ``failed``; `mapping` says which column goes to which
    field, `choices` what becomes of duplicates; `errors` tells the first rows that were refused, and why.
    `storage_key` is the file, kept and counted until the import is over.
    """

    __tablename__ = "ecm_imports"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ecm_users.id"))
    card_kind: Mapped[str] = mapped_column(String(20))
    filename: Mapped[str] = mapped_column(String(255))
    storage_key: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20))
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON)
    choices: Mapped[dict[str, Any]] = mapped_column(JSON)
    rows_total: Mapped[int]
    rows_done: Mapped[int]
    rows_made: Mapped[int]
    rows_refused: Mapped[int]
    errors: Mapped[list[Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
