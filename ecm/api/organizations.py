"""Organizations, and the contacts who belong to them."""

from __future__ import annotations

from flask import Response

from ecm.api import duplicates, memberships, shown
from ecm.api.authentication import current_actor, library
from ecm.api.cards import Shapes, card_blueprint
from ecm.api.schemas import PageQuery
from ecm.api.schemas.card_parts import MembershipIn, MembershipOut, MembershipPage
from ecm.api.schemas.cards import OrganizationChange, OrganizationIn, OrganizationOut, OrganizationPage

blueprint = card_blueprint(
    "organization", Shapes(OrganizationIn, OrganizationChange, OrganizationOut, OrganizationPage)
)
duplicates.add_routes(blueprint, "organization")


@blueprint.get("/<id>/contacts")
@blueprint.input(PageQuery, location="query")
@blueprint.output(MembershipPage)
def list_contacts(id: str, query_data: dict[str, int]) -> Response:
    """The contacts who belong to an organization, the latest first."""
    with library().begin(current_actor()) as tx:
        found = tx.organizations.contacts(tx.organizations.get(id), **query_data)
        return shown.answer(shown.page(found, [memberships.show(each) for each in found]))


@blueprint.put("/<id>/contacts/<contact>")
@blueprint.input(MembershipIn)
@blueprint.output(MembershipOut)
def join(id: str, contact: str, json_data: dict[str, str | None]) -> Response:
    """Let a contact belong to an organization, in a role."""
    return memberships.join(contact, id, json_data)


@blueprint.delete("/<id>/contacts/<contact>")
@blueprint.output({}, status_code=204)
def leave(id: str, contact: str) -> Response:
    """Let a contact belong to an organization no more."""
    return memberships.leave(contact, id)
