"""That contacts belong to organizations, from either side."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.cards.contacts import Member


def show(each: Member) -> shown.Json:
    """Who belongs to which organization, in which role."""
    return {
        "contact": shown.card(each.contact),
        "organization": shown.card(each.organization),
        "role": each.role,
    }


def join(contact: str, organization: str, told: Mapping[str, str | None]) -> Response:
    """Let a contact belong to an organization, in a role; one who does gets the role, where one is told."""
    with library().begin(current_actor()) as tx:
        person, firm = tx.contacts.get(contact), tx.organizations.get(organization)
        tx.contacts.join(person, firm, told.get("role"))
        roles = {each.organization.id: each.role for each in tx.contacts.organizations(person)}
        return shown.answer(show(Member(person, firm, roles.get(firm.id))))


def leave(contact: str, organization: str) -> Response:
    """Let a contact belong to an organization no more. Idempotent."""
    with library().begin(current_actor()) as tx:
        tx.contacts.leave(tx.contacts.get(contact), tx.organizations.get(organization))
    return shown.nothing()
