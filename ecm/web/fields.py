"""Custom fields, the options of lists, and what cards must have: for administrators."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from ecm.cards.kinds import CUSTOM, KINDS
from ecm.cards.requirements import NEVER_REQUIRED
from ecm.errors import Invalid, Taken
from ecm.models import Stage
from ecm.unit_of_work import UnitOfWork
from ecm.web import card_labels, labels, messages
from ecm.web.current import begin
from ecm.web.settings import STEPS, admit, changing, moved

pages = Blueprint("fields", __name__, url_prefix="/settings")
pages.before_request(admit)


def _kind() -> str:
    kind = request.values.get("kind", "deal")
    return kind if kind in KINDS else "deal"


@pages.get("/fields")
def index() -> str:
    """The custom fields of a kind of card, and what cards of it must have."""
    return _page(_kind(), {}, {})


@pages.post("/fields")
def add() -> BaseResponse:
    """Add a field to a kind of card."""
    form, kind = request.form, _kind()
    options = [line.strip() for line in form.get("options", "").splitlines() if line.strip()]
    is_list = form.get("type") == "list"
    try:
        with begin() as tx:
            shared = tx.option_sets.get(form["set"]) if is_list and form.get("set") else None
            tx.fields.add(
                kind,
                form.get("name", ""),
                form.get("type", ""),
                multiple=is_list and "multiple" in form,
                option_set=shared,
                options=options if is_list and shared is None else (),
                required="required" in form,
            )
    except (Invalid, Taken) as error:
        return make_response(_page(kind, form, {error.field: messages.of_error(error).text}), 422)
    flash(_("Saved."), "success")
    return redirect(url_for(".index", kind=kind))


@pages.post("/fields/<id>")
def change(id: str) -> BaseResponse:
    """Rename, move, archive or restore a field."""
    action = request.form.get("action", "rename")
    with begin() as tx:
        kind = tx.fields.get(id).card_kind
    with changing() as tx:
        field = tx.fields.get(id)
        if action in STEPS:
            order = [each.id for each in tx.fields.list(kind)]
            tx.fields.order(kind, moved(order, field.id, STEPS[action]))
        elif action == "archive":
            tx.fields.archive(field)
        elif action == "restore":
            tx.fields.restore(field)
        else:
            tx.fields.update(field, name=request.form.get("name", ""))
    return redirect(url_for(".index", kind=kind))


@pages.post("/requirements")
def require() -> BaseResponse:
    """Require a field always, or from a stage on; or no more."""
    kind, name = _kind(), request.form.get("field", "")
    with changing() as tx:
        stage = _stage(tx, kind, request.form.get("stage", ""))
        if request.form.get("action") == "release":
            tx.requirements.release(kind, name, stage)
        else:
            tx.requirements.require(kind, name, stage)
    return redirect(url_for(".index", kind=kind) + "#required")


@pages.get("/options")
def option_sets() -> str:
    """The sets of options that list fields share."""
    with begin() as tx:
        sets = tx.option_sets.list()
        tx.option_sets.load(each.id for each in sets)
        used = [(each, tx.option_sets.options(each), _users_of(tx, each.id)) for each in sets]
        return render_template("settings/option_sets.html", sets=used)


@pages.get("/options/<id>")
def option_set(id: str) -> str:
    """The options of a set."""
    with begin() as tx:
        found = tx.option_sets.get(id)
        return render_template(
            "settings/options.html",
            set=found,
            options=tx.option_sets.options(found, archived=True),
            users=_users_of(tx, found.id),
        )


@pages.post("/options/<id>")
def change_options(id: str) -> BaseResponse:
    """Rename a set, or add, rename, move, archive, restore or delete an option of it."""
    action, name = request.form.get("action", "rename"), request.form.get("name", "")
    with changing() as tx:
        found = tx.option_sets.get(id)
        if action == "name":
            tx.option_sets.rename(found, name)
        elif action == "add":
            tx.option_sets.add_option(found, name)
        else:
            _change_option(tx, id, action, name)
    return redirect(url_for(".option_set", id=id))


def _change_option(tx: UnitOfWork, set_id: str, action: str, name: str) -> None:
    option = tx.option_sets.get_option(request.form.get("option", ""))
    option_set = tx.option_sets.get(set_id)
    if action in STEPS:
        order = [each.id for each in tx.option_sets.options(option_set)]
        tx.option_sets.order(option_set, moved(order, option.id, STEPS[action]))
    elif action == "archive":
        tx.option_sets.archive_option(option)
    elif action == "restore":
        tx.option_sets.restore_option(option)
    elif action == "delete":
        tx.option_sets.delete_option(option)
    else:
        tx.option_sets.rename_option(option, name)


def _users_of(tx: UnitOfWork, set_id: int) -> list[str]:
    """The fields that take their options from a set, with the kinds of card that they are on."""
    return [
        f"{card_labels.KINDS[kind].one}: {field.name}"
        for kind in KINDS
        for field in tx.fields.list(kind)
        if field.option_set_id == set_id
    ]


def _stage(tx: UnitOfWork, kind: str, id: str) -> Stage | None:
    if not id:
        return None
    for pipeline in tx.pipelines.list(kind, archived=True):
        for stage in pipeline.stages:
            if str(stage.id) == id:
                return stage
    raise Invalid("stage", "a stage that is not archived")


def _page(kind: str, values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    with begin() as tx:
        fields = tx.fields.list(kind, archived=True)
        own = [each for each in KINDS[kind].fields if each.is_set and each.name not in NEVER_REQUIRED]
        names = {each.name: str(card_labels.FIELDS[each.name]) for each in own}
        names |= {CUSTOM + each.key: each.name for each in fields if each.archived_at is None}
        pipelines = tx.pipelines.list(kind) if kind in ("deal", "lead") else []
        stages = {
            stage.id: f"{labels.pipeline(pipeline)}: {labels.stage(stage)}"
            for pipeline in pipelines
            for stage in pipeline.stages
            if stage.archived_at is None and stage.outcome not in ("lost", "junk")
        }
        return render_template(
            "settings/fields.html",
            kind=kind,
            fields=fields,
            names=names,
            stages=stages,
            required=[
                (each.field, names.get(each.field, each.field), each.stage_id, stages.get(each.stage_id or 0))
                for each in tx.requirements.list(kind)
            ],
            types=card_labels.FIELD_TYPES,
            sets={str(each.id): each.name for each in tx.option_sets.list()},
            values=values,
            errors=errors,
        )
