"""A row of a table as a card: its cells read, its people and firms found, the card made or changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import or_, select

from ecm.cards.field_types import parse_number
from ecm.cards.kinds import CUSTOM
from ecm.cards.sort_keys import sort_key
from ecm.errors import Conflict, EcmError, Forbidden, Invalid, MissingFields, NotFound
from ecm.importing.columns import COMMENT, FULL_NAME
from ecm.models import Card, Team, User

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

Errors = list[tuple[str, str]]
_DAY: Final = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})", re.ASCII)
_FIRM_CODE_CHARS: Final = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: ``made``, ``updated``, ``skipped`` or ``refused``; its card; what is wrong, by
    field, in words."""

    state: str
    card: Card | None = None
    errors: tuple[tuple[str, str], ...] = ()


class RowReader:
    """Makes cards of one kind from rows, within a unit of work. Not to be kept longer than that."""

    def __init__(self, tx: UnitOfWork, kind: str, mapping: list[str | None], duplicates: str) -> None:
        self._tx = tx
        self._kind = kind
        self._mapping = mapping
        self._duplicates = duplicates

    def take(self, cells: list[str]) -> Outcome:
        """Do with a row what is to be done: all of it, or nothing when something is wrong with it."""
        given = {field: cell for field, cell in zip(self._mapping, cells, strict=True) if field and cell}
        try:
            with self._tx.session.begin_nested():
                return self._take(given)
        except MissingFields as error:
            return Outcome("refused", None, tuple((each.field, "required") for each in error.missing))
        except (Invalid, Conflict, NotFound, Forbidden) as error:
            return Outcome("refused", None, (_told(error),))

    def _take(self, given: dict[str, str]) -> Outcome:
        comment = given.pop(COMMENT, None)
        values = self._values(given)
        existing = self._existing(values)
        if existing is not None and self._duplicates == "skip":
            return Outcome("skipped", existing)
        if existing is not None and self._duplicates == "update":
            card = self._update(existing, values)
            state = "updated"
        else:
            card = self._make(values)
            state = "made"
        if comment:
            self._tx.timeline.comment(card, comment)
        return Outcome(state, card)

    def _values(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The cells as the rooms of the cards take them."""
        values: dict[str, Any] = {}
        custom: dict[str, object] = {}
        for field, cell in given.items():
            if field.startswith(CUSTOM):
                custom[field.removeprefix(CUSTOM)] = cell
            elif field == FULL_NAME:
                values |= _names(cell)
            else:
                values[_argument(field)] = self._value(field, cell)
        if self._kind in ("deal", "lead") and "stage" in values:
            values["stage"] = self._stage(values.get("pipeline"), values["stage"])
        if custom:
            values["fields"] = dict(self._tx.field_values.parse(self._kind, custom, by_name=True))
            values["fields"] = {key: parsed.value for key, parsed in values["fields"].items()}
        return values

    def _value(self, field: str, cell: str) -> Any:
        match field:
            case "phones" | "emails":
                return [piece.strip() for piece in re.split(r"[;\n]|,(?=\s*[+(\d\w])", cell) if piece.strip()]
            case "amount":
                return parse_number(field, cell)
            case "expected_close":
                return _day(cell)
            case "tax_number":
                return self._tax_number(cell)
            case "owner":
                return self._user(cell)
            case "team":
                return self._team(cell)
            case "contact" | "organization":
                return self._client(field, cell)
            case "pipeline":
                return self._pipeline(cell)
        return cell

    def _tax_number(self, cell: str) -> str:
        """A number as it was, although a workbook drops the zeros before it."""
        digits = cell.removesuffix(".0")
        is_short = digits.isdigit() and len(digits) < _FIRM_CODE_CHARS
        return digits.zfill(_FIRM_CODE_CHARS) if is_short and self._kind != "contact" else digits

    def _user(self, cell: str) -> int:
        query = select(User.id).where(
            User.company_id == self._tx.company_id,
            User.disabled_at.is_(None),
            or_(User.email == cell.casefold(), User.name == cell),
        )
        return self._only("owner", cell, self._tx.session.scalars(query.limit(2)).all())

    def _team(self, cell: str) -> int:
        query = select(Team.id).where(Team.company_id == self._tx.company_id, Team.name == cell)
        return self._only("team", cell, self._tx.session.scalars(query.limit(2)).all())

    def _client(self, kind: str, cell: str) -> int:
        """A client's card, by tax number, e-mail, phone or name."""
        query = select(Card.id).where(
            Card.company_id == self._tx.company_id,
            Card.kind == kind,
            Card.deleted_at.is_(None),
            Card.title_key == sort_key(cell),
        )
        found = list(self._tx.session.scalars(query.limit(2)))
        ways: tuple[dict[str, Any], ...] = (
            {"tax_number": cell},
            {"emails": [cell]} if "@" in cell else {},
            {"phones": [cell]},
        )
        for way in ways:
            if found:
                break
            try:
                found = [each.card.id for each in self._tx.duplicates.find((kind,), **way)]
            except Invalid:  # no such number, or address
                continue
        return self._only(kind, cell, found)

    def _pipeline(self, cell: str) -> int:
        for each in self._tx.pipelines.list(self._kind):
            if cell.casefold() in (each.code, each.name.casefold()):
                return each.id
        names = ", ".join(each.name for each in self._tx.pipelines.list(self._kind))
        raise Invalid("pipeline", f"one of {names}")

    def _stage(self, pipeline: int | None, cell: str) -> str:
        chosen = self._tx.pipelines.default(self._kind)
        if pipeline is not None:
            chosen = self._tx.pipelines.get(pipeline, kind=self._kind)
        for each in chosen.stages:
            if cell.casefold() in (each.code, each.name.casefold()):
                return each.code
        raise Invalid("stage", f"one of {', '.join(each.name for each in chosen.stages)}")

    def _only(self, field: str, cell: str, found: list[int] | Any) -> int:
        if len(found) != 1:
            reason = "no such one" if not found else "more than one of that name"
            raise Invalid(field, f"{cell[:60]}: {reason}")
        return int(found[0])

    def _existing(self, values: Mapping[str, Any]) -> Card | None:
        if self._kind == "deal" or self._duplicates == "create":
            return None
        found = self._tx.duplicates.find(
            (self._kind,),
            phones=values.get("phones", ()),
            emails=values.get("emails", ()),
            tax_number=values.get("tax_number"),
            country=values.get("country", "UA"),
        )
        return found[0].card if found else None

    def _make(self, values: dict[str, Any]) -> Card:
        match self._kind:
            case "contact":
                return self._tx.contacts.add(**values)
            case "organization":
                return self._tx.organizations.add(_title(values), **values)
            case "lead":
                return self._tx.leads.add(_title(values), **values)
        return self._tx.deals.add(_title(values), **values)

    def _update(self, existing: Card, values: dict[str, Any]) -> Card:
        values.pop("pipeline", None)
        match self._kind:
            case "contact":
                return self._tx.contacts.update(self._tx.contacts.get(existing.id), **values)
            case "organization":
                return self._tx.organizations.update(self._tx.organizations.get(existing.id), **values)
        values.pop("stage", None)
        return self._tx.leads.update(self._tx.leads.get(existing.id), **values)


def _argument(field: str) -> str:
    return f"{field}_id" if field in ("owner", "team") else field


def _title(values: dict[str, Any]) -> str:
    title = values.pop("title", "")
    if not title:
        raise Invalid("title", "some text")
    return str(title)


def _names(cell: str) -> dict[str, str]:
    """The names in one cell: last, first, middle; what is more belongs to the last of them."""
    return dict(zip(("last_name", "first_name", "middle_name"), cell.split(None, 2), strict=False))


def _day(cell: str) -> str:
    if found := _DAY.fullmatch(cell):
        day, month, year = found.groups()
        return f"{year}-{int(month):02}-{int(day):02}"
    return cell[:10]


def _told(error: EcmError) -> tuple[str, str]:
    if isinstance(error, Invalid):
        return error.field, error.reason
    return "", str(error)
