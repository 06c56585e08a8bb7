"""Imports of cards from tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, Id


class Import(Base):
    """A table that cards of one kind are made from, row by row.

    `state` is ``read``, ``running`` or ``done``; `header` has the names of the columns, `mapping` the field
    that each goes to, or None. `duplicates` says what becomes of rows whose card is there already: ``skip``,
    ``update`` or ``create``. Whoever works on it holds it until `lease_until`.
    """

    __tablename__ = "ecm_imports"
    __table_args__ = (
        Index("ix_ecm_imports_company", "company_id", "id"),
        Index("ix_ecm_imports_state", "state", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("ecm_users.id"))
    card_kind: Mapped[str] = mapped_column(String(20))
    filename: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(20))
    header: Mapped[list[str]] = mapped_column(JSON)
    mapping: Mapped[list[str | None]] = mapped_column(JSON)
    duplicates: Mapped[str] = mapped_column(String(20))
    rows_total: Mapped[int]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]


class ImportRow(Base):
    """A row of a table, `number` as people see it in the file, and what became of it: ``waiting``, ``made``,
    ``updated``, ``skipped`` or ``refused``, then with `errors`, each [field, words]. The `cells` are kept
    until a card was made of them."""

    __tablename__ = "ecm_import_rows"
    __table_args__ = (Index("ix_ecm_import_rows_state", "import_id", "state", "number"),)

    import_id: Mapped[int] = mapped_column(
        ForeignKey("ecm_imports.id"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    cells: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(20))
    errors: Mapped[list[Any]] = mapped_column(JSON)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_cards.id"))
