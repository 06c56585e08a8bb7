"""The words for kinds of card, their fields, and the conditions that lists are narrowed by."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from ecm.cards.anywhere import ANYWHERE
from ecm.cards.kinds import CUSTOM
from ecm.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class KindWords:
    """What pages say of a kind of card."""

    one: LazyString
    many: LazyString
    new: LazyString
    create: LazyString
    edit: LazyString
    delete: LazyString
    delete_this: LazyString
    none: LazyString
    icon: str


KINDS = {
    "deal": KindWords(
        _l("Deal"),
        _l("Deals"),
        _l("New deal"),
        _l("Create deal"),
        _l("Edit the deal"),
        _l("Delete the deal"),
        _l("Delete the deal “%(title)s”?"),
        _l("There are no deals yet. Documents belong to deals: create the first one."),
        "folder2-open",
    ),
    "lead": KindWords(
        _l("Lead"),
        _l("Leads"),
        _l("New lead"),
        _l("Create lead"),
        _l("Edit the lead"),
        _l("Delete the lead"),
        _l("Delete the lead “%(title)s”?"),
        _l("There are no leads yet. A lead is somebody who may become a client: write the first one down."),
        "tag",
    ),
    "contact": KindWords(
        _l("Contact"),
        _l("Contacts"),
        _l("New contact"),
        _l("Create contact"),
        _l("Edit the contact"),
        _l("Delete the contact"),
        _l("Delete the contact “%(title)s”?"),
        _l("There are no contacts yet: add the first person."),
        "person",
    ),
    "organization": KindWords(
        _l("Organization"),
        _l("Organizations"),
        _l("New organization"),
        _l("Create organization"),
        _l("Edit the organization"),
        _l("Delete the organization"),
        _l("Delete the organization “%(title)s”?"),
        _l("There are no organizations yet: add the first firm."),
        "building",
    ),
}
FAMILIES = {"deals": "deal", "leads": "lead", "contacts": "contact", "organizations": "organization"}
"""The names of the families of pages, and the kind of card that each shows."""

FIELDS = {
    ANYWHERE: _l("Anywhere on the card"),
    "title": _l("Title"),
    "owner": _l("Owner"),
    "team": _l("Team"),
    "lead": _l("Came from the lead"),
    "created_at": _l("Created"),
    "updated_at": _l("Changed"),
    "last_name": _l("Last name"),
    "first_name": _l("First name"),
    "middle_name": _l("Middle name"),
    "job_title": _l("Job title"),
    "phones": _l("Phones"),
    "emails": _l("E-mails"),
    "country": _l("Country"),
    "tax_number": _l("Tax number"),
    "address": _l("Address"),
    "postal_address": _l("Postal address"),
    "amount": _l("Amount"),
    "currency": _l("Currency"),
    "pipeline": _l("Pipeline"),
    "stage": _l("Stage"),
    "contact": _l("Contact"),
    "organization": _l("Organization"),
    "organization_name": _l("Organization’s name"),
    "expected_close": _l("Expected close"),
    "source": _l("Source"),
    "lost_reason": _l("Why it was lost"),
    "junk_reason": _l("Why it is junk"),
    "closed_at": _l("Closed"),
    "converted_at": _l("Converted"),
    "full_name": _l("Full name"),
    "website": _l("Website"),
    "products": _l("Products"),
}
OPERATORS = {
    "eq": _l("is"),
    "ne": _l("is not"),
    "lt": _l("less than"),
    "le": _l("at most"),
    "gt": _l("more than"),
    "ge": _l("at least"),
    "in": _l("is one of"),
    "contains": _l("contains"),
    "empty": _l("is empty"),
    "filled": _l("is filled in"),
}
TIME_OPERATORS = {"lt": _l("before"), "le": _l("until"), "gt": _l("after"), "ge": _l("since")}
FIELD_TYPES = {
    "text": _l("Text"),
    "number": _l("Number"),
    "money": _l("Money"),
    "date": _l("Date"),
    "boolean": _l("Yes or no"),
    "list": _l("List"),
    "user": _l("Employee"),
    "link": _l("Link"),
    "file": _l("Document"),
}
OUTCOMES = {"won": _l("Won"), "lost": _l("Lost"), "quality": _l("Converted"), "junk": _l("Junk")}
MATCHES = {
    "tax_number": _l("same tax number"),
    "email": _l("same e-mail"),
    "phone": _l("same phone"),
}


def field_label(tx: UnitOfWork, kind: str, name: str) -> str:
    """What people call a field, own or custom; the name itself where there is none."""
    if name.startswith(CUSTOM):
        for field in tx.fields.list(kind, archived=True):
            if field.key == name.removeprefix(CUSTOM):
                return field.name
    return str(FIELDS.get(name, name))
