"""What narrows a search, as links: the values of facets with their counts, and the filters that are on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext as _l

from ecm.finding import FacetOption, SearchPage
from ecm.models import Deal
from ecm.search.interface import Facet
from ecm.web import labels
from ecm.web.texts import gettext as _

FILTERS = ("kind", "format", "year", "by", "tag", "deal", "from", "to")
PARAMETERS = (*FILTERS, "sort")
TITLES = {
    "kind": _l("Kind"),
    "format": _l("Format"),
    "year": _l("Year"),
    "by": _l("Uploaded by"),
    "tag": _l("Tag"),
}
SHOWN = 6
"""Further values are folded."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that the search can be narrowed to: the address does it, or undoes it where it is on."""

    text: str
    count: int
    address: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class FacetList:
    """The values of one facet: those to be seen at once, and the others."""

    name: str
    title: str
    choices: list[Choice]

    @property
    def first(self) -> list[Choice]:
        """To be seen at once."""
        return self.choices[:SHOWN]

    @property
    def others(self) -> list[Choice]:
        """Behind "more"."""
        return self.choices[SHOWN:]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, in words, and the address without it."""

    text: str
    address: str


def of_page(found: SearchPage, values: Mapping[str, str]) -> list[FacetList]:
    """The facets of what was found that have something to choose."""
    lists = [_list(name, found, values[name]) for name in TITLES]
    return [each for each in lists if len(each.choices) > 1 or any(one.is_on for one in each.choices)]


def chips(found: SearchPage | None, values: Mapping[str, str], deal: Deal | None) -> list[Chip]:
    """The filters that are on."""
    return [
        Chip(_told(name, values[name], found, deal), address(**{name: ""}))
        for name in FILTERS
        if values[name]
    ]


def address(**changes: str) -> str:
    """The address of this search from its first page, with other values in place of these."""
    kept = {name: request.args.get(name, "").strip() for name in ("q", *PARAMETERS)}
    told: dict[str, Any] = {name: value for name, value in (kept | changes).items() if value}
    return url_for("pages.search.index", **told)


def _list(name: str, found: SearchPage, chosen: str) -> FacetList:
    options = found.facets.get(_facet(name), ())
    choices = [
        Choice(
            _word(name, option),
            option.count,
            address(**{name: "" if is_on else option.value}),
            is_on,
        )
        for option in options
        for is_on in [option.value.casefold() == chosen.casefold()]
    ]
    return FacetList(name, str(TITLES[name]), choices)


def _facet(name: str) -> Facet:
    facet: Facet = name  # type: ignore[assignment]  # TITLES has the names of the facets
    return facet


def _word(name: str, option: FacetOption) -> str:
    match name:
        case "kind":
            return labels.word(labels.KINDS, option.value)
        case "format":
            return option.value.upper()
        case "by":
            return option.name or option.value
    return option.value


def _told(name: str, value: str, found: SearchPage | None, deal: Deal | None) -> str:
    match name:
        case "from":
            return _("from %(day)s", day=value)
        case "to":
            return _("until %(day)s", day=value)
        case "deal":
            return deal.title if deal else value
    options = found.facets.get(_facet(name), ()) if found else ()
    option = next((each for each in options if each.value == value), FacetOption(value, 0))
    return f"{TITLES[name]}: {_word(name, option)}"
