"""Conditions that a list of cards is narrowed by, on any field: what programs write, and its SQL."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, not_, or_, select

from ecm.cards.anywhere import ANYWHERE, stands_anywhere
from ecm.cards.contact_points import parse_email, parse_phone
from ecm.cards.containing import key_contains, text_contains
from ecm.cards.kinds import CUSTOM, KINDS, CardField
from ecm.cards.money import parse_amount
from ecm.cards.sort_keys import sort_key
from ecm.cards.texts import parse_day
from ecm.errors import Invalid, NotFound
from ecm.ids import parse_id
from ecm.models import Base, Card, ContactPoint, Field, FieldValue, Pipeline, Stage

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

OPERATORS: Final = ("eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "empty", "filled")
CONDITIONS_MOST: Final = 20
IN_MOST: Final = 100
VALUE_MOST_CHARS: Final = 4000
ME: Final = "me"
"""The value that means whoever asks, for fields that are a user."""
_CARDS: Final = Base.metadata.tables[Card.__tablename__]
_COMPARED: Final[Mapping[str, Callable[[SQLColumnExpression[Any], Any], ColumnElement[bool]]]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "text": frozenset({"eq", "ne", "in", "contains"}),
    "number": frozenset({"eq", "ne", "in", *_COMPARED}),
    "id": frozenset({"eq", "ne", "in"}),
    "boolean": frozenset({"eq", "ne"}),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """That a field (own, ``fields.KEY``, or ``anywhere`` on the card) is so: an operator, and a value where
    it takes one. The values of ``in`` are separated by commas."""

    field: str
    operator: str
    value: str = ""

    @classmethod
    def parse(cls, text: str) -> Condition:
        """A condition as programs write it: ``amount:ge:1000``, ``owner:empty``. Invalid."""
        field, _, rest = text.partition(":")
        operator, _, value = rest.partition(":")
        return cls.of(field, operator, value)

    @classmethod
    def of(cls, field: str, operator: str, value: str = "") -> Condition:
        """A condition of these parts. Invalid: there is no such operator."""
        if operator not in OPERATORS:
            raise Invalid("filter", f"field:operator:value, with an operator of {', '.join(OPERATORS)}")
        if len(value) > VALUE_MOST_CHARS:
            raise Invalid("filter", f"{field[:100]}: a value of {VALUE_MOST_CHARS} characters at most")
        return cls(field, operator, value)


class Conditions:
    """Turns conditions on the cards of one kind into SQL, within a unit of work."""

    def __init__(self, tx: UnitOfWork, kind: str) -> None:
        self._tx = tx
        self._kind = KINDS[kind]

    def sql(self, conditions: Sequence[Condition]) -> list[ColumnElement[bool]]:
        """What the rows of the kind's model must fulfil. Invalid names the field that is not there, and the
        operator or value that does not suit it."""
        if len(conditions) > CONDITIONS_MOST:
            raise Invalid("filter", f"{CONDITIONS_MOST} conditions at most")
        return [self._sql_of(condition) for condition in conditions]

    def is_of_own_table(self, condition: Condition) -> bool:
        """Whether a condition is on what the kind adds to the table of all cards."""
        own = self._kind.field(condition.field)
        return own is not None and own.type not in ("phones", "emails") and own.attribute not in _CARDS.c

    def _sql_of(self, condition: Condition) -> ColumnElement[bool]:
        if condition.field == ANYWHERE:
            if condition.operator != "contains":
                raise _unsuited(condition)
            return stands_anywhere(self._tx, self._kind, condition.value)
        if condition.field.startswith(CUSTOM):
            return self._of_custom(condition)
        own = self._kind.field(condition.field)
        if own is None:
            raise Invalid("filter", f"{condition.field[:100]}: no such field of the kind {self._kind.name}")
        if own.type in ("phones", "emails"):
            return self._of_points(condition, own.type.removesuffix("s"))
        return self._of_own(condition, own)

    def _of_own(self, condition: Condition, own: CardField) -> ColumnElement[bool]:
        column: SQLColumnExpression[Any] = getattr(self._kind.model, own.attribute)
        if condition.operator in ("empty", "filled"):
            return column.is_(None) if condition.operator == "empty" else column.is_not(None)
        if own.name == "title":
            return self._of_key(condition, Card.title_key)
        match own.type:
            case "text" | "country" | "currency" | "outcome":
                return self._of_text(condition, column)
            case "money":
                return _compare(condition, column, "number", lambda text: parse_amount(text, "filter"))
            case "date":
                return _compare(condition, column, "number", _day)
            case "time":
                return _compare_time(condition, column)
        return _compare(condition, column, "id", lambda text: self._id(own.type, text))

    def _of_custom(self, condition: Condition) -> ColumnElement[bool]:
        field = find_custom(self._tx, self._kind.name, condition.field, "filter")
        there = exists().where(FieldValue.card_id == Card.id, FieldValue.field_id == field.id)
        if condition.operator in ("empty", "filled"):
            return there if condition.operator == "filled" else not_(there)
        if condition.operator == "ne":  # a card without a value is not equal to any
            return not_(there.where(self._of_value(replace(condition, operator="eq"), field)))
        # Not "exists": SQLite would go through the index of values once for each card.
        some = select(FieldValue.card_id).where(FieldValue.field_id == field.id)
        return Card.id.in_(some.where(self._of_value(condition, field)))

    def _of_value(self, condition: Condition, field: Field) -> ColumnElement[bool]:
        match field.type:
            case "text" | "link":
                return self._of_key(condition, FieldValue.text_key)
            case "number" | "money":
                return _compare(
                    condition, FieldValue.number, "number", lambda text: parse_amount(text, "filter")
                )
            case "boolean":
                return _compare(condition, FieldValue.number, "boolean", _truth)
            case "date":
                return _compare(condition, FieldValue.day, "number", _day)
            case "list":
                return _compare(condition, FieldValue.option_id, "id", lambda text: self._option(field, text))
            case "user":
                return _compare(condition, FieldValue.user_id, "id", lambda text: self._id("user", text))
        return _compare(condition, FieldValue.document_id, "id", lambda text: self._id("card", text))

    def _of_key(self, condition: Condition, column: SQLColumnExpression[Any]) -> ColumnElement[bool]:
        """On a column of sort keys: without regard to case."""
        if condition.operator == "contains":
            return key_contains(column, condition.value)
        return _compare(condition, column, "text", sort_key)

    def _of_text(self, condition: Condition, column: SQLColumnExpression[Any]) -> ColumnElement[bool]:
        if condition.operator == "contains":
            return text_contains(self._tx, column, condition.value)
        return _compare(condition, column, "text", str)

    def _of_points(self, condition: Condition, kind: str) -> ColumnElement[bool]:
        there = and_(ContactPoint.card_id == Card.id, ContactPoint.kind == kind)
        if condition.operator in ("empty", "filled"):
            found = exists().where(there)
            return found if condition.operator == "filled" else not_(found)
        if condition.operator not in ("eq", "contains"):
            raise _unsuited(condition)
        if condition.operator == "contains":
            text = condition.value.casefold()
            wanted = "".join(each for each in text if each.isdigit()) if kind == "phone" else text
            is_it = ContactPoint.normalized.contains(wanted or text, autoescape=True)
        else:
            normalized = (
                parse_phone(condition.value).e164 if kind == "phone" else parse_email(condition.value)
            )
            is_it = ContactPoint.normalized == normalized
        some = select(ContactPoint.card_id).where(
            ContactPoint.company_id == self._tx.company_id, ContactPoint.kind == kind, is_it
        )
        return Card.id.in_(some)

    def _id(self, type: str, text: str) -> int:
        if type == "user" and text == ME:
            return self._tx.require_actor().user_id
        if type == "pipeline":
            return self._pipeline(text).id
        if type == "stage" and not text.isdigit():
            pipeline, _, code = text.rpartition("/")
            return self._stage(self._pipeline(pipeline or None), code).id
        try:
            return parse_id(type, text)
        except NotFound:
            raise Invalid("filter", f"{text[:40]}: an id") from None

    def _pipeline(self, text: str | None) -> Pipeline:
        """A pipeline by its code or id, the first one unless told."""
        kind = self._kind.name
        try:
            return (
                self._tx.pipelines.default(kind) if text is None else self._tx.pipelines.get(text, kind=kind)
            )
        except NotFound:
            raise Invalid("filter", f"{(text or 'default')[:40]}: no such pipeline") from None

    def _stage(self, pipeline: Pipeline, code: str) -> Stage:
        for stage in pipeline.stages:
            if stage.code == code:
                return stage
        raise Invalid("filter", f"{code[:40]}: no such stage of the pipeline {pipeline.code}")

    def _option(self, field: Field, text: str) -> int:
        assert field.option_set_id is not None
        for option in self._tx.option_sets.options(field.option_set_id, archived=True):
            if text in (str(option.id), option.name):
                return option.id
        raise Invalid("filter", f"{text[:40]}: no such option of {field.name}")


def find_custom(tx: UnitOfWork, kind: str, name: str, given: str) -> Field:
    """The custom field of a name ``fields.KEY``, an archived one, too. Invalid, of what was `given`."""
    try:
        return tx.fields.by_key(kind, name.removeprefix(CUSTOM), archived=True)
    except NotFound:
        raise Invalid(given, f"{name[:100]}: no such field of the kind {kind}") from None


def _compare(
    condition: Condition, column: SQLColumnExpression[Any], values: str, parse: Callable[[str], Any]
) -> ColumnElement[bool]:
    """A comparison of a column with parsed values; "ne" takes empty ones in."""
    if condition.operator not in _ALLOWED[values]:
        raise _unsuited(condition)
    if condition.operator == "in":
        texts = [text.strip() for text in condition.value.split(",") if text.strip()]
        if not 1 <= len(texts) <= IN_MOST:
            raise Invalid("filter", f"{condition.field}: 1 to {IN_MOST} values, separated by commas")
        return column.in_([_some(condition, parse(text)) for text in texts])
    value = _some(condition, parse(condition.value))
    match condition.operator:
        case "eq":
            equal: ColumnElement[bool] = column == value
            return equal
        case "ne":
            return or_(column != value, column.is_(None))
    return _COMPARED[condition.operator](column, value)


def _compare_time(condition: Condition, column: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Times are compared by days, in UTC: from the beginning of one to its end."""
    day = _day(condition.value)
    if day == date.max:
        raise _unsuited(condition)
    begin = datetime.combine(day, time(), UTC)
    end = begin + timedelta(days=1)
    match condition.operator:
        case "eq":
            return and_(column >= begin, column < end)
        case "lt":
            return column < begin
        case "le":
            return column < end
        case "gt":
            return column >= end
        case "ge":
            return column >= begin
    raise _unsuited(condition)


def _some(condition: Condition, value: Any) -> Any:
    if value is None or value == "":
        raise Invalid("filter", f"{condition.field}:{condition.operator}: a value")
    return value


def _unsuited(condition: Condition) -> Invalid:
    return Invalid("filter", f"{condition.field}: {condition.operator} does not suit such a field")


def _day(text: str) -> date:
    day = parse_day("filter", text)
    if day is None:
        raise Invalid("filter", "a day such as 2026-01-31")
    return day


def _truth(text: str) -> Decimal:
    if text.casefold() not in ("true", "false", "1", "0"):
        raise Invalid("filter", "true or false")
    return Decimal(int(text.casefold() in ("true", "1")))
