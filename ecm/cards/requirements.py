"""What cards must have: always, or from a stage of their pipeline on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from ecm.access import require_admin
from ecm.cards.kinds import CUSTOM, KINDS
from ecm.errors import Invalid, MissingField, MissingFields
from ecm.models import Requirement, Stage

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

NEVER_REQUIRED: Final = ("pipeline", "stage", "currency", "country")
"""Own fields that always have a value."""
ASKED_NO_MORE: Final = ("lost", "junk")
"""Outcomes that are reached without what the stages before them ask for."""


class Requirements:
    """The required fields of the company's kinds of card, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def list(self, kind: str) -> Sequence[Requirement]:
        """All that is required of cards of a kind."""
        return [each for each in self._all if each.card_kind == kind]

    def require(self, kind: str, field: str, stage: Stage | None = None) -> None:
        """Require a field of all cards of a kind: always, or from a stage on. Cards that lack it are asked
        for it when they are changed or moved. Idempotent. Invalid: no such field; NotFound: no such stage."""
        require_admin(self._tx.require_actor(), "requiring a field")
        self._check_field(kind, field)
        if stage is not None:
            stage = self._tx.pipelines.own_stage(stage)
        if stage is not None and stage.pipeline.card_kind != kind:
            raise Invalid("stage", f"a stage of a pipeline for the kind {kind}")
        wanted = (kind, field, stage.id if stage else None)
        if wanted not in {(each.card_kind, each.field, each.stage_id) for each in self._all}:
            made = Requirement(
                company_id=self._tx.company_id,
                card_kind=kind,
                field=field,
                stage_id=stage.id if stage else None,
            )
            try:
                with self._tx.session.begin_nested():
                    self._tx.session.add(made)
            except IntegrityError:  # required by somebody else since we looked
                self.__dict__.pop("_all", None)
                return
            self._changed("field.required", kind, field, stage)

    def release(self, kind: str, field: str, stage: Stage | None = None) -> None:
        """Require a field no more: always, or from a stage on. Idempotent. NotFound: no such stage."""
        require_admin(self._tx.require_actor(), "releasing a field")
        if stage is not None:
            stage = self._tx.pipelines.own_stage(stage)
        self._tx.session.execute(
            delete(Requirement).where(
                Requirement.company_id == self._tx.company_id,
                Requirement.card_kind == kind,
                Requirement.field == field,
                Requirement.stage_id.is_(None) if stage is None else Requirement.stage_id == stage.id,
            )
        )
        self._changed("field.released", kind, field, stage)

    def required(self, kind: str, stage: Stage | None) -> dict[str, str | None]:
        """The fields that a card of a kind must have in a stage, and for each the name of the stage that it
        is required from (None: always). A lost deal and a junk lead need only what is always required."""
        entered: dict[int, Stage] = {}
        if stage is not None and stage.outcome not in ASKED_NO_MORE:
            entered = {
                each.id: each
                for each in stage.pipeline.stages
                if each.position <= stage.position and (each.outcome is None or each.id == stage.id)
            }
        found: dict[str, str | None] = {}
        for each in self.list(kind):
            if each.stage_id is None:
                found[each.field] = None
            elif each.stage_id in entered:
                found.setdefault(each.field, entered[each.stage_id].name)
        return found

    def missing(
        self, kind: str, stage: Stage | None, values: Mapping[str, object]
    ) -> tuple[MissingField, ...]:
        """What a card of these values lacks in a stage. A value that is absent, None, an empty text or an
        empty list is missing; False and 0 are values."""
        required = self.required(kind, stage)
        return tuple(
            MissingField(kind, field, self._name(kind, field), from_stage)
            for field, from_stage in required.items()
            if _is_empty(values.get(field))
        )

    def check(self, kind: str, stage: Stage | None, values: Mapping[str, object]) -> None:
        """MissingFields lists all that a card of these values lacks in a stage."""
        if missing := self.missing(kind, stage, values):
            raise MissingFields(missing)

    @cached_property
    def _all(self) -> Sequence[Requirement]:
        query = select(Requirement).where(Requirement.company_id == self._tx.company_id)
        return self._tx.session.scalars(query.order_by(Requirement.id)).all()

    def _changed(self, action: str, kind: str, field: str, stage: Stage | None) -> None:
        self._tx.session.flush()
        self._tx.audit.record(
            action,
            "company",
            self._tx.company_id,
            kind=kind,
            field=field,
            stage=stage.name if stage else None,
        )
        self.__dict__.pop("_all", None)

    def _name(self, kind: str, field: str) -> str:
        if field.startswith(CUSTOM):
            return self._tx.fields.by_key(kind, field.removeprefix(CUSTOM)).name
        return field

    def _check_field(self, kind: str, field: str) -> None:
        if kind not in KINDS:
            raise Invalid("kind", "one of " + ", ".join(KINDS))
        if field.startswith(CUSTOM):
            self._tx.fields.by_key(kind, field.removeprefix(CUSTOM))
            return
        own = KINDS[kind].field(field)
        if own is None or not own.is_set or field in NEVER_REQUIRED:
            raise Invalid("field", f"a field of the kind {kind} that may be empty")


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | tuple | list) and not value)
