"""Clients that are there already: found by what they are reached at and pay taxes under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import CompoundSelect, Select, bindparam, literal, select, union_all

from ecm.cards.contact_points import GivenPoint
from ecm.cards.tax_numbers import parse_tax_number
from ecm.errors import Invalid
from ecm.models import Base, Card, Contact, ContactPoint, Lead, Organization

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

By = Literal["tax_number", "email", "phone"]

CLIENTS: Final = ("contact", "organization")
FOUND_MOST: Final = 100
"""So many cards are looked at for each way to match, should half a company share a number."""

_TAXED: Final[dict[str, type[Card]]] = {"contact": Contact, "organization": Organization, "lead": Lead}
_POINT_KINDS: Final[tuple[By, ...]] = ("email", "phone")
_STRENGTH: Final[tuple[By, ...]] = ("tax_number", *_POINT_KINDS)
_POINTS: Final = Base.metadata.tables[ContactPoint.__tablename__].c
_CARDS: Final = Base.metadata.tables[Card.__tablename__].c


@dataclass(frozen=True, slots=True)
class Match:
    """What two cards have in common: of which kind, and its value as it is compared."""

    by: By
    value: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A live card of the company, and all that it matches by, the strongest first."""

    card: Card
    matches: tuple[Match, ...]

    @property
    def by(self) -> By:
        """The strongest that it matches by: a tax number, then an e-mail, then a phone."""
        return self.matches[0].by


class Duplicates:
    """The duplicates among the company's cards, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def find(
        self,
        kinds: Sequence[str] = CLIENTS,
        *,
        phones: Sequence[GivenPoint] = (),
        emails: Sequence[GivenPoint] = (),
        tax_number: str | None = None,
        country: str = "UA",
        but_not: Card | None = None,
    ) -> tuple[Duplicate, ...]:
        """The live cards of these kinds that have one of these phones, whatever the extension, one of these
        e-mails or this tax number; the oldest first, and not the card that is asked about.

        Invalid: a value that no card could have, or a kind that has none of them.
        """
        points = self._tx.contact_points.parse(phones, emails, country=country)
        number = parse_tax_number(country, tax_number)
        return self._find(kinds, points, number, but_not)

    def of(self, card: Card, kinds: Sequence[str] = CLIENTS) -> tuple[Duplicate, ...]:
        """The duplicates of a card that is stored already, by what it has now."""
        points = self._tx.contact_points.of([card.id]).get(card.id, [])
        return self._find(kinds, points, getattr(card, "tax_number", None), card)

    def _find(
        self, kinds: Sequence[str], points: Sequence[ContactPoint], number: str | None, but_not: Card | None
    ) -> tuple[Duplicate, ...]:
        if not set(kinds) <= _TAXED.keys():
            raise Invalid("kinds", "any of " + ", ".join(_TAXED))
        values: dict[str, object] = {
            by: [each.normalized for each in points if each.kind == by] for by in _POINT_KINDS
        }
        ways = tuple(by for by in _POINT_KINDS if values[by])
        taxed = tuple(kinds) if number else ()
        if not ways and not taxed:
            return ()
        told = values | {"kinds": list(kinds), "tax_number": number, "of_company": self._tx.company_id}
        matches: dict[int, set[Match]] = {}
        for card_id, by, value in self._tx.session.execute(_matching(ways, taxed), told):
            if but_not is None or card_id != but_not.id:
                matches.setdefault(card_id, set()).add(Match(by, value))
        cards = self._tx.cards.many(tuple(matches))
        return tuple(Duplicate(cards[id], tuple(sorted(matches[id], key=_strength))) for id in sorted(cards))


@cache
def _matching(ways: tuple[By, ...], taxed: tuple[str, ...]) -> CompoundSelect[Any]:
    """The cards that match by some kinds of points, or by the tax numbers of some kinds of cards, and how.
    Each way is cut off by itself: an index gives its first rows without reading the others."""
    found = (*map(_by_points, ways), *(_by_tax_number(_TAXED[kind]) for kind in taxed))
    return union_all(*(select(each.limit(FOUND_MOST).subquery()) for each in found))


def _by_points(by: By) -> Select[Any]:
    return (
        select(_CARDS.id, literal(by).label("by"), _POINTS.normalized.label("value"))
        .select_from(_POINTS.id.table)
        .join(_CARDS.id.table, _CARDS.id == _POINTS.card_id)
        .where(
            _POINTS.company_id == bindparam("of_company"),
            _POINTS.kind == by,
            _POINTS.normalized.in_(bindparam(by, expanding=True)),
            _CARDS.kind.in_(bindparam("kinds", expanding=True)),
            _CARDS.deleted_at.is_(None),
        )
    )


def _by_tax_number(model: type[Card]) -> Select[Any]:
    own = Base.metadata.tables[model.__tablename__].c
    return (
        select(_CARDS.id, literal("tax_number").label("by"), own.tax_number.label("value"))
        .select_from(own.card_id.table)
        .join(_CARDS.id.table, _CARDS.id == own.card_id)
        .where(
            own.company_id == bindparam("of_company"),
            own.tax_number == bindparam("tax_number"),
            _CARDS.deleted_at.is_(None),
        )
    )


def _strength(match: Match) -> tuple[int, str]:
    return _STRENGTH.index(match.by), match.value
