"""What people have searched for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base


class RecentSearch(Base):
    """A query that a user has searched with, offered again while they type. Shown to nobody else."""

    __tablename__ = "ecm_recent_searches"
    __table_args__ = (Index("ix_ecm_recent_searches_user", "user_id", "searched_at"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("ecm_users.id"), primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(String(300), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    searched_at: Mapped[datetime]
