"""The values of cards as people read them, in lists and on a card's page; of own and custom fields alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from flask import url_for
from flask_babel import get_locale
from markupsafe import Markup

from ecm.cards.field_types import Money, Value
from ecm.cards.kinds import CUSTOM, KINDS, CardField
from ecm.models import Card, ContactPoint, Deal, Field, Lead, Option
from ecm.unit_of_work import UnitOfWork
from ecm.web import formats, labels
from ecm.web.card_labels import FAMILIES
from ecm.web.texts import gettext as _

_PLURALS = {kind: family for family, kind in FAMILIES.items()}
_EMPTY = Markup("")


def card_address(card: Card, page: str = "show", **parts: Any) -> str:
    """The address of a page of a card's."""
    return url_for(f"pages.{_PLURALS[card.kind]}.{page}", id=card.id, **parts)


def list_address(kind: str) -> str:
    """The address of the list of a kind's cards."""
    return url_for(f"pages.{_PLURALS[kind]}.index")


def card_link(card: Card) -> Markup:
    """A link to a card, by its title."""
    return Markup('<a href="{}">{}</a>').format(card_address(card), card.title)


class CardValues:
    """What some cards of a kind hold, as people read it. Read in a constant number of statements."""

    def __init__(self, tx: UnitOfWork, kind: str, cards: Iterable[Card]) -> None:
        self._kind = KINDS[kind]
        self._cards = list(cards)
        ids = [card.id for card in self._cards]
        self._fields = {CUSTOM + field.key: field for field in tx.fields.list(kind, archived=True)}
        self._custom = tx.field_values.of(ids, archived=True)
        self._points: dict[int, list[ContactPoint]] = (
            tx.contact_points.of(ids) if self._kind.field("phones") else {}
        )
        self._linked = tx.cards.many([*self._pointed("card")])
        users = [*self._pointed("user"), *self._chosen("user")]
        self._users = tx.users.names(users)
        self._teams = {team.id: team.name for team in tx.teams.list()} if any(self._pointed("team")) else {}
        documents = list(self._chosen("file"))
        self._documents = tx.documents.many(documents) if documents else {}

    def of(self, card: Card, name: str) -> str | Markup:
        """What a card has in a field; nothing for an empty one."""
        if name.startswith(CUSTOM):
            value = self._custom[card.id].get(name.removeprefix(CUSTOM))
            return _EMPTY if value is None else self._words(self._fields[name], value)
        own = self._kind.field(name)
        assert own is not None, name
        if own.type in ("phones", "emails"):
            kind = own.type.removesuffix("s")
            found = (each for each in self._points.get(card.id, ()) if each.kind == kind)
            return Markup(", ").join(_point(each) for each in found)
        return self._own(card, own)

    def linked(self, id: int | None) -> Card | None:
        """A card that one of these points at."""
        return self._linked.get(id or 0)

    def _own(self, card: Card, own: CardField) -> str | Markup:
        value = getattr(card, own.attribute)
        if value is None or value == "":
            return _EMPTY
        match own.type:
            case "money":
                return formats.money(value, getattr(card, "currency", "UAH"))
            case "user":
                return self._users.get(value, "—")
            case "team":
                return self._teams.get(value, "—")
            case "card":
                found = self._linked.get(value)
                return card_link(found) if found else "—"
            case "stage":
                assert isinstance(card, Deal | Lead)
                return labels.stage(card.stage)
            case "pipeline":
                assert isinstance(card, Deal | Lead)
                return labels.pipeline(card.pipeline)
            case "country":
                return country_name(value)
        if own.name == "website":
            return _link(str(value))
        return plain(value)

    def _words(self, field: Field, value: Value) -> str | Markup:
        if field.type == "link":
            return _link(str(value))
        if field.type == "user" and isinstance(value, int):
            return self._users.get(value, "—")
        if field.type == "file" and isinstance(value, int):
            document = self._documents.get(value)
            if document is None:
                return "—"
            address = url_for("pages.documents.show", id=document.id)
            return Markup('<a href="{}">{}</a>').format(address, document.title)
        return plain(value)

    def _pointed(self, type: str) -> Sequence[int | None]:
        names = [each.attribute for each in self._kind.fields if each.type == type]
        return [getattr(card, name) for card in self._cards for name in names if getattr(card, name)]

    def _chosen(self, type: str) -> Iterable[int]:
        keys = [field.key for field in self._fields.values() if field.type == type]
        for values in self._custom.values():
            for key in keys:
                value = values.get(key)
                if isinstance(value, int):
                    yield value


def plain(value: object) -> str | Markup:
    """A value that points at nothing else, in words."""
    match value:
        case bool():
            return _("Yes") if value else _("No")
        case Option():
            return value.name
        case tuple():
            return ", ".join(str(getattr(each, "name", each)) for each in value)
        case Money():
            return formats.money(value.amount, value.currency)
        case Decimal():
            return formats.decimal(value)
        case datetime():
            return formats.moment(value)
        case date():
            return format_date(value, "medium", locale=get_locale())
    return str(value)


def country_name(code: str) -> str:
    """A country's name in the reader's language."""
    locale = get_locale()
    return str(locale.territories.get(code, code)) if locale else code


def _point(point: ContactPoint) -> Markup:
    scheme = "tel" if point.kind == "phone" else "mailto"
    link = Markup('<a href="{}:{}">{}</a>').format(scheme, point.normalized, point.value)
    return (
        link + Markup(' <span class="text-secondary">({})</span>').format(point.label)
        if point.label
        else link
    )


def _link(address: str) -> Markup:
    shown = address.removeprefix("https://").removeprefix("http://").rstrip("/")
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(address, shown)
