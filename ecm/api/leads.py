"""Leads. What becomes of them stands in `conversions`."""

from __future__ import annotations

from ecm.api import stages
from ecm.api.cards import Shapes, card_blueprint
from ecm.api.schemas.cards import LeadChange, LeadIn, LeadOut, LeadPage

blueprint = card_blueprint("lead", Shapes(LeadIn, LeadChange, LeadOut, LeadPage))
stages.add_routes(blueprint, "lead")
