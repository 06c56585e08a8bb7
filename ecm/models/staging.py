"""Bytes that are counted but belong to no document: on their way in, or on their way out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, Id


class Intent(Base):
    """Bytes under a key that are held for someone. `state` tells what becomes of them:

    ``open``: being received, or safely there already (a backend publishes a key only when its bytes
    are whole, so storage tells which). While receiving, `receiving_until` is renewed; attaching is
    possible until `attach_until`.
    ``dead``: bytes to be deleted; `size_bytes` are given back once they are gone.

    The row is deleted by whoever attaches the bytes to a document, or after they were deleted.
    """

    __tablename__ = "ecm_intents"
    __table_args__ = (
        Index("ix_ecm_intents_company", "company_id", "state"),
        Index("ix_ecm_intents_user", "user_id"),
        Index("ix_ecm_intents_sweep", "state", "receiving_until"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("ecm_users.id"))
    storage_key: Mapped[str] = mapped_column(String(200), unique=True)
    size_bytes: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    receiving_until: Mapped[datetime]
    attach_until: Mapped[datetime]


class Upload(Base):
    """A resumable upload: `offset_bytes` of `size_bytes` are there. Its bytes are held by an intent with
    the same key; `document_id` is set once it became a document.

    `locked_until` keeps two requests from writing to it at once; `expires_at` is when a pause was too long.
    """

    __tablename__ = "ecm_uploads"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("ecm_users.id"))
    card_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"))
    filename: Mapped[str] = mapped_column(String(255))
    upload_metadata: Mapped[str] = mapped_column(Text)
    storage_key: Mapped[str] = mapped_column(String(200), unique=True)
    storage_state: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int]
    offset_bytes: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    locked_until: Mapped[datetime | None]
    lock_token: Mapped[str | None] = mapped_column(String(40))
    document_id: Mapped[int | None] = mapped_column(
        ForeignKey("ecm_documents.id", ondelete="SET NULL"), index=True
    )
