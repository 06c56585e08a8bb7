"""Organizations: the firms of a company's clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from ecm.cards.cards import DEFAULT_COUNTRY
from ecm.cards.client_fields import parse_client
from ecm.cards.contacts import Member
from ecm.models import Card, Contact, Membership, Organization
from ecm.paging import Page, paginate

if TYPE_CHECKING:
    from ecm.cards.contact_points import GivenPoint
    from ecm.unit_of_work import UnitOfWork

LINES: Final = {"full_name": 500}
"""The fields of one line, and how many characters each takes."""


class Organizations:
    """The organizations of the actor's company, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add(
        self,
        title: str,
        *,
        full_name: str | None = None,
        country: str = DEFAULT_COUNTRY,
        tax_number: str | None = None,
        address: str | None = None,
        postal_address: str | None = None,
        website: str | None = None,
        phones: Sequence[GivenPoint] = (),
        emails: Sequence[GivenPoint] = (),
        owner_id: int | str | None = None,
        team_id: int | str | None = None,
        fields: Mapping[str, object] | None = None,
    ) -> Organization:
        """A new organization, owned by the actor unless told otherwise. `title` is the name that people use,
        `full_name` the one in its papers. A person who trades has their own tax number.

        Invalid names the wrong value; MissingFields lists all that is required; Forbidden.
        """
        organization = Organization(country=DEFAULT_COUNTRY)
        given = {
            "full_name": full_name,
            "country": country,
            "tax_number": tax_number,
            "address": address,
            "postal_address": postal_address,
            "website": website,
        }
        for name, value in parse_client(organization, given, LINES).items():
            setattr(organization, name, value)
        return self._tx.cards.add(
            organization,
            title=title,
            owner_id=owner_id,
            team_id=team_id,
            phones=phones,
            emails=emails,
            fields=fields,
        )

    def get(self, id: int | str) -> Organization:
        """An organization by id. NotFound."""
        card = self._tx.cards.get(id, kind="organization")
        assert isinstance(card, Organization)
        return card

    def list(self, *, page: int = 1, per_page: int = 50) -> Page[Organization]:
        """The company's organizations, newest first."""
        query = (
            select(Organization)
            .where(
                Card.company_id == self._tx.company_id,
                Card.kind == "organization",
                Card.deleted_at.is_(None),
            )
            .order_by(Card.id.desc())
        )
        return paginate(self._tx.session, query, page, per_page)

    def update(
        self,
        organization: Organization,
        *,
        title: str | None = None,
        phones: Sequence[GivenPoint] | None = None,
        emails: Sequence[GivenPoint] | None = None,
        fields: Mapping[str, object] | None = None,
        **changes: object,
    ) -> Organization:
        """Change any of what `add` takes.

        Invalid names the wrong one; MissingFields; ManagedByApplication.
        """
        organization = self._tx.cards.own(organization)
        parsed = parse_client(organization, changes, LINES)
        if title is not None:
            parsed["title"] = title
        if parsed or fields or phones is not None or emails is not None:
            self._tx.cards.change(organization, parsed, phones=phones, emails=emails, fields=fields)
        return organization

    def contacts(self, organization: Organization, *, page: int = 1, per_page: int = 50) -> Page[Member]:
        """The contacts who belong to an organization, the latest first, with the role of each there."""
        query = (
            select(Contact)
            .join(Membership, Membership.contact_id == Card.id)
            .where(
                Membership.organization_id == organization.id,
                Membership.company_id == self._tx.company_id,
                Card.deleted_at.is_(None),
            )
            .order_by(Membership.contact_id.desc())
        )
        found = paginate(self._tx.session, query, page, per_page)
        roles = self._roles(organization, [contact.id for contact in found])
        members = [Member(contact, organization, roles.get(contact.id)) for contact in found]
        return Page(members, found.total, found.page, found.per_page, found.total_capped)

    def _roles(self, organization: Organization, contact_ids: Sequence[int]) -> dict[int, str | None]:
        query = select(Membership.contact_id, Membership.role).where(
            Membership.organization_id == organization.id, Membership.contact_id.in_(contact_ids)
        )
        return {each.contact_id: each.role for each in self._tx.session.execute(query)}
