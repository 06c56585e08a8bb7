"""How people and firms are reached: phones and e-mails, kept as typed, compared by what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from email_validator import EmailNotValidError, validate_email
from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
)
from phonenumbers import parse as parse_number
from sqlalchemy import select

from ecm.cards.changes import Change
from ecm.cards.texts import clean_short
from ecm.errors import Invalid
from ecm.models import Card, ContactPoint

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

GivenPoint = str | Mapping[str, object] | ContactPoint
"""A phone or an e-mail as it is typed, or that as ``value`` with a ``label`` that people give it; or one that
was parsed before, which is taken as it is."""

POINTS_MOST: Final = 50
"""So many phones, and so many e-mails, a card has at most."""
PHONE_MOST_CHARS: Final = 100
EMAIL_MOST_CHARS: Final = 320
LABEL_MOST_CHARS: Final = 40
_PARSED_MOST: Final = 1000
"""So many are kept: what is typed is parsed to look for duplicates, and again to be stored."""

_FIELDS: Final = {"phone": "phones", "email": "emails"}
# What people write before an extension; phonenumbers itself knows few of the Ukrainian and Russian words.
_EXTENSION = re.compile(
    r"""[\s,;(\[]*
        (?: (?<![^\W\d])
            (?: дод(?:атков\w*)? | доб(?:авоч\w*)? | вн(?:утр\w*)? | extension | extn? | int )
            (?![^\W\d]) [.:=\s]*
          | (?<=[\d\s)]) [xх] [.:\s]*
          | [#№] \s* )
        \#?\s* (?P<digits>[0-9]{1,15}) [\s)\].]*$""",
    re.IGNORECASE | re.VERBOSE,
)
_WORDS_BEFORE = re.compile(r"^[^\d+＋(]+")
_WORDS_AFTER = re.compile(r"[^\d]+$")
# How long-distance calls were dialled in Ukraine before 2009, and how many still write their numbers.
_EIGHT = re.compile(r"^\(?8\W*(?=\(?0)")
_EIGHT_DIGITS: Final = 11


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number: E.164, and the extension behind it."""

    e164: str
    extension: str | None


@lru_cache(_PARSED_MOST)
def parse_phone(text: str, country: str = "UA") -> Phone:
    """The number that people mean by `text`, who write numbers of their own country without its code. Words
    around the number don't count. Invalid: no possible number, or one without its area code."""
    line = clean_short("phones", text, PHONE_MOST_CHARS) or ""
    extension = None
    main = line
    if found := _EXTENSION.search(line):
        main, extension = line[: found.start()], found["digits"]
    main = _WORDS_AFTER.sub("", _WORDS_BEFORE.sub("", main))
    if any(each.isalpha() for each in main):
        raise _no_phone(line)
    if country == "UA" and sum(each.isdigit() for each in main) == _EIGHT_DIGITS:
        main = _EIGHT.sub("", main)
    try:
        number = parse_number(main, country)
    except NumberParseException:
        raise _no_phone(line) from None
    if is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise _no_phone(line)
    return Phone(format_number(number, PhoneNumberFormat.E164), extension or number.extension)


@lru_cache(_PARSED_MOST)
def parse_email(text: str) -> str:
    """An address in the form that equal ones have in common: in lower case, its domain in letters and not
    in Punycode. Nothing is asked of the network. Invalid."""
    line = clean_short("emails", text, EMAIL_MOST_CHARS) or ""
    try:
        return validate_email(line, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise Invalid("emails", f"{line!r} is no address like name@company.example") from None


def _no_phone(line: str) -> Invalid:
    return Invalid("phones", f"{line!r} is no phone number: an area code and a number, such as 044 123 45 67")


class ContactPoints:
    """The phones and e-mails of the company's cards, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def parse(
        self, phones: Sequence[GivenPoint] = (), emails: Sequence[GivenPoint] = (), *, country: str = "UA"
    ) -> list[ContactPoint]:
        """Phones and e-mails, in their order, not stored yet; empty ones and repeated ones are left out.
        Invalid (`phones` or `emails`) names the one that can't be."""
        ready = [each for each in (*phones, *emails) if isinstance(each, ContactPoint)]
        points = [
            _point(each.kind, each.value, each.label, each.normalized, each.extension) for each in ready
        ]
        for value, label in _distinct("phones", phones):
            phone = parse_phone(value, country)
            points.append(_point("phone", value, label, phone.e164, phone.extension))
        for value, label in _distinct("emails", emails):
            points.append(_point("email", value, label, parse_email(value), None))
        return _without_repeated(points)

    def store(self, card: Card, points: Sequence[ContactPoint], *, kind: str | None = None) -> Change | None:
        """Give a new card its phones and e-mails; or, with a `kind`, put these ones in the place of all of
        that kind that a card has, and tell what changed, if anything."""
        old = [each for each in self.of([card.id]).get(card.id, []) if each.kind == kind] if kind else []
        if kind and [_content(each) for each in old] == [_content(each) for each in points]:
            return None
        for each in old:
            self._tx.session.delete(each)
        for position, point in enumerate(points):
            point.company_id, point.card_id, point.position = card.company_id, card.id, position
            self._tx.session.add(point)
        self._tx.session.flush()
        return Change(_FIELDS[kind], _told(old), _told(points)) if kind else None

    def of(self, card_ids: Iterable[int]) -> dict[int, list[ContactPoint]]:
        """The phones, then the e-mails, of cards by their ids; cards that have none are left out."""
        wanted = set(card_ids)
        if not wanted:
            return {}
        found: dict[int, list[ContactPoint]] = {}
        query = select(ContactPoint).where(
            ContactPoint.card_id.in_(wanted), ContactPoint.company_id == self._tx.company_id
        )
        # Sorted here: for the order of kinds SQLite would go through all points of the company.
        points = self._tx.session.scalars(query.order_by(ContactPoint.card_id, ContactPoint.position))
        for point in sorted(points, key=lambda point: point.kind, reverse=True):
            found.setdefault(point.card_id, []).append(point)
        return found


def _distinct(field: str, given: Sequence[GivenPoint]) -> list[tuple[str, str | None]]:
    """The values and labels, without the empty ones."""
    if isinstance(given, str | Mapping):
        raise Invalid(field, "a list")
    found: dict[str, str | None] = {}
    for each in given:
        if isinstance(each, ContactPoint):
            continue
        told = {"value": each} if isinstance(each, str) else each
        if not isinstance(told, Mapping) or not told.keys() <= {"value", "label"}:
            raise Invalid(field, "a list of texts, or of values with labels")
        value, label = told.get("value"), told.get("label")
        if not isinstance(value, str | None) or not isinstance(label, str | None):
            raise Invalid(field, "a list of texts, or of values with labels")
        if value and value.strip():
            found.setdefault(value, clean_short(field, label, LABEL_MOST_CHARS))
    if len(found) > POINTS_MOST:
        raise Invalid(field, f"{POINTS_MOST} at most")
    return list(found.items())


def _point(kind: str, value: str, label: str | None, normalized: str, extension: str | None) -> ContactPoint:
    line = clean_short(_FIELDS[kind], value, EMAIL_MOST_CHARS)
    return ContactPoint(kind=kind, value=line, label=label, normalized=normalized, extension=extension)


def _without_repeated(points: Sequence[ContactPoint]) -> list[ContactPoint]:
    found: dict[tuple[str, str, str | None], ContactPoint] = {}
    for point in points:
        found.setdefault((point.kind, point.normalized, point.extension), point)
    return list(found.values())


def _content(point: ContactPoint) -> tuple[str, str, str | None, str | None]:
    return point.value, point.normalized, point.extension, point.label


def _told(points: Sequence[ContactPoint]) -> str | None:
    return ", ".join(f"{each.value} ({each.label})" if each.label else each.value for each in points) or None
