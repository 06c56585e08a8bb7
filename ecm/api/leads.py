"""Leads. What becomes of them stands in `conversions`."""

from __future__ import annotations

from ecm.api import stages
from ecm.api.card_schemas import LeadChange, LeadIn, LeadOut, LeadPage
from ecm.api.cards import Shapes, card_blueprint

blueprint = card_blueprint("lead", Shapes(LeadIn, LeadChange, LeadOut, LeadPage))
stages.add_routes(blueprint, "lead")
