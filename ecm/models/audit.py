"""The trail of who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, BigId, Id


class AuditEvent(Base):
    """One thing that happened, written in the transaction that made it happen. Nothing in the product
    changes or deletes a row. `once_key` keeps repeated reads (ranges of a download) to one event."""

    __tablename__ = "ecm_audit_events"
    __table_args__ = (
        Index("ix_ecm_audit_events_object", "company_id", "object_type", "object_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_users.id"))
    action: Mapped[str] = mapped_column(String(60))
    object_type: Mapped[str] = mapped_column(String(20))
    object_id: Mapped[int] = mapped_column(BigId)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]
    once_key: Mapped[str | None] = mapped_column(String(100), unique=True)
