"""Lists of cards: searched by title, narrowed by any field, sorted by any, with totals by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ecm.cards.anywhere import ANYWHERE
from ecm.cards.conditions import Condition
from ecm.cards.lists import NEWEST, StageSum
from ecm.errors import Invalid, NotFound
from ecm.models import Pipeline, Stage
from ecm.paging import Page
from ecm.unit_of_work import UnitOfWork
from ecm.web import messages
from ecm.web.addresses import page_number
from ecm.web.card_labels import FAMILIES, KINDS
from ecm.web.card_values import CardValues
from ecm.web.current import actor, begin
from ecm.web.filters import Filtering, address_of, asked_conditions, told

PER_PAGE = 25
COLUMNS = {
    "deal": ("amount", "stage", "organization", "contact", "owner", "expected_close", "created_at"),
    "lead": ("organization_name", "amount", "stage", "owner", "source", "created_at"),
    "contact": ("job_title", "phones", "emails", "owner", "created_at"),
    "organization": ("tax_number", "phones", "emails", "owner", "created_at"),
}
"""What lists show besides the title."""
EXTRA_MOST = 3


@dataclass(frozen=True, slots=True)
class StageTotal:
    """A stage with how many cards stand in it, and their sums by currency."""

    stage: Stage
    cards: int
    sums: tuple[StageSum, ...]


def family() -> str:
    """The family of pages that the request is for, such as ``deals``."""
    return (request.blueprint or "").rpartition(".")[2]


def kind_of_pages() -> str:
    """The kind of card that the request is about."""
    return FAMILIES[family()]


def index() -> BaseResponse:
    """The company's cards of a kind, newest first unless asked otherwise."""
    kind = kind_of_pages()
    try:
        conditions = asked_conditions()
    except Invalid as error:
        return _shown(kind, [], messages.of_error(error).text)
    if request.args.get("field") and request.args.get("operator"):
        return _try_new(kind, conditions)
    return _shown(kind, conditions)


def _try_new(kind: str, conditions: list[Condition]) -> BaseResponse:
    """Go to the list with one condition more, at an address that holds nothing of the form; or tell what is
    wrong with it, with what was typed."""
    try:
        with begin() as tx:
            tx.lists.find(kind, conditions, per_page=1)
    except (Invalid, NotFound) as error:
        return _shown(kind, conditions[:-1], messages.of_error(error).text)
    return redirect(_address([told(each) for each in conditions]))


def _address(filters: Sequence[str], **changes: object) -> str:
    kept = {name: request.args[name] for name in ("q", "sort", "pipeline") if request.args.get(name)}
    return url_for(f"pages.{family()}.index", **(kept | {"filter": list(filters)} | changes))  # type: ignore[arg-type]


def _shown(kind: str, conditions: Sequence[Condition], refusal: str = "") -> BaseResponse:
    try:
        with begin() as tx:
            page = _page(tx, kind, conditions, refusal)
    except (Invalid, NotFound) as error:
        if isinstance(error, NotFound) and error.facts.get("what") not in (None, "field"):
            raise
        with begin() as tx:
            page = _page(tx, kind, [], messages.of_error(error).text, plain=True)
        return make_response(page, 422)
    return make_response(page, 422 if refusal else 200)


def _page(
    tx: UnitOfWork, kind: str, conditions: Sequence[Condition], refusal: str, *, plain: bool = False
) -> str:
    sort = NEWEST if plain else request.args.get("sort") or NEWEST
    typed = "" if plain else request.args.get("q", "").strip()
    chosen = None if plain else _pipeline(tx, kind)
    searched = [*conditions, *([Condition(ANYWHERE, "contains", typed)] if typed else [])]
    narrowed = [*searched, *([Condition("pipeline", "eq", str(chosen.id))] if chosen else [])]
    cards: Page[Any] = tx.lists.find(kind, narrowed, sort=sort, page=page_number(), per_page=PER_PAGE)
    filtering = Filtering(tx, kind)
    pipelines = tx.pipelines.list(kind) if kind in ("deal", "lead") else []
    counted = chosen or (pipelines[0] if len(pipelines) == 1 else None)
    filters = [told(each) for each in conditions]
    return render_template(
        "cards/index.html",
        family=family(),
        kind=kind,
        words=KINDS[kind],
        cards=cards,
        values=CardValues(tx, kind, cards),
        columns=_columns(kind, filtering, sort, conditions),
        sort=sort,
        sorts=filtering.sorts(),
        filters=filters,
        chips=[
            (filtering.words(each), _address([*filters[:number], *filters[number + 1 :]]))
            for number, each in enumerate(conditions)
        ],
        filtering=filtering,
        field=filtering.field(request.args.get("field", "")),
        pipelines=pipelines,
        pipeline=chosen,
        totals=sum_stages(tx, kind, counted, searched) if counted else [],
        saved=[(each, address_of(family(), each)) for each in tx.saved_filters.list(kind)],
        typed=typed,
        refusal=refusal,
        address=_address,
        may_create=actor().may_create(kind),
        actor=actor(),
    )


def _pipeline(tx: UnitOfWork, kind: str) -> Pipeline | None:
    asked = request.args.get("pipeline")
    return tx.pipelines.get(asked, kind=kind) if asked and kind in ("deal", "lead") else None


def _columns(
    kind: str, filtering: Filtering, sort: str, conditions: Sequence[Condition]
) -> list[tuple[str, str]]:
    """The columns of the list: the usual ones, and those that it is sorted or narrowed by."""
    shown = [*COLUMNS[kind]]
    wanted = [sort.removeprefix("-"), *(each.field for each in conditions)]
    extra = [name for name in dict.fromkeys(wanted) if name not in (*shown, "title", "pipeline", "currency")]
    names = [name for name in (*shown, *extra[:EXTRA_MOST]) if name in filtering.names]
    return [(name, filtering.names[name]) for name in names]


def sum_stages(
    tx: UnitOfWork, kind: str, pipeline: Pipeline, conditions: Sequence[Condition] = ()
) -> list[StageTotal]:
    """The stages of a pipeline with what stands in them; archived ones only where something does."""
    sums = tx.lists.sum_by_stage(kind, pipeline, conditions)
    found = []
    for stage in pipeline.stages:
        mine = tuple(each for each in sums if each.stage_id == stage.id)
        if mine or stage.archived_at is None:
            filled = tuple(each for each in mine if each.amount)
            found.append(StageTotal(stage, sum(each.cards for each in mine), filled))
    return found
