"""What may stand in custom fields: the values of each type, read from JSON, forms and tables alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from ecm.cards.kinds import CUSTOM
from ecm.cards.money import parse_currency, parse_number
from ecm.errors import Invalid
from ecm.models import Field, Option
from ecm.texts import clean_text

TEXT_MOST_CHARS: Final = 4000
LINK_MOST_CHARS: Final = 2000
DEFAULT_CURRENCY: Final = "UAH"

_TRUE: Final = frozenset({"true", "1", "yes", "on", "так"})
_FALSE: Final = frozenset({"false", "0", "no", "off", "ні"})
_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ].*)?", re.ASCII)
_DAY_BY_POINTS: Final = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency, which has three letters."""

    amount: Decimal
    currency: str


Value: TypeAlias = str | Decimal | Money | date | bool | Option | int | tuple[Option, ...]
"""By a field's type: text and link are str, number Decimal, money Money, date date, boolean bool, a list an
Option or (several) a tuple of them, user and file are the id of a user or a document."""


@dataclass(frozen=True, slots=True)
class ParsedValue:
    """A value that a field can take. None clears it."""

    field: Field
    value: Value | None


@dataclass(frozen=True, slots=True)
class Cell:
    """The typed columns of one row of `FieldValue`."""

    text: str | None = None
    number: Decimal | None = None
    currency: str | None = None
    day: date | None = None
    option_id: int | None = None
    user_id: int | None = None
    document_id: int | None = None


def name_of(field: Field) -> str:
    """What errors, requirements and filters call a field: ``fields.KEY``."""
    return CUSTOM + field.key


def is_empty(given: object) -> bool:
    """Whether what is given clears a field: nothing, spaces, or a list of nothing."""
    if isinstance(given, list | tuple | set | frozenset):
        return all(is_empty(each) for each in given)
    return given is None or (isinstance(given, str) and not given.strip())


def only_one(field: Field, given: object) -> object:
    """What is given, out of a list where it stands alone in one. Invalid."""
    if not isinstance(given, list | tuple | set | frozenset):
        return given
    some = [each for each in given if not is_empty(each)]
    if len(some) != 1:
        raise Invalid(name_of(field), "one value, not several")
    return some[0]


def parse_plain(field: Field, given: object) -> Value:
    """A value, not empty, of a field whose type points at nothing else: a text, number, amount of money,
    date, boolean or link. Invalid."""
    where = name_of(field)
    match field.type:
        case "text":
            return _parse_text(where, given)
        case "number":
            return parse_number(where, given)
        case "money":
            return _parse_money(where, given)
        case "date":
            return _parse_date(where, given)
        case "boolean":
            return _parse_boolean(where, given)
        case "link":
            return _parse_link(where, given)
    raise AssertionError(field.type)


def cells(value: Value | None, type: str) -> tuple[Cell, ...]:
    """The rows that a value of a field's type stands in."""
    match value:
        case None:
            return ()
        case bool():
            return (Cell(number=Decimal(value)),)
        case str():
            return (Cell(text=value),)
        case Decimal():
            return (Cell(number=value),)
        case Money(amount, currency):
            return (Cell(number=amount, currency=currency),)
        case date():
            return (Cell(day=value),)
        case Option():
            return (Cell(option_id=value.id),)
        case tuple():
            return tuple(Cell(option_id=option.id) for option in value)
        case int():
            return (Cell(user_id=value),) if type == "user" else (Cell(document_id=value),)


def value_of(field: Field, rows: list[Cell], options: dict[int, Option]) -> Value:
    """The value that stands in the rows of a field: the way back from `cells`."""
    first = rows[0]
    found: Value | None
    match field.type:
        case "text" | "link":
            found = first.text
        case "number":
            found = first.number
        case "money":
            found = None if first.number is None else Money(first.number, first.currency or DEFAULT_CURRENCY)
        case "date":
            found = first.day
        case "boolean":
            found = bool(first.number)
        case "list":
            chosen = tuple(options[row.option_id] for row in rows if row.option_id is not None)
            found = chosen if field.is_multiple else chosen[0]
        case "user":
            found = first.user_id
        case _:
            found = first.document_id
    assert found is not None, f"an empty value in field {field.id}"
    return found


def words(field: Field, value: Value | None, names: dict[tuple[str, int], str]) -> str | None:
    """A value as the trail and timelines tell it. `names` are those of users and documents, by the type of
    the field and the id."""
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case Decimal():
            return f"{value.normalize():f}"
        case Money(amount, currency):
            return f"{amount} {currency}"
        case date():
            return value.isoformat()
        case Option():
            return value.name
        case tuple():
            return ", ".join(option.name for option in value)
        case int():
            return names.get((field.type, value), str(value))


def pieces(text: str) -> Iterator[str]:
    """The names in one cell of a table: apart by semicolons or lines, else by commas."""
    between = r"[;\n]" if re.search(r"[;\n]", text) else ","
    return (piece.strip() for piece in re.split(between, text) if piece.strip())


def _parse_text(where: str, given: object) -> str:
    if isinstance(given, float) and given.is_integer():
        given = int(given)  # a table's cell of the number 42
    if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal):
        raise Invalid(where, "some text")
    return clean_text(where, str(given), TEXT_MOST_CHARS)


def _parse_money(where: str, given: object) -> Money:
    amount: object = given
    currency: object = DEFAULT_CURRENCY
    if isinstance(given, Money):
        amount, currency = given.amount, given.currency
    elif isinstance(given, Mapping):
        amount, currency = given.get("amount"), given.get("currency") or DEFAULT_CURRENCY
    elif isinstance(given, str) and (
        found := re.fullmatch(r"(.*\d)\s*([A-Za-z]{3})", given.strip(), re.ASCII)
    ):
        amount, currency = found.groups()
    return Money(parse_number(where, amount), parse_currency(str(currency), where))


def _parse_date(where: str, given: object) -> date:
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    text = given.strip() if isinstance(given, str) else ""
    try:
        if found := _DAY.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DAY_BY_POINTS.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:  # there is no such day
        raise Invalid(where, "a day such as 2026-01-31") from None
    raise Invalid(where, "a day such as 2026-01-31")


def _parse_boolean(where: str, given: object) -> bool:
    if isinstance(given, bool | int | float | Decimal | str):
        text = str(given).strip().casefold()
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
    raise Invalid(where, "true or false")


def _parse_link(where: str, given: object) -> str:
    text = given.strip() if isinstance(given, str) else ""
    if len(text) > LINK_MOST_CHARS:
        raise Invalid(where, f"{LINK_MOST_CHARS} characters at most")
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # brackets or a port that are none
        is_web = False
    # What stands before an @ is read as the site by people, and is not.
    if not is_web or "@" in parts.netloc or re.search(r"[\s\x00-\x1f\x7f-\x9f\\]", text):
        raise Invalid(where, "a link such as https://company.example")
    return clean_text(where, text, LINK_MOST_CHARS)
