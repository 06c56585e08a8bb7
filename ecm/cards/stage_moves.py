"""Moving deals and leads between stages, and the history of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select
from sqlalchemy.orm.attributes import set_committed_value

from ecm import clock
from ecm.errors import Invalid
from ecm.models import Base, Deal, Lead, Stage, StageMove
from ecm.texts import clean_text

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

REASON_MOST_CHARS: Final = 1000
# A statement made once is cheaper than an object for the session to keep track of.
_ADD: Final = insert(Base.metadata.tables[StageMove.__tablename__])


@dataclass(frozen=True, slots=True)
class StageStay:
    """A card stood in a stage: since when, who put it there, and how long; until now where it stands."""

    stage: Stage
    since: datetime
    by_id: int | None
    lasted: timedelta
    is_current: bool


class StageMoves:
    """The ways of the company's deals and leads through their pipelines, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def move(self, card: Deal | Lead, stage: Stage | str, *, reason: str | None = None) -> None:
        """Bring a card to a stage of its pipeline, by the stage or its code.

        MissingFields lists everything that the stage asks for and the card lacks. A lost deal and a junk
        lead need a `reason`. Invalid: a stage of another pipeline, an archived one, or the one for converted
        leads, which only `Conversions.convert` sets. Nothing happens when the card stands there.
        """
        card = self._tx.cards.lock(card)
        self._tx.cards.require_writable(card)
        to = self._stage_of(card, stage)
        if to.id == card.stage_id:
            return
        if to.archived_at is not None:
            raise Invalid("stage", "a stage that is not archived")
        if to.outcome == "quality":
            raise Invalid("stage", "another stage: leads come to this one by being converted")
        told = self.reason(to, reason)
        self._tx.requirements.check(card.kind, to, self._tx.cards.values(card))
        self.enter(card, to, reason=told)

    def enter(self, card: Deal | Lead, to: Stage, *, reason: str | None = None) -> None:
        """Put a card that has all that is needed into a stage, and keep the move."""
        old, now = card.stage, clock.now()
        self._keep(card, old, to, now)
        card.stage_id, card.updated_at = to.id, now
        if isinstance(card, Deal):
            card.closed_at = now if to.outcome else None
            card.lost_reason = reason if to.outcome == "lost" else None
        else:
            card.junk_reason = reason if to.outcome == "junk" else None
        self._tx.session.flush()
        self._tx.session.refresh(card, ["stage"])
        facts = {"old": old.name, "new": to.name, "stage": to.code} | ({"reason": reason} if reason else {})
        self._tx.audit.record("stage.moved", card.kind, card.id, **facts)
        self._tx.timeline.add(card, "stage.moved", **facts)

    def begin(self, card: Deal | Lead) -> None:
        """Keep that a new card stands in its first stage, which may be a final one."""
        stage = self._tx.session.get_one(Stage, card.stage_id)
        set_committed_value(card, "stage", stage)  # whoever has the card may look at them later
        set_committed_value(card, "pipeline", stage.pipeline)
        if isinstance(card, Deal) and stage.outcome:
            card.closed_at = card.created_at
        self._keep(card, None, stage, card.created_at)

    def history(self, card: Deal | Lead) -> list[StageStay]:
        """All stages that a card stood in, the latest first."""
        query = (
            select(StageMove, Stage)
            .join(Stage, Stage.id == StageMove.to_stage_id)
            .where(StageMove.card_id == card.id, StageMove.company_id == self._tx.company_id)
            .order_by(StageMove.id.desc())
        )
        stays: list[StageStay] = []
        until = clock.now()
        for move, stage in self._tx.session.execute(query):
            stays.append(StageStay(stage, move.at, move.by_id, until - move.at, is_current=not stays))
            until = move.at
        return stays

    def _stage_of(self, card: Deal | Lead, stage: Stage | str) -> Stage:
        if isinstance(stage, str):
            return self._tx.pipelines.stage(card.pipeline, stage)
        if stage.pipeline_id != card.pipeline_id:
            raise Invalid("stage", "a stage of the card's own pipeline")
        return self._tx.pipelines.own_stage(stage)

    def reason(self, to: Stage, reason: str | None) -> str | None:
        """The reason to keep of a card that comes to a stage which needs one. Invalid: none is given."""
        if to.outcome not in ("lost", "junk"):
            return None
        return clean_text("reason", reason or "", REASON_MOST_CHARS)

    def _keep(self, card: Deal | Lead, old: Stage | None, new: Stage, at: datetime) -> None:
        row = {
            "company_id": card.company_id,
            "card_id": card.id,
            "from_stage_id": old.id if old else None,
            "to_stage_id": new.id,
            "by_id": self._tx.actor.user_id if self._tx.actor else None,
            "at": at,
        }
        self._tx.session.execute(_ADD, [row])
