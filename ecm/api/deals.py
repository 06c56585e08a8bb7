"""Deals."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.schemas import PageQuery
from ecm.api.schemas.deals import DealChange, DealDeletion, DealIn, DealOut, DealPage
from ecm.errors import Invalid
from ecm.models import Deal
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("deals", __name__, url_prefix="/api/v1")


@blueprint.get("/deals")
@blueprint.input(PageQuery, location="query")
@blueprint.output(DealPage)
def list_deals(query_data: dict[str, int]) -> Response:
    """The company's deals, the newest first."""
    with library().begin(current_actor()) as tx:
        found = tx.deals.list(**query_data)
        names = tx.users.names(deal.owner_id for deal in found)
    return shown.answer(shown.page(found, [shown.deal(deal, names) for deal in found]))


@blueprint.post("/deals")
@blueprint.input(DealIn)
@blueprint.output(DealOut, status_code=201)
def create(json_data: dict[str, Any]) -> Response:
    """Add a deal, owned by the caller unless told otherwise."""
    with library().begin(current_actor()) as tx:
        deal = tx.deals.add(**_told(json_data))
        return _answer(tx, deal, 201, {"Location": f"/api/v1/deals/{deal.id}"})


@blueprint.get("/deals/<id>")
@blueprint.output(DealOut)
def get(id: str) -> Response:
    """One deal."""
    with library().begin(current_actor()) as tx:
        return _answer(tx, tx.deals.get(id))


@blueprint.patch("/deals/<id>")
@blueprint.input(DealChange)
@blueprint.output(DealOut)
def change(id: str, json_data: dict[str, Any]) -> Response:
    """Change what is told, and leave the rest."""
    with library().begin(current_actor()) as tx:
        return _answer(tx, tx.deals.update(tx.deals.get(id), **_told(json_data)))


@blueprint.delete("/deals/<id>")
@blueprint.input(DealDeletion, location="query")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses=[409])
def delete(id: str, query_data: dict[str, str | None]) -> Response:
    """Delete a deal. One that has documents: 409 `has_documents`, or `?documents=trash`."""
    with library().begin(current_actor()) as tx:
        tx.cards.delete(tx.deals.get(id), trash_documents=query_data["documents"] == "trash")
    return shown.nothing()


def _told(data: dict[str, Any]) -> dict[str, Any]:
    """The body's fields as the domain calls them."""
    told = dict(data)
    if "owner" in told:
        told["owner_id"] = told.pop("owner")
    amount = told.get("amount")
    if amount is not None:
        if isinstance(amount, bool) or not isinstance(amount, str | int | float):
            raise Invalid("amount", "a decimal number such as 125000.00")
        told["amount"] = str(amount)
    return told


def _answer(tx: UnitOfWork, deal: Deal, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return shown.answer(shown.deal(deal, tx.users.names([deal.owner_id])), status, headers)
