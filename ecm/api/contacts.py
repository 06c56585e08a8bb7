"""Contacts, and the organizations that they belong to."""

from __future__ import annotations

from flask import Response

from ecm.api import duplicates, memberships, shown
from ecm.api.authentication import current_actor, library
from ecm.api.cards import Shapes, card_blueprint
from ecm.api.schemas.card_parts import MembershipIn, MembershipList, MembershipOut
from ecm.api.schemas.cards import ContactChange, ContactIn, ContactOut, ContactPage

blueprint = card_blueprint("contact", Shapes(ContactIn, ContactChange, ContactOut, ContactPage))
duplicates.add_routes(blueprint, "contact")


@blueprint.get("/<id>/organizations")
@blueprint.output(MembershipList)
def list_organizations(id: str) -> Response:
    """The organizations that a contact belongs to, by their titles."""
    with library().begin(current_actor()) as tx:
        found = tx.contacts.organizations(tx.contacts.get(id))
        return shown.answer({"items": [memberships.show(each) for each in found]})


@blueprint.put("/<id>/organizations/<organization>")
@blueprint.input(MembershipIn)
@blueprint.output(MembershipOut)
def join(id: str, organization: str, json_data: dict[str, str | None]) -> Response:
    """Let a contact belong to an organization, in a role."""
    return memberships.join(id, organization, json_data)


@blueprint.delete("/<id>/organizations/<organization>")
@blueprint.output({}, status_code=204)
def leave(id: str, organization: str) -> Response:
    """Let a contact belong to an organization no more."""
    return memberships.leave(id, organization)
