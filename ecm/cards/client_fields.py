"""The fields of contacts and organizations, as people and programs give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ecm.cards.countries import parse_country
from ecm.cards.tax_numbers import parse_tax_number
from ecm.cards.texts import clean_long, clean_short
from ecm.errors import Invalid
from ecm.models import Contact, Organization

ADDRESS_MOST_CHARS: Final = 1000
WEBSITE_MOST_CHARS: Final = 300

_ADDRESSES: Final = ("address", "postal_address")


def parse_client(
    card: Contact | Organization, given: Mapping[str, object], lines: Mapping[str, int]
) -> dict[str, Any]:
    """The values for the given fields of a card, by the names that `KINDS` has for them. `lines` are the
    fields of one line, and how many characters each takes. Invalid: a wrong value, or no such field.

    With another country, a tax number that stays has to be one there.
    """
    parsed: dict[str, Any] = {}
    country = parse_country(_text(given["country"])) if "country" in given else card.country
    for name, value in given.items():
        text = _text(value)
        if name in lines:
            parsed[name] = clean_long(name, " ".join(text.split()), lines[name])
        elif name in _ADDRESSES and hasattr(card, name):
            parsed[name] = clean_long(name, text, ADDRESS_MOST_CHARS)
        elif name == "country":
            parsed[name] = country
        elif name == "tax_number":
            parsed[name] = _parse_number(card, country, text)
        elif name == "website" and hasattr(card, name):
            parsed[name] = parse_website(text)
        elif name in ("owner_id", "team_id"):
            parsed[name.removesuffix("_id")] = text or None
        else:
            raise Invalid(name[:100], "no such field of the card")
    if country != card.country and "tax_number" not in given:
        parsed["tax_number"] = _parse_number(card, country, card.tax_number)
    return parsed


def parse_website(text: str | None) -> str | None:
    """The address of a site, which people write without its ``https://``; None for an empty one. Invalid."""
    line = clean_short("website", text, WEBSITE_MOST_CHARS)
    if line is None:
        return None
    address = line if "://" in line else f"https://{line}"
    scheme, _, rest = address.partition("://")
    host = rest.partition("/")[0]
    leads_somewhere = scheme.lower() in ("http", "https") and "." in host and address.isprintable()
    if not leads_somewhere or set(address) & set(" \"'<>\\") or len(address) > WEBSITE_MOST_CHARS:
        raise Invalid("website", "the address of a site, such as https://company.example")
    return address


def _parse_number(card: Contact | Organization, country: str, text: str | None) -> str | None:
    return parse_tax_number(country, text, of_person=isinstance(card, Contact))


def _text(value: object) -> str:
    return "" if value is None else str(value)
