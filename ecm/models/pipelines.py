"""Pipelines: the stages that deals and leads move through, and what they ask for on the way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ecm.models.metadata import Base, Id


class Pipeline(Base):
    """An ordered way of stages for cards of one kind, ``deal`` or ``lead``. Programs know it by its `code`;
    one that is archived takes no new cards."""

    __tablename__ = "ecm_pipelines"
    __table_args__ = (UniqueConstraint("company_id", "card_kind", "code"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    card_kind: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int]
    archived_at: Mapped[datetime | None]

    stages: Mapped[list[Stage]] = relationship(
        viewonly=True, order_by="Stage.position", back_populates="pipeline"
    )


class Stage(Base):
    """A step of a pipeline. A final one has an `outcome`: ``won`` or ``lost`` of a deal, ``quality`` (it was
    converted) or ``junk`` of a lead."""

    __tablename__ = "ecm_stages"
    __table_args__ = (UniqueConstraint("pipeline_id", "code"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("ecm_pipelines.id"))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int]
    outcome: Mapped[str | None] = mapped_column(String(20))
    archived_at: Mapped[datetime | None]

    pipeline: Mapped[Pipeline] = relationship(viewonly=True, back_populates="stages")


class Requirement(Base):
    """A field that cards of a kind must have: always, or from a stage of a pipeline on.

    `field` is a name of the kind's own, such as ``tax_number``, or ``fields.`` and a custom field's key.
    """

    __tablename__ = "ecm_requirements"
    __table_args__ = (
        UniqueConstraint("company_id", "card_kind", "field", "stage_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    card_kind: Mapped[str] = mapped_column(String(20))
    field: Mapped[str] = mapped_column(String(120))
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_stages.id"))


class StageMove(Base):
    """A card came to a stage: from which, when, by whom. It stayed until the next move's time."""

    __tablename__ = "ecm_stage_moves"
    __table_args__ = (Index("ix_ecm_stage_moves_card", "card_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(ForeignKey("ecm_companies.id"))
    card_id: Mapped[int] = mapped_column(ForeignKey("ecm_cards.id"))
    from_stage_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_stages.id"))
    to_stage_id: Mapped[int] = mapped_column(ForeignKey("ecm_stages.id"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("ecm_users.id"))
    at: Mapped[datetime]
