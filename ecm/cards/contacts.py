"""Contacts: the people of a company's clients, and the organizations that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from ecm.cards.cards import DEFAULT_COUNTRY
from ecm.cards.client_fields import parse_client
from ecm.cards.texts import clean_short
from ecm.database import insert_or
from ecm.errors import Invalid
from ecm.models import Card, Contact, Membership, Organization
from ecm.paging import Page, paginate
from ecm.texts import clean_title

if TYPE_CHECKING:
    from ecm.cards.contact_points import GivenPoint
    from ecm.unit_of_work import UnitOfWork

NAMES: Final = ("last_name", "first_name", "middle_name")
"""The names of a person, in the order that a full name has them."""
LINES: Final = {"last_name": 100, "first_name": 100, "middle_name": 100, "job_title": 200}
"""The fields of one line, and how many characters each takes."""
ROLE_MOST_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Member:
    """A contact who belongs to an organization, and the `role` there, where it is known."""

    contact: Contact
    organization: Organization
    role: str | None


class Contacts:
    """The contacts of the actor's company, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add(
        self,
        *,
        last_name: str | None = None,
        first_name: str | None = None,
        middle_name: str | None = None,
        job_title: str | None = None,
        country: str = DEFAULT_COUNTRY,
        tax_number: str | None = None,
        address: str | None = None,
        organizations: Sequence[int | str] = (),
        phones: Sequence[GivenPoint] = (),
        emails: Sequence[GivenPoint] = (),
        owner_id: int | str | None = None,
        team_id: int | str | None = None,
        fields: Mapping[str, object] | None = None,
    ) -> Contact:
        """A new contact with a last or a first name, owned by the actor unless told otherwise, who belongs
        to `organizations` (their ids). Its title is the full name.

        Invalid names the wrong value; MissingFields lists all that is required; Forbidden; NotFound.
        """
        contact = Contact(country=DEFAULT_COUNTRY)
        given = {
            "last_name": last_name,
            "first_name": first_name,
            "middle_name": middle_name,
            "job_title": job_title,
            "country": country,
            "tax_number": tax_number,
            "address": address,
        }
        for name, value in parse_client(contact, given, LINES).items():
            setattr(contact, name, value)
        firms = [self._tx.organizations.get(id) for id in organizations]
        self._tx.cards.add(
            contact,
            title=full_name(contact.last_name, contact.first_name, contact.middle_name),
            owner_id=owner_id,
            team_id=team_id,
            phones=phones,
            emails=emails,
            fields=fields,
        )
        for firm in firms:
            self.join(contact, firm)
        return contact

    def get(self, id: int | str) -> Contact:
        """A contact by id. NotFound."""
        card = self._tx.cards.get(id, kind="contact")
        assert isinstance(card, Contact)
        return card

    def list(self, *, page: int = 1, per_page: int = 50) -> Page[Contact]:
        """The company's contacts, newest first."""
        query = (
            select(Contact)
            .where(Card.company_id == self._tx.company_id, Card.kind == "contact", Card.deleted_at.is_(None))
            .order_by(Card.id.desc())
        )
        return paginate(self._tx.session, query, page, per_page)

    def update(
        self,
        contact: Contact,
        *,
        phones: Sequence[GivenPoint] | None = None,
        emails: Sequence[GivenPoint] | None = None,
        fields: Mapping[str, object] | None = None,
        **changes: object,
    ) -> Contact:
        """Change any of what `add` takes but the organizations; the title follows the names.

        Invalid names the wrong one; MissingFields; ManagedByApplication.
        """
        contact = self._tx.cards.own(contact)
        parsed = parse_client(contact, changes, LINES)
        if parsed.keys() & set(NAMES):
            parsed["title"] = full_name(*(parsed.get(name, getattr(contact, name)) for name in NAMES))
        if parsed or fields or phones is not None or emails is not None:
            self._tx.cards.change(contact, parsed, phones=phones, emails=emails, fields=fields)
        return contact

    def join(self, contact: Contact, organization: Organization, role: str | None = None) -> None:
        """Let a contact belong to an organization, in a `role`; one who belongs there already gets the role,
        where one is given. Also where an application manages the one or the other: this is between them."""
        contact, organization = self._tx.cards.own(contact), self._tx.cards.own(organization)
        cleaned = clean_short("role", role, ROLE_MOST_CHARS)
        values = {"contact_id": contact.id, "organization_id": organization.id, "role": cleaned}
        adding = insert_or(self._tx.session, Membership).values(company_id=self._tx.company_id, **values)
        added = adding.on_conflict_do_nothing().returning(Membership.contact_id)
        if self._tx.session.scalar(added) is None:
            membership = self._membership(contact, organization)
            if membership is None or cleaned in (None, membership.role):
                return
            membership.role = cleaned
            self._tell("membership.changed", contact, organization, cleaned)
            return
        self._tell("membership.added", contact, organization, cleaned)

    def leave(self, contact: Contact, organization: Organization) -> None:
        """Let a contact belong to an organization no more. Idempotent."""
        contact, organization = self._tx.cards.own(contact), self._tx.cards.own(organization)
        membership = self._membership(contact, organization)
        if membership is not None:
            self._tx.session.delete(membership)
            self._tell("membership.ended", contact, organization, membership.role)

    def organizations(self, contact: Contact) -> Sequence[Member]:
        """The organizations that a contact belongs to, by their titles, with the role in each."""
        query = (
            select(Organization, Membership.role)
            .join(Membership, Membership.organization_id == Card.id)
            .where(
                Membership.contact_id == contact.id,
                Membership.company_id == self._tx.company_id,
                Card.deleted_at.is_(None),
            )
            .order_by(Card.title_key, Card.id)
        )
        return [Member(contact, firm, role) for firm, role in self._tx.session.execute(query)]

    def _membership(self, contact: Contact, organization: Organization) -> Membership | None:
        return self._tx.session.get(Membership, (contact.id, organization.id))

    def _tell(self, kind: str, contact: Contact, organization: Organization, role: str | None) -> None:
        self._tx.session.flush()
        person = {"id": str(contact.id), "title": contact.title}
        firm = {"id": str(organization.id), "title": organization.title}
        self._tx.timeline.add(contact, kind, contact=person, organization=firm, role=role)
        self._tx.timeline.add(organization, kind, contact=person, organization=firm, role=role)
        self._tx.audit.record(kind, "contact", contact.id, organization=organization.title, role=role)


def full_name(last_name: str | None, first_name: str | None, middle_name: str | None) -> str:
    """A person's full name as papers have it: last, first, middle. Invalid: not one of the first two."""
    if not last_name and not first_name:
        raise Invalid("last_name", "some text")
    return clean_title(" ".join(name for name in (last_name, first_name, middle_name) if name))
