"""Deals."""

from __future__ import annotations

from ecm.api import stages
from ecm.api.card_schemas import DealChange, DealIn, DealOut, DealPage
from ecm.api.cards import Shapes, card_blueprint

blueprint = card_blueprint("deal", Shapes(DealIn, DealChange, DealOut, DealPage))
stages.add_routes(blueprint, "deal")
