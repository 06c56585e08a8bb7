"""Pipelines and their stages, for administrators: names, order, outcomes, what is used no more."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from ecm.cards.pipelines import OUTCOMES, NewStage
from ecm.errors import Invalid, Taken
from ecm.models import Pipeline, Stage
from ecm.unit_of_work import UnitOfWork
from ecm.web import card_labels, messages
from ecm.web.current import begin
from ecm.web.settings import STEPS, admit, changing, moved

pages = Blueprint("pipelines", __name__, url_prefix="/settings")
pages.before_request(admit)


@pages.get("")
def home() -> BaseResponse:
    """The first of the settings."""
    return redirect(url_for(".index"))


@pages.get("/pipelines")
def index() -> str:
    """The pipelines of the company with their stages."""
    return _page({}, {})


@pages.post("/pipelines")
def add() -> BaseResponse:
    """Make a pipeline of a name and the names of its stages, one a line, and of those that end it."""
    kind = request.form.get("kind", "")
    if kind not in OUTCOMES:
        abort(400)
    names = [line.strip() for line in request.form.get("stages", "").splitlines() if line.strip()]
    ends = [NewStage(str(card_labels.OUTCOMES[outcome]), outcome, outcome) for outcome in OUTCOMES[kind]]
    try:
        with begin() as tx:
            tx.pipelines.add(kind, request.form.get("name", ""), [*map(NewStage, names), *ends])
    except (Invalid, Taken) as error:
        errors = {error.field: messages.of_error(error).text}
        return make_response(_page(request.form, errors), 422)
    flash(_("Saved."), "success")
    return redirect(url_for(".index"))


@pages.post("/pipelines/<id>")
def change(id: str) -> BaseResponse:
    """Rename, move, archive or restore a pipeline, or add a stage to it."""
    action = request.form.get("action", "rename")
    with changing() as tx:
        pipeline = tx.pipelines.get(id)
        if action in STEPS:
            others = [each.id for each in tx.pipelines.list(pipeline.card_kind, archived=True)]
            tx.pipelines.order(pipeline.card_kind, moved(others, pipeline.id, STEPS[action]))
        elif action == "archive":
            tx.pipelines.archive(pipeline)
        elif action == "restore":
            tx.pipelines.restore(pipeline)
        elif action == "add":
            outcome = request.form.get("outcome") or None
            tx.pipelines.add_stage(pipeline, NewStage(request.form.get("name", ""), outcome=outcome))
        else:
            tx.pipelines.rename(pipeline, request.form.get("name", ""))
    return redirect(url_for(".index") + f"#pipeline-{id}")


@pages.post("/pipelines/<id>/stages/<stage_id>")
def change_stage(id: str, stage_id: str) -> BaseResponse:
    """Rename, move, archive or restore a stage."""
    action = request.form.get("action", "rename")
    with changing() as tx:
        pipeline = tx.pipelines.get(id)
        stage = _stage(pipeline, stage_id)
        if action in STEPS:
            order = moved([each.id for each in pipeline.stages], stage.id, STEPS[action])
            tx.pipelines.order_stages(pipeline, order)
        elif action == "archive":
            tx.pipelines.archive_stage(stage)
        elif action == "restore":
            tx.pipelines.restore_stage(stage)
        else:
            tx.pipelines.rename_stage(stage, request.form.get("name", ""))
    return redirect(url_for(".index") + f"#pipeline-{id}")


def _stage(pipeline: Pipeline, id: str) -> Stage:
    found = next((each for each in pipeline.stages if str(each.id) == id), None)
    return found or abort(404)


def _page(values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    with begin() as tx:
        return render_template(
            "settings/pipelines.html",
            pipelines=[(kind, _all(tx, kind)) for kind in OUTCOMES],
            outcomes=OUTCOMES,
            outcome_words=card_labels.OUTCOMES,
            values=values,
            errors=errors,
        )


def _all(tx: UnitOfWork, kind: str) -> list[Pipeline]:
    return list(tx.pipelines.list(kind, archived=True))
