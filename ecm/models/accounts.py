"""Companies, their users, and the tokens that programs carry."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, Id, Sha256


class Company(Base):
    """The tenant. Everything below belongs to exactly one."""

    __tablename__ = "ecm_companies"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]


class User(Base):
    """An employee of one company. One who logs in has an e-mail, unique on the installation, and a
    password; one known to an embedding application has its `external_ref`. `may_not_create` names the kinds
    of card that a member may not make."""

    __tablename__ = "ecm_users"
    __table_args__ = (UniqueConstraint("company_id", "external_ref"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(String(300))
    external_ref: Mapped[str | None] = mapped_column(String(300))
    may_not_create: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class ApiToken(Base):
    """What a program shows instead of a password. Only its hash is kept."""

    __tablename__ = "ecm_api_tokens"

    token_sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("ecm_users.id"), index=True)
    created_at: Mapped[datetime]


class LoginFailures(Base):
    """Failed log-ins in a row, of one account or from one address."""

    __tablename__ = "ecm_login_failures"

    subject: Mapped[str] = mapped_column(String(400), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
