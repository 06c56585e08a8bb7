"""Whom people mean by ``by:``: a name or an e-mail becomes the ids of the company's users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecm.models import User
from ecm.search.analysis import fold, normalize_text
from ecm.search.query import And, Not, Or, Query, Term, any_of


class _Person(NamedTuple):
    id: int
    name: str
    email: str | None


def names_uploaders(query: Query) -> bool:
    """Whether a query names uploaders by anything but their ids."""
    return not all(_is_id(term) for term in _uploader_terms(query))


def identify_uploaders(session: Session, company_id: int, query: Query) -> Query:
    """The query with ids of the company's users in place of their names and e-mails after ``by:``.

    A name that nobody has stays as it is, and so finds nothing. Digits are an id already.
    """
    rows = session.execute(select(User.id, User.name, User.email).where(User.company_id == company_id))
    return _replaced(query, [_Person(*row) for row in rows])


def _uploader_terms(query: Query) -> Iterator[Term]:
    match query:
        case Term("by") as term:
            yield term
        case And(parts) | Or(parts):
            for part in parts:
                yield from _uploader_terms(part)
        case Not(part):
            yield from _uploader_terms(part)


def _replaced(query: Query, people: Sequence[_Person]) -> Query:
    match query:
        case Term("by", value) as term if not _is_id(term):
            meant = [Term("by", str(person.id)) for person in people if _is_meant(person, value)]
            return any_of(meant) if meant else query
        case And(parts):
            return And(tuple(_replaced(part, people) for part in parts))
        case Or(parts):
            return Or(tuple(_replaced(part, people) for part in parts))
        case Not(part):
            return Not(_replaced(part, people))
    return query


def _is_id(term: Term) -> bool:
    return term.value.isascii() and term.value.isdecimal()


def _is_meant(person: _Person, typed: str) -> bool:
    """Whether it is the person's e-mail, what stands before its @, or beginnings of words of the name."""
    wanted = _folded(typed)
    address = _folded(person.email or "")
    if wanted and wanted in (address, address.partition("@")[0]):
        return True
    words = _folded(person.name).split()
    beginnings = wanted.split()
    return bool(beginnings) and all(any(word.startswith(one) for word in words) for one in beginnings)


def _folded(text: str) -> str:
    return fold(normalize_text(text)).strip()
