"""Search."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.schemas import SearchOut, SearchQuery

blueprint = APIBlueprint("search", __name__, url_prefix="/api/v1")


@blueprint.get("/search")
@blueprint.input(SearchQuery, location="query")
@blueprint.output(SearchOut)
@blueprint.doc(responses={400: "The query cannot be understood; `position` is the place"})
def find(query_data: dict[str, Any]) -> Response:
    """Find documents by words, phrases, prefixes and fields. An empty query lists the newest."""
    app, actor = library(), current_actor()
    if query_data["deal"] is not None:
        with app.begin(actor) as tx:
            tx.deals.get(query_data["deal"])  # one that is not the company's is not found, as everywhere
    found = app.search(actor, **query_data)
    with app.begin(actor) as tx:
        names = shown.names_in(tx, [each.document for each in found])
    return shown.answer(shown.search(found, names))
