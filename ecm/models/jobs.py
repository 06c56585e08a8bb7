"""Slow work on versions that the background does when it gets to it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, BigId, Id


class Job(Base):
    """One kind of slow work on one version: recognising the text of a scan, drawing previews.

    Whoever holds the lease does it. After a failure the next try waits until `retry_at`. No foreign key
    to the version: one that was purged leaves a job with nothing to do.
    """

    __tablename__ = "ecm_jobs"
    __table_args__ = (
        UniqueConstraint("kind", "version_id"),
        Index("ix_ecm_jobs_company", "company_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    kind: Mapped[str] = mapped_column(String(20))
    version_id: Mapped[int] = mapped_column(BigId)
    created_at: Mapped[datetime]
    lease_token: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
