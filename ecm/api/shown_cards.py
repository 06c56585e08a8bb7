"""Answers: cards of each kind, and what belongs to them. Those of a page are read with as many statements as
one card is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ecm.api.shown import Json, Names, money, time
from ecm.api.shown import card as reference
from ecm.cards.duplicates import Duplicate
from ecm.cards.field_types import Money, Value
from ecm.cards.kinds import KINDS, CardField
from ecm.cards.lists import StageSum
from ecm.cards.products import Products
from ecm.cards.stage_moves import StageStay
from ecm.cards.timeline import TimelinePage
from ecm.models import Card, ContactPoint, Deal, Lead, Option, Pipeline, Stage, TimelineEntry
from ecm.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class _Around:
    """What cards point at, by id, and what they hold in other tables."""

    users: Names
    teams: Names
    cards: Mapping[int, Card]
    points: Mapping[int, Sequence[ContactPoint]]
    values: Mapping[int, Mapping[str, Value]]


def card(tx: UnitOfWork, each: Card) -> Json:
    """A card with all that it has."""
    return cards(tx, [each])[0]


def cards(tx: UnitOfWork, found: Sequence[Card]) -> list[Json]:
    """Cards of one kind, with all that they have."""
    if not found:
        return []
    fields = KINDS[found[0].kind].fields
    linked = [field for field in fields if field.type == "card"]
    ids = [each.id for each in found]
    is_reached = any(field.type == "phones" for field in fields)
    around = _Around(
        users=tx.users.names(each.owner_id for each in found),
        teams={team.id: team.name for team in tx.teams.list()} if any(each.team_id for each in found) else {},
        cards=tx.cards.many([getattr(each, field.attribute) for each in found for field in linked]),
        points=tx.contact_points.of(ids) if is_reached else {},
        values=tx.field_values.of(ids),
    )
    return [_card(each, fields, around) for each in found]


def custom_values(values: Mapping[str, Value]) -> Json:
    """Values of custom fields, by their keys."""
    return {key: _custom(value) for key, value in values.items()}


def plain(value: object) -> object:
    """A value of any field, as JSON has it."""
    match value:
        case Decimal():
            return money(value)
        case list():
            return [plain(each) for each in value]
        case None | bool() | str() | Mapping():
            return value
        case int():
            return str(value)
    return _custom(value)


def timeline(tx: UnitOfWork, found: TimelinePage) -> Json:
    """A piece of a timeline."""
    names = tx.users.names(each.user_id for each in found.items)
    return {
        "items": [entry(each, names) for each in found.items],
        "next_before": _id(found.next_before),
    }


def entry(each: TimelineEntry, names: Names) -> Json:
    """An entry of a timeline."""
    return {
        "id": str(each.id),
        "kind": each.kind,
        "at": time(each.at),
        **_user("user", each.user_id, names),
        "facts": each.facts,
        "origin": _id(each.origin_id),
    }


def history(tx: UnitOfWork, stays: Sequence[StageStay]) -> Json:
    """The stages that a card stood in."""
    names = tx.users.names(each.by_id for each in stays)
    items = [
        {
            **stage(each.stage),
            "since": time(each.since),
            "lasted_s": each.lasted.total_seconds(),
            **_user("by", each.by_id, names),
            "is_current": each.is_current,
        }
        for each in stays
    ]
    return {"items": items}


def stage(each: Stage) -> Json:
    """A stage, as something that stands in it is shown."""
    return {"stage": each.code, "stage_name": each.name, "stage_outcome": each.outcome}


def totals(pipeline: Pipeline, sums: Sequence[StageSum]) -> Json:
    """What stands in each stage of a pipeline; in archived ones only if anything does."""
    stages = []
    for each in pipeline.stages:
        own = [one for one in sums if one.stage_id == each.id]
        if own or each.archived_at is None:
            stages.append({**stage(each), **_sums(own)})
    return {"pipeline": pipeline.code, "pipeline_name": pipeline.name, "stages": stages, **_sums(sums)}


def products(found: Products, of: Deal | Lead) -> Json:
    """The product lines of a card, and their sums."""
    lines = [
        {
            "name": line.name,
            "quantity": _number(line.quantity),
            "unit": line.unit,
            "price": money(line.price),
            "discount_percent": _number(line.discount_percent),
            "tax_percent": _number(line.tax_percent),
            "amount": money(line.amount),
        }
        for line in found.lines
    ]
    sums = {name: money(getattr(found, name)) for name in ("discount", "net", "tax", "total")}
    return {"products": lines, "currency": of.currency, **sums}


def duplicate(each: Duplicate) -> Json:
    """A card that is there already, and all that it matches by."""
    matches = [{"by": match.by, "value": match.value} for match in each.matches]
    return {**reference(each.card), "by": each.by, "matches": matches}


def _card(each: Card, fields: Iterable[CardField], around: _Around) -> Json:
    shown: Json = {"id": str(each.id), "kind": each.kind}
    for field in fields:
        shown |= _own(each, field, around)
    if isinstance(each, Lead):
        shown["is_repeat"] = bool({each.contact_id, each.organization_id} & around.cards.keys())
    shown["fields"] = custom_values(around.values.get(each.id, {}))
    shown["external_ref"] = each.external_ref
    shown["external_url"] = each.external_url
    return shown


def _own(each: Card, field: CardField, around: _Around) -> Json:
    name = field.name
    if field.type in ("phones", "emails"):
        kind = field.type.removesuffix("s")
        return {name: [_point(one) for one in around.points.get(each.id, ()) if one.kind == kind]}
    if isinstance(each, Deal | Lead) and field.type == "stage":
        return stage(each.stage)
    if isinstance(each, Deal | Lead) and field.type == "pipeline":
        return {"pipeline": each.pipeline.code, "pipeline_name": each.pipeline.name}
    value: Any = getattr(each, field.attribute)
    match field.type:
        case "user":
            return _user(name, value, around.users)
        case "team":
            return _user(name, value, around.teams)
        case "card":
            other = around.cards.get(value)
            return {name: _id(value), f"{name}_title": other.title if other else None}
        case "money":
            return {name: money(value)}
        case "time":
            return {name: time(value)}
        case "date":
            return {name: value.isoformat() if value else None}
    return {name: value}


def _custom(value: object) -> object:
    match value:
        case bool() | str():
            return value
        case Decimal():
            return _number(value)
        case Money():
            return {"amount": money(value.amount), "currency": value.currency}
        case date():
            return value.isoformat()
        case Option():
            return {"id": str(value.id), "name": value.name}
        case tuple() | list():
            return [_custom(each) for each in value]
    return str(value)


def _point(each: ContactPoint) -> Json:
    return {
        "value": each.value,
        "normalized": each.normalized,
        "extension": each.extension,
        "label": each.label,
    }


def _sums(sums: Sequence[StageSum]) -> Json:
    """What stands in some stages, by currency."""
    by_currency: dict[str, tuple[int, Decimal]] = {}
    for each in sums:
        cards, amount = by_currency.get(each.currency, (0, Decimal(0)))
        by_currency[each.currency] = cards + each.cards, amount + each.amount
    shown = [
        {"currency": currency, "cards": cards, "amount": money(amount)}
        for currency, (cards, amount) in sorted(by_currency.items())
    ]
    return {"cards": sum(each.cards for each in sums), "sums": shown}


def _user(name: str, id: int | None, names: Names) -> Json:
    """An id, and what it is called."""
    return {name: _id(id), f"{name}_name": None if id is None else names.get(id)}


def _number(value: Decimal) -> str:
    """A number without the zeros at its end."""
    return f"{value.normalize():f}"


def _id(id: int | None) -> str | None:
    return None if id is None else str(id)
