"""Moving deals and leads through their stages: the page that asks for what is missing, and the board."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from ecm.cards.conditions import Condition
from ecm.errors import Conflict, EcmError, Invalid, MissingFields
from ecm.models import Deal, Lead, Stage
from ecm.unit_of_work import UnitOfWork
from ecm.web import labels
from ecm.web.addresses import local_address
from ecm.web.card_fields import Fields, FormField, Typed, errors_of, missing_words, read
from ecm.web.card_forms import room
from ecm.web.card_labels import KINDS
from ecm.web.card_lists import family, kind_of_pages, sum_stages
from ecm.web.card_values import CardValues, card_address
from ecm.web.current import actor, begin

REASONS = ("lost", "junk")
"""The outcomes that people say a reason for."""
PER_COLUMN = 50


def board() -> str:
    """The cards of a pipeline, a column for each stage."""
    kind = kind_of_pages()
    with begin() as tx:
        pipelines = tx.pipelines.list(kind)
        asked = request.args.get("pipeline")
        pipeline = tx.pipelines.get(asked, kind=kind) if asked else tx.pipelines.default(kind)
        totals = sum_stages(tx, kind, pipeline)
        columns = []
        for total in totals:
            standing = Condition("stage", "eq", str(total.stage.id))
            found = tx.lists.find(kind, [standing], per_page=PER_COLUMN).items if total.cards else []
            columns.append((total, found))
        shown = [card for _total, found in columns for card in found]
        return render_template(
            "cards/board.html",
            family=family(),
            kind=kind,
            words=KINDS[kind],
            pipelines=pipelines,
            pipeline=pipeline,
            columns=columns,
            values=CardValues(tx, kind, shown),
            may_create=actor().may_create(kind),
        )


def ask_move(id: str) -> BaseResponse | str:
    """What a card needs for a stage: the fields that are missing, the reason."""
    with begin() as tx:
        card = _card(tx, id)
        tx.cards.require_writable(card)
        stage = _stage(tx, card, request.args.get("stage", ""))
        fields, errors = _missing(tx, card, stage)
        values = Fields(tx, card.kind, card=card, stage=stage).values(fields)
        return _page(card, stage, fields, values, errors if request.args.get("refused") else {})


def move(id: str) -> BaseResponse:
    """Bring a card to a stage. A script is answered with the address of the page that asks for what is
    missing; others are shown that page."""
    by_script = request.form.get("by") == "script"
    try:
        with begin() as tx:
            card = _card(tx, id)
            stage = _stage(tx, card, request.form.get("stage", ""))
            fields = [each for each in _missing(tx, card, stage)[0] if each.name in request.form]
            told = read(tx, fields, request.form)
            room(tx, card.kind).update(card, stage=stage.code, reason=request.form.get("reason"), **told)
    except (Conflict, Invalid) as error:
        if isinstance(error, Conflict) and not isinstance(error, MissingFields) and not by_script:
            raise
        return _refused(id, error, by_script=by_script)
    if by_script:
        return make_response("", 204)
    flash(
        _("“%(title)s” is in the stage “%(stage)s” now.", title=card.title, stage=labels.stage(stage)),
        "success",
    )
    return redirect(local_address(request.form.get("back"), card_address(card)))


def _refused(id: str, error: EcmError, *, by_script: bool) -> BaseResponse:
    code, back = request.form.get("stage", ""), request.form.get("back")
    if by_script:
        address = url_for(f"pages.{family()}.ask_move", id=id, stage=code, back=back, refused="1")
        return make_response(jsonify(address=address), 409)
    with begin() as tx:
        card = _card(tx, id)
        stage = _stage(tx, card, code)
        fields, missing = _missing(tx, card, stage)
        asked = bool(set(request.form) & {"reason", *(each.name for each in fields)})
        errors = errors_of(error, fields)
        if isinstance(error, Invalid) and error.field == "reason":
            errors = {"reason": _("Say why.")} if asked else {}
        typed = MultiDict(request.form) if asked else Fields(tx, card.kind, card=card).values(fields)
        return make_response(_page(card, stage, fields, typed, missing | errors), 422)


def _card(tx: UnitOfWork, id: str) -> Deal | Lead:
    card = tx.cards.get(id, kind=kind_of_pages())
    assert isinstance(card, Deal | Lead)
    return card


def _stage(tx: UnitOfWork, card: Deal | Lead, code: str) -> Stage:
    return tx.pipelines.stage(card.pipeline, code)


def _missing(tx: UnitOfWork, card: Deal | Lead, stage: Stage) -> tuple[list[FormField], dict[str, str]]:
    """The fields that the card lacks for a stage, and what is said at each."""
    missing = tx.requirements.missing(card.kind, stage, tx.cards.values(card))
    fields = Fields(tx, card.kind, card=card, stage=stage).some(each.field for each in missing)
    return fields, {each.field: missing_words(each) for each in missing}


def _page(
    card: Deal | Lead, stage: Stage, fields: list[FormField], values: Typed, errors: dict[str, Any]
) -> str:
    return render_template(
        "cards/move.html",
        card=card,
        family=family(),
        stage=stage,
        fields=fields,
        values=values,
        errors=errors,
        asks_reason=stage.outcome in REASONS,
        back=local_address(request.values.get("back"), ""),
    )
