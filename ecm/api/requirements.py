"""Required fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.schemas.setup import RequirementIn, RequirementList, RequirementQuery
from ecm.cards.pipelines import OUTCOMES
from ecm.errors import Invalid, NotFound
from ecm.models import Stage
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("requirements", __name__, url_prefix="/api/v1/requirements")


@blueprint.get("")
@blueprint.input(RequirementQuery, location="query")
@blueprint.output(RequirementList)
def list_requirements(query_data: dict[str, str]) -> Response:
    """All that is required of cards of a kind."""
    with library().begin(current_actor()) as tx:
        return _answer(tx, query_data["kind"])


@blueprint.put("")
@blueprint.input(RequirementIn)
@blueprint.output(RequirementList)
@blueprint.doc(responses=[403])
def require(json_data: dict[str, Any]) -> Response:
    """Require a field: always, or from a stage on. Cards that lack it are asked for it when they are changed
    or moved. For administrators."""
    with library().begin(current_actor()) as tx:
        tx.requirements.require(json_data["kind"], json_data["field"], _stage(tx, json_data))
        return _answer(tx, json_data["kind"])


@blueprint.delete("")
@blueprint.input(RequirementIn, location="query")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses=[403])
def release(query_data: dict[str, Any]) -> Response:
    """Require a field no more: always, or from a stage on. For administrators."""
    with library().begin(current_actor()) as tx:
        tx.requirements.release(query_data["kind"], query_data["field"], _stage(tx, query_data))
    return shown.nothing()


def _stage(tx: UnitOfWork, told: Mapping[str, Any]) -> Stage | None:
    """The stage that is meant; of the first pipeline unless told. Invalid."""
    kind, pipeline, stage = told["kind"], told["pipeline"], told["stage"]
    if stage is None:
        if pipeline is not None:
            raise Invalid("stage", "a stage of the pipeline")
        return None
    if kind not in OUTCOMES:
        raise Invalid("stage", f"nothing: cards of the kind {kind} have no stages")
    try:
        chosen = tx.pipelines.get(pipeline, kind=kind) if pipeline else tx.pipelines.default(kind)
    except NotFound:
        raise Invalid("pipeline", f"a pipeline for the kind {kind}") from None
    return tx.pipelines.stage(chosen, stage)


def _answer(tx: UnitOfWork, kind: str) -> Response:
    stages = {
        stage.id: (pipeline, stage)
        for pipeline in (tx.pipelines.list(kind, archived=True) if kind in OUTCOMES else ())
        for stage in pipeline.stages
    }
    items = []
    for each in tx.requirements.list(kind):
        pipeline, stage = (None, None) if each.stage_id is None else stages[each.stage_id]
        items.append(
            {
                "kind": each.card_kind,
                "field": each.field,
                "pipeline": pipeline.code if pipeline else None,
                "stage": stage.code if stage else None,
                "stage_name": stage.name if stage else None,
            }
        )
    return shown.answer({"items": items})
