"""Search: what is found, what is offered while a query is typed, and documents like one."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.schemas.search import (
    SearchOut,
    SearchQuery,
    SimilarOut,
    SimilarQuery,
    Suggestions,
    SuggestionsQuery,
)
from ecm.errors import Invalid
from ecm.finding import SearchPage
from ecm.search.interface import FACETS

blueprint = APIBlueprint("search", __name__, url_prefix="/api/v1")


@blueprint.get("/search")
@blueprint.input(SearchQuery, location="query")
@blueprint.output(SearchOut)
@blueprint.doc(responses={400: "The query cannot be understood; `position` is the place"})
def find(query_data: dict[str, Any]) -> Response:
    """Find documents by words, phrases, prefixes and fields. An empty query lists the newest."""
    app, actor = library(), current_actor()
    card, deal = query_data.pop("card"), query_data["deal"]
    if card is not None or deal is not None:
        if None not in (card, deal):
            raise Invalid("card", "a card or a deal, not both")
        with app.begin(actor) as tx:  # one that is not the company's is not found, as everywhere
            found_card = tx.deals.get(deal) if card is None else tx.cards.get(card)
        query_data["deal"] = str(found_card.id)
    has_facets = query_data.pop("facets")
    found = app.search(actor, **query_data, facets=FACETS if has_facets else ())
    return shown.answer(_shown(found))


@blueprint.get("/search/suggestions")
@blueprint.input(SuggestionsQuery, location="query")
@blueprint.output(Suggestions)
def suggest(query_data: dict[str, Any]) -> Response:
    """Offer documents by title, and the user's own recent searches, while a query is typed."""
    offered = library().suggest(current_actor(), query_data["q"])
    documents = [shown.duplicate(document) for document in offered.documents]
    return shown.answer({"documents": documents, "searches": list(offered.searches)})


@blueprint.delete("/search/recent")
@blueprint.output({}, status_code=204)
def forget() -> Response:
    """Forget the user's recent searches."""
    library().forget_searches(current_actor())
    return shown.nothing()


@blueprint.get("/documents/<id>/similar")
@blueprint.input(SimilarQuery, location="query")
@blueprint.output(SimilarOut)
@blueprint.doc(responses={404: "No such document"})
def similar(id: str, query_data: dict[str, Any]) -> Response:
    """The documents that share the most telling words with one, the most alike first."""
    app, actor = library(), current_actor()
    found = app.similar(actor, id, limit=query_data["limit"])
    with app.begin(actor) as tx:
        names = shown.names_in(tx, [each.document for each in found])
    items = [{"document": shown.document(each.document, names), "likeness": each.likeness} for each in found]
    return shown.answer({"items": items})


def _shown(found: SearchPage) -> shown.Json:
    body: shown.Json = {
        "items": [
            {
                "document": shown.document(each.document, found.names),
                "snippet": each.snippet,
                "score": each.score,
            }
            for each in found
        ],
        "total": found.total,
        "page": found.page,
        "per_page": found.per_page,
        "did_you_mean": found.did_you_mean,
        "indexed_up_to": shown.time(found.indexed_up_to),
        "pending": found.pending,
        "rebuilding": found.rebuilding,
    }
    if found.facets:
        body["facets"] = {
            facet: [
                {"value": each.value, "count": each.count} | ({"name": each.name} if facet == "by" else {})
                for each in values
            ]
            for facet, values in found.facets.items()
        }
    return body
