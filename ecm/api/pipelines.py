"""Pipelines and their stages."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.schemas.setup import (
    MovingQuery,
    NameIn,
    OrderIn,
    PipelineIn,
    PipelineList,
    PipelineOrderIn,
    PipelineOut,
    StageIn,
    StageOut,
)
from ecm.cards.pipelines import OUTCOMES, NewStage
from ecm.errors import Invalid, NotFound
from ecm.models import Pipeline, Stage
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("pipelines", __name__, url_prefix="/api/v1/pipelines")


@blueprint.get("")
@blueprint.input(MovingQuery, location="query")
@blueprint.output(PipelineList)
def list_pipelines(query_data: dict[str, Any]) -> Response:
    """The company's pipelines, in their order."""
    kinds = OUTCOMES if query_data["kind"] is None else (query_data["kind"],)
    with library().begin(current_actor()) as tx:
        found = [each for kind in kinds for each in tx.pipelines.list(kind, archived=query_data["archived"])]
        return shown.answer({"items": [_show(each) for each in found]})


@blueprint.post("")
@blueprint.input(PipelineIn)
@blueprint.output(PipelineOut, status_code=201)
@blueprint.doc(responses=[403, 409])
def add(json_data: dict[str, Any]) -> Response:
    """Add a pipeline. For administrators, as all changes of pipelines."""
    stages = [NewStage(**each) for each in json_data["stages"]]
    with library().begin(current_actor()) as tx:
        made = tx.pipelines.add(json_data["kind"], json_data["name"], stages, code=json_data["code"])
        location = {"Location": f"/api/v1/pipelines/{made.id}"}
        return shown.answer(_show(made), 201, location)


@blueprint.put("/order")
@blueprint.input(PipelineOrderIn)
@blueprint.output(PipelineList)
@blueprint.doc(responses=[403])
def order(json_data: dict[str, Any]) -> Response:
    """Put all pipelines for a kind of card into an order, archived ones too."""
    with library().begin(current_actor()) as tx:
        tx.pipelines.order(json_data["kind"], json_data["ids"])
        found = tx.pipelines.list(json_data["kind"], archived=True)
        return shown.answer({"items": [_show(each) for each in found]})


@blueprint.get("/<id>")
@blueprint.output(PipelineOut)
def get(id: str) -> Response:
    """One pipeline."""
    with library().begin(current_actor()) as tx:
        return shown.answer(_show(tx.pipelines.get(id)))


@blueprint.patch("/<id>")
@blueprint.input(NameIn)
@blueprint.output(PipelineOut)
@blueprint.doc(responses=[403])
def rename(id: str, json_data: dict[str, str]) -> Response:
    """Give a pipeline another name; its code stays."""
    with library().begin(current_actor()) as tx:
        pipeline = tx.pipelines.get(id)
        tx.pipelines.rename(pipeline, json_data["name"])
        return shown.answer(_show(pipeline))


@blueprint.post("/<id>/archive")
@blueprint.output(PipelineOut)
@blueprint.doc(responses=[403, 409])
def archive(id: str) -> Response:
    """Take no new cards any more; those in it go on. The last one of its kind: 409 `in_use`."""
    with library().begin(current_actor()) as tx:
        pipeline = tx.pipelines.get(id)
        tx.pipelines.archive(pipeline)
        return shown.answer(_show(pipeline))


@blueprint.post("/<id>/restore")
@blueprint.output(PipelineOut)
@blueprint.doc(responses=[403])
def restore(id: str) -> Response:
    """Take new cards again."""
    with library().begin(current_actor()) as tx:
        pipeline = tx.pipelines.get(id)
        tx.pipelines.restore(pipeline)
        return shown.answer(_show(pipeline))


@blueprint.post("/<id>/stages")
@blueprint.input(StageIn)
@blueprint.output(StageOut, status_code=201)
@blueprint.doc(responses=[403, 409])
def add_stage(id: str, json_data: dict[str, Any]) -> Response:
    """Add a stage to a pipeline."""
    before = json_data.pop("before")
    with library().begin(current_actor()) as tx:
        pipeline = tx.pipelines.get(id)
        place = None if before is None else tx.pipelines.stage(pipeline, before)
        made = tx.pipelines.add_stage(pipeline, NewStage(**json_data), before=place)
        return shown.answer(_show_stage(made), 201)


@blueprint.put("/<id>/stages/order")
@blueprint.input(OrderIn)
@blueprint.output(PipelineOut)
@blueprint.doc(responses=[403])
def order_stages(id: str, json_data: dict[str, Any]) -> Response:
    """Put all stages of a pipeline into an order, archived ones too."""
    with library().begin(current_actor()) as tx:
        pipeline = tx.pipelines.get(id)
        tx.pipelines.order_stages(pipeline, json_data["ids"])
        return shown.answer(_show(pipeline))


@blueprint.patch("/<id>/stages/<stage>")
@blueprint.input(NameIn)
@blueprint.output(StageOut)
@blueprint.doc(responses=[403])
def rename_stage(id: str, stage: str, json_data: dict[str, str]) -> Response:
    """Give a stage (its code or id) another name; its code stays."""
    with library().begin(current_actor()) as tx:
        found = _stage(tx, id, stage)
        tx.pipelines.rename_stage(found, json_data["name"])
        return shown.answer(_show_stage(found))


@blueprint.post("/<id>/stages/<stage>/archive")
@blueprint.output(StageOut)
@blueprint.doc(responses=[403, 409])
def archive_stage(id: str, stage: str) -> Response:
    """Let no more cards come to a stage. One with cards in it, or the last of its kind: 409 `in_use`."""
    with library().begin(current_actor()) as tx:
        found = _stage(tx, id, stage)
        tx.pipelines.archive_stage(found)
        return shown.answer(_show_stage(found))


@blueprint.post("/<id>/stages/<stage>/restore")
@blueprint.output(StageOut)
@blueprint.doc(responses=[403])
def restore_stage(id: str, stage: str) -> Response:
    """Let cards come to a stage again."""
    with library().begin(current_actor()) as tx:
        found = _stage(tx, id, stage)
        tx.pipelines.restore_stage(found)
        return shown.answer(_show_stage(found))


def _stage(tx: UnitOfWork, id: str, stage: str) -> Stage:
    pipeline = tx.pipelines.get(id)
    try:
        return tx.pipelines.stage(pipeline, stage)
    except Invalid:
        raise NotFound("stage", stage[:40]) from None


def _show(each: Pipeline) -> shown.Json:
    return {
        "id": str(each.id),
        "kind": each.card_kind,
        "code": each.code,
        "name": each.name,
        "archived_at": shown.time(each.archived_at),
        "stages": [_show_stage(stage) for stage in each.stages],
    }


def _show_stage(each: Stage) -> shown.Json:
    return {
        "id": str(each.id),
        "code": each.code,
        "name": each.name,
        "outcome": each.outcome,
        "archived_at": shown.time(each.archived_at),
    }
