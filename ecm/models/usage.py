"""Tariffs, and the counters that hold companies and users to them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base


class Tariff(Base):
    """A named rule on stored bytes. `scope` is ``company``, ``user`` or ``unlimited``."""

    __tablename__ = "ecm_tariffs"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    scope: Mapped[str] = mapped_column(String(20))
    limit_bytes: Mapped[int | None]


class CompanyUsage(Base):
    """What a company holds, with its tariff's rule beside it: one UPDATE of this row judges and reserves.

    `held_bytes` is every byte of every version, the trash and open intents. `scope` and `limit_bytes`
    repeat the tariff's; who edits a tariff rewrites them in the same transaction.
    """

    __tablename__ = "ecm_company_usage"

    company_id: Mapped[int] = mapped_column(
        ForeignKey("ecm_companies.id"), primary_key=True, autoincrement=False
    )
    tariff_code: Mapped[str] = mapped_column(ForeignKey("ecm_tariffs.code"), index=True)
    scope: Mapped[str] = mapped_column(String(20))
    limit_bytes: Mapped[int | None]
    held_bytes: Mapped[int] = mapped_column(default=0)


class UserUsage(Base):
    """What one user's uploads hold; counted under every tariff, judged under those of scope ``user``."""

    __tablename__ = "ecm_user_usage"

    user_id: Mapped[int] = mapped_column(ForeignKey("ecm_users.id"), primary_key=True, autoincrement=False)
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"), index=True)
    held_bytes: Mapped[int] = mapped_column(default=0)
