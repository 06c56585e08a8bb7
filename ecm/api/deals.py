"""Deals."""

from __future__ import annotations

from ecm.api import stages
from ecm.api.cards import Shapes, card_blueprint
from ecm.api.schemas.cards import DealChange, DealIn, DealOut, DealPage

blueprint = card_blueprint("deal", Shapes(DealIn, DealChange, DealOut, DealPage))
stages.add_routes(blueprint, "deal")
