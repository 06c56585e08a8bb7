"""Documents, their versions, and the cards that they are on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ecm.models.cards import Card
from ecm.models.metadata import Base, Id, Sha256


class Document(Base):
    """A titled thing with versions. `current_version` is the number of the one that is shown."""

    __tablename__ = "ecm_documents"
    __table_args__ = (
        Index("ix_ecm_documents_trash", "company_id", "id", postgresql_where=text("trashed_at IS NOT NULL"),
              sqlite_where=text("trashed_at IS NOT NULL")),
        Index("ix_ecm_documents_company", "company_id", "id"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    title: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(20))
    tags: Mapped[list[str]] = mapped_column(JSON)
    current_version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    trashed_at: Mapped[datetime | None]
    trashed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_users.id"))

    current: Mapped[Version] = relationship(
        primaryjoin="and_(Document.id == foreign(Version.document_id), "
        "Document.current_version == foreign(Version.number))",
        viewonly=True,
        uselist=False,
        lazy="raise_on_sql",
    )
    cards: Mapped[list[Card]] = relationship(
        secondary="ecm_document_cards", viewonly=True, lazy="raise_on_sql", order_by=Card.id
    )


class Version(Base):
    """One immutable upload of a document's content.

    `text_state` is ``pending``, ``recognizing`` (a scan whose turn is still to come), ``done``, ``empty``,
    ``unsupported`` or ``failed``; `text_reason` says why where it is not ``done``. `preview_state` is
    ``pending``, ``ready``, ``unsupported`` or ``failed``, `preview_pages` how many pages can be shown, and
    `preview_reason` why there are none.
    """

    __tablename__ = "ecm_versions"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        Index("ix_ecm_versions_duplicates", "company_id", "sha256"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    document_id: Mapped[int] = mapped_column(ForeignKey("ecm_documents.id"))
    number: Mapped[int]
    size_bytes: Mapped[int]
    sha256: Mapped[Sha256]
    media_type: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(255))
    storage_key: Mapped[str] = mapped_column(String(200), unique=True)
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("ecm_users.id"))
    uploaded_at: Mapped[datetime]
    text_state: Mapped[str] = mapped_column(String(20))
    text_reason: Mapped[str | None] = mapped_column(String(300))
    preview_state: Mapped[str] = mapped_column(String(20), default="unsupported")
    preview_pages: Mapped[int | None]
    preview_reason: Mapped[str | None] = mapped_column(String(40))


class VersionText(Base):
    """The text that was extracted from a version; kept so that a rebuild of the index and snippets
    need not open the file again. Not counted against any tariff.

    `map` tells where its words stand, for a long text (see `search.text_map`). It stands before the text: to
    read it SQLite need not read that.
    """

    __tablename__ = "ecm_version_texts"

    version_id: Mapped[int] = mapped_column(
        ForeignKey("ecm_versions.id"), primary_key=True, autoincrement=False
    )
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    map: Mapped[bytes | None] = mapped_column(LargeBinary)
    text: Mapped[str] = mapped_column(Text)


class DocumentCard(Base):
    """A document stands on a card. The key begins with the card: a card's page reads it in order."""

    __tablename__ = "ecm_document_cards"

    card_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"), primary_key=True, autoincrement=False)
    document_id: Mapped[int] = mapped_column(
        ForeignKey("ecm_documents.id"), primary_key=True, autoincrement=False, index=True
    )
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    linked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_users.id"))
    linked_at: Mapped[datetime]


class IdempotentRequest(Base):
    """The version that a request with an idempotency key made; a repeated one is answered with it."""

    __tablename__ = "ecm_idempotent_requests"

    user_id: Mapped[int] = mapped_column(ForeignKey("ecm_users.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    fingerprint: Mapped[Sha256]
    document_id: Mapped[int] = mapped_column(ForeignKey("ecm_documents.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(index=True)
