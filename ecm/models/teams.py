"""Teams: employees who work on the same cards."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ecm.models.metadata import Base, Id


class Team(Base):
    """A team of a company, by a name that is its own."""

    __tablename__ = "ecm_teams"
    __table_args__ = (UniqueConstraint("company_id", "name"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    name: Mapped[str] = mapped_column(String(100))


class TeamMember(Base):
    """An employee is in a team."""

    __tablename__ = "ecm_team_members"

    team_id: Mapped[int] = mapped_column(ForeignKey("ecm_teams.id"), primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("ecm_users.id"), primary_key=True, autoincrement=False, index=True
    )
