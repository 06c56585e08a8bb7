"""Work that a commit left for the background."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, BigId, Id


class OutboxTask(Base):
    """A document whose entry in the index must be made true. Committed together with the change.

    No foreign key to the document: purging one leaves a task that takes it out of the index.
    """

    __tablename__ = "ecm_outbox"
    __table_args__ = (Index("ix_ecm_outbox_company", "company_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    document_id: Mapped[int] = mapped_column(BigId)
    created_at: Mapped[datetime]


class IndexQueue(Base):
    """A company's place in the queue of index work. Who holds the lease is the one who writes its index.

    Companies take turns by `served_at`. After a failure the next try waits until `retry_at`. The index is
    being rebuilt as long as tasks up to `rebuild_last_task` wait.
    """

    __tablename__ = "ecm_index_queues"

    company_id: Mapped[int] = mapped_column(
        ForeignKey("ecm_companies.id"), primary_key=True, autoincrement=False
    )
    lease_token: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    served_at: Mapped[datetime]
    retry_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    rebuild_last_task: Mapped[int | None] = mapped_column(BigId)
