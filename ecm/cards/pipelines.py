"""Pipelines and their stages: the ways that deals and leads move along."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from ecm import clock
from ecm.access import require_admin
from ecm.errors import InUse, Invalid, NotFound, Taken
from ecm.ids import parse_id
from ecm.models import Deal, Lead, Pipeline, Stage
from ecm.texts import clean_line

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

NAME_MOST_CHARS: Final = 100
CODE_MOST_CHARS: Final = 40
STAGES_MOST: Final = 50
OUTCOMES: Final = {"deal": ("won", "lost"), "lead": ("quality", "junk")}
"""How cards of a kind may end, as their final stages say."""


@dataclass(frozen=True, slots=True)
class NewStage:
    """A stage to be made. `code` is made of the name when it is left out."""

    name: str
    code: str | None = None
    outcome: str | None = None


DEFAULTS: Final = {
    "deal": ("sales", "Sales", (
        NewStage("New", "new"), NewStage("Offer", "offer"), NewStage("Negotiation", "negotiation"),
        NewStage("Contract", "contract"), NewStage("Won", "won", "won"), NewStage("Lost", "lost", "lost"),
    )),
    "lead": ("leads", "Leads", (
        NewStage("New", "new"), NewStage("Contacted", "contacted"),
        NewStage("Quality", "quality", "quality"), NewStage("Junk", "junk", "junk"),
    )),
}  # fmt: skip
"""What a new company begins with: by the kind of card, the code, name and stages of its pipeline."""


class Pipelines:
    """The company's pipelines, within a unit of work. Administrators change them."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add_defaults(self, company_id: int) -> None:
        """Give a new company the pipelines that it begins with."""
        for kind, (code, name, stages) in DEFAULTS.items():
            self._insert(company_id, kind, code, name, 0, stages)

    def list(self, kind: str, *, archived: bool = False) -> Sequence[Pipeline]:
        """The pipelines for deals or for leads, in their order; with `archived` those as well."""
        return [each for each in self._of(kind) if archived or each.archived_at is None]

    def get(self, id: int | str, *, kind: str | None = None) -> Pipeline:
        """A pipeline by its id, or with a `kind` by its code. NotFound."""
        for each in self._of(kind):
            if str(each.id) == str(id) or (kind is not None and each.code == id):
                return each
        raise NotFound("pipeline", id)

    def default(self, kind: str) -> Pipeline:
        """The first pipeline that takes new cards. NotFound when all are archived."""
        found = self.list(kind)
        if not found:
            raise NotFound("pipeline", "default")
        return found[0]

    def stage(self, pipeline: Pipeline, id: int | str) -> Stage:
        """A stage of a pipeline, by code or id. Invalid names those that there are."""
        for each in pipeline.stages:
            if each.code == id or str(each.id) == str(id):
                return each
        codes = ", ".join(each.code for each in pipeline.stages if each.archived_at is None)
        raise Invalid("stage", f"a stage of the pipeline {pipeline.code}: {codes}")

    def own_stage(self, stage: Stage) -> Stage:
        """A stage of the company as a row of this transaction. NotFound."""
        found = self._tx.session.get(Stage, parse_id("stage", stage.id))
        if found is None or found.company_id != self._tx.company_id:
            raise NotFound("stage", stage.id)
        return found

    def first_stage(self, pipeline: Pipeline) -> Stage:
        """The stage that new cards begin in unless told otherwise: not archived, not final."""
        for each in pipeline.stages:
            if each.archived_at is None and each.outcome is None:
                return each
        raise Invalid("pipeline", "a pipeline with a stage to begin in")

    def way(self, kind: str, pipeline: int | str | None, stage: str | None) -> Stage:
        """The stage that a new card begins in: of a pipeline (its code or id; the default one), by its code
        (the first). Invalid: no such pipeline or stage, one that is archived, or the one of conversions."""
        try:
            chosen = self.default(kind) if pipeline is None else self.get(pipeline, kind=kind)
        except NotFound:
            codes = ", ".join(each.code for each in self.list(kind))
            raise Invalid("pipeline", f"one of {codes}") from None
        if chosen.archived_at is not None:
            raise Invalid("pipeline", "a pipeline that is not archived")
        found = self.stage(chosen, stage) if stage is not None else self.first_stage(chosen)
        if found.archived_at is not None or found.outcome == "quality":
            raise Invalid("stage", "a stage that new cards can begin in")
        return found

    def add(self, kind: str, name: str, stages: Sequence[NewStage], *, code: str | None = None) -> Pipeline:
        """A new pipeline with its stages, in their order: some that are not final, then one at least for each
        way that such cards end. Invalid; Taken: the code is in use."""
        require_admin(self._tx.require_actor(), "adding a pipeline")
        if kind not in OUTCOMES:
            raise Invalid("kind", "one of " + ", ".join(OUTCOMES))
        stages = _clean_stages(kind, stages)
        name = _clean_name("name", name)
        code = _clean_code(code or make_code(name))
        existing = self._of(kind)
        if any(each.code == code for each in existing):
            raise Taken("code", code)
        position = 1 + max((each.position for each in existing), default=-1)
        try:
            with self._tx.session.begin_nested():
                pipeline = self._insert(self._tx.company_id, kind, code, name, position, stages)
        except IntegrityError:  # made by somebody else since we looked
            raise Taken("code", code) from None
        finally:
            self._forget()
        self._tx.audit.record("pipeline.added", "pipeline", pipeline.id, name=name, kind=kind)
        return pipeline

    def rename(self, pipeline: Pipeline, name: str) -> None:
        """Give a pipeline another name; its code stays."""
        require_admin(self._tx.require_actor(), "changing a pipeline")
        pipeline = self.get(pipeline.id)
        pipeline.name = _clean_name("name", name)
        self._record("pipeline.renamed", pipeline, name=pipeline.name)

    def archive(self, pipeline: Pipeline) -> None:
        """Take no new cards any more; those in it go on. Conflict: it is the last one of its kind."""
        require_admin(self._tx.require_actor(), "archiving a pipeline")
        pipeline = self.get(pipeline.id)
        if [pipeline.id] == [each.id for each in self.list(pipeline.card_kind)]:
            raise InUse("pipeline", pipeline.name, 1)
        pipeline.archived_at = pipeline.archived_at or clock.now()
        self._record("pipeline.archived", pipeline)

    def restore(self, pipeline: Pipeline) -> None:
        """Take new cards again. Idempotent."""
        require_admin(self._tx.require_actor(), "restoring a pipeline")
        pipeline = self.get(pipeline.id)
        pipeline.archived_at = None
        self._record("pipeline.restored", pipeline)

    def order(self, kind: str, pipelines: Sequence[int | str]) -> None:
        """Put the pipelines of a kind into an order, given by all their ids. Invalid."""
        require_admin(self._tx.require_actor(), "changing pipelines")
        found = {str(each.id): each for each in self._of(kind)}
        _put_in_order("pipelines", found, pipelines)
        self._tx.session.flush()
        self._tx.session.expire_all()
        self._forget()

    def add_stage(self, pipeline: Pipeline, stage: NewStage, *, before: Stage | None = None) -> Stage:
        """Add a stage, before another or, if it is not final, before the first final one. Invalid, also for a
        final stage before one that is not; Taken."""
        require_admin(self._tx.require_actor(), "changing a pipeline")
        pipeline = self.get(pipeline.id)
        stages = list(pipeline.stages)
        new = _clean_stage(pipeline.card_kind, stage)
        if len(stages) >= STAGES_MOST:
            raise Invalid("stages", f"{STAGES_MOST} at most")
        if any(each.code == new.code for each in stages):
            raise Taken("code", str(new.code))
        ends = (number for number, each in enumerate(stages) if each.outcome and not new.outcome)
        place = next(ends, len(stages))
        if before is not None:
            place = stages.index(self.stage(pipeline, before.id))
        outcomes = [each.outcome for each in stages]
        _check_order([*outcomes[:place], new.outcome, *outcomes[place:]])
        made = _stage(pipeline, new, place)
        try:
            with self._tx.session.begin_nested():
                self._tx.session.add(made)
        except IntegrityError:  # made by somebody else since we looked
            raise Taken("code", str(new.code)) from None
        stages.insert(place, made)
        for position, each in enumerate(stages):
            each.position = position
        self._record("stage.added", pipeline, stage=new.name)
        self._tx.session.refresh(pipeline, ["stages"])
        return made

    def rename_stage(self, stage: Stage, name: str) -> None:
        """Give a stage another name; its code stays."""
        require_admin(self._tx.require_actor(), "changing a pipeline")
        stage = self.own_stage(stage)
        stage.name = _clean_name("name", name)
        self._record("stage.renamed", stage.pipeline, stage=stage.name)

    def order_stages(self, pipeline: Pipeline, stages: Sequence[int | str]) -> None:
        """Put the stages into an order, given by all their ids; the final ones stay behind. Invalid."""
        require_admin(self._tx.require_actor(), "changing a pipeline")
        pipeline = self.get(pipeline.id)
        found = {str(each.id): each for each in pipeline.stages}
        _check_order([found[str(id)].outcome for id in stages if str(id) in found])
        _put_in_order("stages", found, stages)
        self._record("stages.ordered", pipeline)
        self._tx.session.refresh(pipeline, ["stages"])

    def archive_stage(self, stage: Stage) -> None:
        """Let no more cards come to a stage. InUse: cards stand in it, or it is the last of its kind."""
        require_admin(self._tx.require_actor(), "changing a pipeline")
        stage = self.own_stage(stage)
        model = Deal if stage.pipeline.card_kind == "deal" else Lead
        standing = self._tx.session.scalars(
            select(model.card_id)
            .where(
                model.company_id == stage.company_id, model.stage_id == stage.id, model.deleted_at.is_(None)
            )
            .limit(1001)
        ).all()
        others = [
            each
            for each in stage.pipeline.stages
            if each.id != stage.id and each.outcome == stage.outcome and each.archived_at is None
        ]
        if standing or not others:
            raise InUse("stage", stage.name, len(standing))
        stage.archived_at = clock.now()
        self._record("stage.archived", stage.pipeline, stage=stage.name)

    def restore_stage(self, stage: Stage) -> None:
        """Let cards come to an archived stage again. Idempotent."""
        require_admin(self._tx.require_actor(), "changing a pipeline")
        stage = self.own_stage(stage)
        if stage.archived_at is not None:
            stage.archived_at = None
            self._record("stage.restored", stage.pipeline, stage=stage.name)

    def _of(self, kind: str | None) -> Sequence[Pipeline]:
        return [each for each in self._all if kind is None or each.card_kind == kind]

    @cached_property
    def _all(self) -> Sequence[Pipeline]:
        """All pipelines of the company with their stages: read once in a unit of work."""
        query = select(Pipeline).where(Pipeline.company_id == self._tx.company_id)
        whole = query.options(selectinload(Pipeline.stages)).order_by(Pipeline.position, Pipeline.id)
        return self._tx.session.scalars(whole).all()

    def _forget(self) -> None:
        self.__dict__.pop("_all", None)

    def _insert(
        self, company_id: int, kind: str, code: str, name: str, position: int, stages: Sequence[NewStage]
    ) -> Pipeline:
        pipeline = Pipeline(company_id=company_id, card_kind=kind, code=code, name=name, position=position)
        self._tx.session.add(pipeline)
        self._tx.session.flush()
        self._tx.session.add_all(_stage(pipeline, each, number) for number, each in enumerate(stages))
        self._tx.session.flush()
        return pipeline

    def _record(self, action: str, pipeline: Pipeline, **facts: object) -> None:
        self._tx.session.flush()
        self._tx.audit.record(action, "pipeline", pipeline.id, **facts)
        self._forget()


