"""Clients that are there already."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown, shown_cards
from ecm.api.authentication import current_actor, library
from ecm.api.schemas.card_parts import DuplicatesOut, DuplicatesQuery
from ecm.cards.countries import parse_country
from ecm.cards.kinds import Kind


def add_routes(blueprint: APIBlueprint, kind: Kind) -> None:
    """Let clients of a kind be looked for before another one is added."""

    @blueprint.get("/duplicates")
    @blueprint.input(DuplicatesQuery, location="query")
    @blueprint.output(DuplicatesOut)
    def duplicates(query_data: dict[str, Any]) -> Response:
        """Those that have one of these phones, one of these e-mails, or this tax number."""
        with library().begin(current_actor()) as tx:
            found = tx.duplicates.find(
                (kind,),
                phones=query_data["phone"],
                emails=query_data["email"],
                tax_number=query_data["tax_number"],
                country=parse_country(query_data["country"]),
            )
            return shown.answer({"items": [shown_cards.duplicate(each) for each in found]})
