"""Cells of a table as the rooms of the cards take them: people, firms, stages and days by what they are
called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import or_, select

from ecm.cards.cards import DEFAULT_COUNTRY
from ecm.cards.countries import country_named
from ecm.cards.kinds import CUSTOM
from ecm.cards.money import parse_number
from ecm.cards.sort_keys import sort_key
from ecm.cards.tax_numbers import is_firm_code, is_person_number
from ecm.errors import Invalid
from ecm.importing.columns import FULL_NAME
from ecm.models import Card, Pipeline, Team, User

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

NAMED_MOST: Final = 60
_DAY: Final = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})(?:\s.*)?", re.ASCII)
_TIMED_DAY: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ].*", re.ASCII)
_FIRM_CHARS, _PERSON_CHARS = 8, 10


class WrongCells(Exception):
    """Some cells of a row can't be read: `errors` has the field of each, and why."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in errors))
        self.errors = tuple(errors)


class CellReader:
    """Reads the rows of cards of one kind, within a unit of work."""

    def __init__(self, tx: UnitOfWork, kind: str) -> None:
        self._tx = tx
        self._kind = kind

    def read(self, given: Mapping[str, str]) -> dict[str, Any]:
        """What `add` of the kind's room takes, from texts by the names of fields. WrongCells tells all that
        can't be read."""
        values: dict[str, Any] = {}
        errors: list[tuple[str, str]] = []
        country = _country_of(given)
        for field, cell in given.items():
            try:
                if field.startswith(CUSTOM):
                    key = field.removeprefix(CUSTOM)
                    parsed = self._tx.field_values.parse(self._kind, {key: cell}, by_name=True)
                    values.setdefault("fields", {}).update(parsed)
                elif field == FULL_NAME:
                    values |= _names(cell)
                else:
                    values[f"{field}_id" if field in ("owner", "team") else field] = self._value(
                        field, cell, country
                    )
            except Invalid as error:
                errors.append((error.field, error.reason))
        if "stage" in values and not any(field == "pipeline" for field, _ in errors):
            try:
                values["stage"] = self._stage(values.get("pipeline"), given["stage"])
            except Invalid as error:
                errors.append((error.field, error.reason))
        if errors:
            raise WrongCells(errors)
        return values

    def _value(self, field: str, cell: str, country: str) -> Any:
        match field:
            case "phones" | "emails":
                return self._points(field, cell, country)
            case "amount":
                return parse_number(field, cell)
            case "expected_close":
                return _day(cell)
            case "country":
                return country_named(cell)
            case "tax_number":
                return _tax_number(cell, self._kind, country)
            case "owner":
                return self._user(cell)
            case "team":
                return self._team(cell)
            case "contact" | "organization":
                return self._client(field, cell)
            case "pipeline":
                return self._pipeline(cell).id
        return cell

    def _points(self, field: str, cell: str, country: str) -> list[str]:
        """The phones or e-mails in one cell. Invalid."""
        between = r"[;\n]|,(?=\s*[+(0-9])" if field == "phones" else r"[;,\s]+"
        points = [piece.strip() for piece in re.split(between, cell) if piece.strip()]
        phones, emails = (points, []) if field == "phones" else ([], points)
        self._tx.contact_points.parse(phones, emails, country=country)
        return points

    def _user(self, cell: str) -> int:
        query = select(User.id).where(
            User.company_id == self._tx.company_id,
            User.disabled_at.is_(None),
            or_(User.email == cell.lower(), User.name == cell),
        )
        return _only("owner", cell, self._tx.session.scalars(query.limit(2)).all())

    def _team(self, cell: str) -> int:
        query = select(Team.id).where(Team.company_id == self._tx.company_id, Team.name == cell)
        return _only("team", cell, self._tx.session.scalars(query.limit(2)).all())

    def _client(self, kind: str, cell: str) -> int:
        """A client's card by its title, tax number, e-mail or phone. Invalid."""
        query = select(Card.id).where(
            Card.company_id == self._tx.company_id,
            Card.kind == kind,
            Card.deleted_at.is_(None),
            Card.title_key == sort_key(cell),
        )
        found = list(self._tx.session.scalars(query.limit(2)))
        ways: tuple[dict[str, Any], ...] = (
            {"tax_number": _tax_number(cell, kind, DEFAULT_COUNTRY)},
            {"emails": [cell]},
            {"phones": [cell]},
        )
        for way in ways:
            if not found:
                try:
                    found = [each.card.id for each in self._tx.duplicates.find((kind,), **way)]
                except Invalid:  # the cell is nothing of that sort
                    continue
        return _only(kind, cell, found)

    def _pipeline(self, cell: str) -> Pipeline:
        there = self._tx.pipelines.list(self._kind)
        found = [each for each in there if cell.casefold() in (each.code, each.name.casefold())]
        if not found:
            raise Invalid("pipeline", "one of " + ", ".join(each.name for each in there))
        return found[0]

    def _stage(self, pipeline: int | None, cell: str) -> str:
        if pipeline is None:
            chosen = self._tx.pipelines.default(self._kind)
        else:
            chosen = self._tx.pipelines.get(pipeline, kind=self._kind)
        there = [each for each in chosen.stages if each.archived_at is None]
        found = [each for each in there if cell.casefold() in (each.code, each.name.casefold())]
        if not found:
            raise Invalid("stage", "one of " + ", ".join(each.name for each in there))
        return found[0].code


def _only(field: str, cell: str, found: Sequence[int]) -> int:
    if len(found) != 1:
        reason = "there is no such one" if not found else "there are several of that name"
        raise Invalid(field, f"{cell[:NAMED_MOST]}: {reason}")
    return found[0]


def _names(cell: str) -> dict[str, str]:
    """The names in one cell: last, first, middle; what is more belongs to the last of them."""
    return dict(zip(("last_name", "first_name", "middle_name"), cell.split(None, 2), strict=False))


def _day(cell: str) -> str:
    if found := _DAY.fullmatch(cell):
        day, month, year = found.groups()
        return f"{year}-{int(month):02}-{int(day):02}"
    timed = _TIMED_DAY.fullmatch(cell)
    return timed[1] if timed else cell


def _country_of(given: Mapping[str, str]) -> str:
    """The country that a row's phones and numbers are of."""
    try:
        return country_named(given["country"])
    except (KeyError, Invalid):  # none is told; or its own field tells that it is wrong
        return DEFAULT_COUNTRY


def _tax_number(cell: str, kind: str, country: str) -> str:
    """A number as it was, although a workbook drops the zeros before it: those of Ukraine have so many
    digits."""
    if country == "UA" and cell.isascii() and cell.isdigit():
        firm, person = cell.zfill(_FIRM_CHARS), cell.zfill(_PERSON_CHARS)
        if kind != "contact" and is_firm_code(firm):
            return firm
        if is_person_number(person):
            return person
    return cell