def make_code(name: str) -> str:
    """A code made of a name: its letters and digits in lower case, joined by hyphens."""
    return re.sub(r"[\W_]+", "-", name.casefold()).strip("-")[:CODE_MOST_CHARS] or "x"


def _clean_name(field: str, name: str) -> str:
    cleaned = clean_line(field, name)
    if len(cleaned) > NAME_MOST_CHARS:
        raise Invalid(field, f"{NAME_MOST_CHARS} characters at most")
    return cleaned


def _clean_code(code: str) -> str:
    if not re.fullmatch(r"[\w-]{1,40}", code) or code.isdigit():
        raise Invalid("code", f"letters, digits and hyphens, {CODE_MOST_CHARS} at most, not digits alone")
    return code


def _clean_stage(kind: str, stage: NewStage) -> NewStage:
    if stage.outcome is not None and stage.outcome not in OUTCOMES[kind]:
        raise Invalid("outcome", "one of " + ", ".join(OUTCOMES[kind]))
    name = _clean_name("name", stage.name)
    return NewStage(name, _clean_code(stage.code or make_code(name)), stage.outcome)


def _clean_stages(kind: str, stages: Sequence[NewStage]) -> list[NewStage]:
    if len(stages) > STAGES_MOST:
        raise Invalid("stages", f"{STAGES_MOST} at most")
    cleaned = [_clean_stage(kind, stage) for stage in stages]
    codes = [stage.code for stage in cleaned]
    for code in codes:
        if codes.count(code) > 1:
            raise Taken("code", str(code))
    if {stage.outcome for stage in cleaned} != {None, *OUTCOMES[kind]}:
        raise Invalid("stages", "some that are not final, and one each that is " + ", ".join(OUTCOMES[kind]))
    _check_order([stage.outcome for stage in cleaned])
    return cleaned


def _check_order(outcomes: Sequence[str | None]) -> None:
    """Invalid: a stage that is not final comes after one that is."""
    are_final = [outcome is not None for outcome in outcomes]
    if are_final != sorted(are_final):
        raise Invalid("stages", "those that are not final before those that are")


def _stage(pipeline: Pipeline, new: NewStage, position: int) -> Stage:
    return Stage(
        company_id=pipeline.company_id,
        pipeline_id=pipeline.id,
        code=new.code,
        name=new.name,
        position=position,
        outcome=new.outcome,
    )


def _put_in_order(
    field: str, found: dict[str, Pipeline] | dict[str, Stage], ids: Sequence[int | str]
) -> None:
    wanted = [str(id) for id in ids]
    if sorted(wanted) != sorted(found):
        raise Invalid(field, "each id, once")
    for position, id in enumerate(wanted):
        found[id].position = position
