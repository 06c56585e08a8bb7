"""What deals and leads have, which move through pipelines: stages, totals by them, products."""

from __future__ import annotations

from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown, shown_cards
from ecm.api.authentication import current_actor, library
from ecm.api.cards import told_conditions
from ecm.api.schemas.card_parts import ProductsIn, ProductsOut, StageHistory, TotalsOut
from ecm.api.schemas.cards import TotalsQuery
from ecm.errors import Invalid, NotFound
from ecm.models import Deal, Lead, Pipeline
from ecm.unit_of_work import UnitOfWork

MovingKind = Literal["deal", "lead"]


def add_routes(blueprint: APIBlueprint, kind: MovingKind) -> None:
    """Let the cards of a kind be seen in their stages, and have products."""

    @blueprint.get("/totals")
    @blueprint.input(TotalsQuery, location="query")
    @blueprint.output(TotalsOut)
    def totals(query_data: dict[str, Any]) -> Response:
        """How many stand in each stage of a pipeline, and the sums of their amounts."""
        with library().begin(current_actor()) as tx:
            pipeline = _pipeline(tx, kind, query_data.get("pipeline"))
            conditions, _ = told_conditions(tx, kind, query_data)
            sums = tx.lists.sum_by_stage(kind, pipeline, conditions)
            return shown.answer(shown_cards.totals(pipeline, sums))

    @blueprint.get("/<id>/stages")
    @blueprint.output(StageHistory)
    def history(id: str) -> Response:
        """All stages that it stood in, the latest first."""
        with library().begin(current_actor()) as tx:
            return shown.answer(shown_cards.history(tx, tx.stages.history(_get(tx, kind, id))))

    @blueprint.get("/<id>/products")
    @blueprint.output(ProductsOut)
    def products(id: str) -> Response:
        """What is sold, and what it comes to."""
        with library().begin(current_actor()) as tx:
            card = _get(tx, kind, id)
            return shown.answer(shown_cards.products(tx.products.of(card), card))

    @blueprint.put("/<id>/products")
    @blueprint.input(ProductsIn)
    @blueprint.output(ProductsOut)
    @blueprint.doc(responses=[409])
    def set_products(id: str, json_data: dict[str, Any]) -> Response:
        """Put these lines in the place of all that there are. The amount becomes their total."""
        with library().begin(current_actor()) as tx:
            card = _get(tx, kind, id)
            return shown.answer(shown_cards.products(tx.products.set(card, json_data["products"]), card))


def _get(tx: UnitOfWork, kind: MovingKind, id: str) -> Deal | Lead:
    return tx.deals.get(id) if kind == "deal" else tx.leads.get(id)


def _pipeline(tx: UnitOfWork, kind: MovingKind, told: str | None) -> Pipeline:
    if told is None:
        return tx.pipelines.default(kind)
    try:
        return tx.pipelines.get(told, kind=kind)
    except NotFound:
        codes = ", ".join(each.code for each in tx.pipelines.list(kind, archived=True))
        raise Invalid("pipeline", f"one of {codes}") from None
