"""The values of custom fields: read, checked and kept, each card's its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Final

from sqlalchemy import Executable, bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from ecm.cards.changes import Change
from ecm.cards.field_types import (
    Cell,
    ParsedValue,
    Value,
    cells,
    is_empty,
    name_of,
    only_one,
    parse_plain,
    pieces,
    value_of,
    words,
)
from ecm.cards.kinds import CUSTOM
from ecm.cards.sort_keys import sort_key
from ecm.database import insert_or
from ecm.errors import ChangedMeanwhile, Invalid
from ecm.models import Base, Card, Document, Field, FieldValue, Option, User

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

_CELL: Final = tuple(Cell.__dataclass_fields__)
_COLUMNS: Final = tuple(getattr(FieldValue, name) for name in _CELL)
# Rows that nobody holds as objects: statements on the table are cheaper than what a session does for them.
_TABLE: Final = Base.metadata.tables[FieldValue.__tablename__]
_END: Final = delete(_TABLE).where(
    _TABLE.c.card_id == bindparam("of_card"),
    _TABLE.c.field_id == bindparam("of_field"),
    _TABLE.c.position >= bindparam("end"),
)
_POINTS: Final = ("list", "user", "file")
_OFFERED_MOST: Final = 20


class FieldValues:
    """The values that the company's cards have in custom fields, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def parse(
        self, kind: str, given: Mapping[str, object], *, card: Card | None = None, by_name: bool = False
    ) -> dict[str, ParsedValue]:
        """What is given for fields of a kind of card, by their keys, as values that can be stored; the same
        keys come back. Nothing is written. Invalid names the wrong one, as ``fields.KEY``.

        Taken are values as `of` tells them, values of JSON, and texts as forms and tables have them; None,
        an empty text or list clears a field. An option is given by its id, ``{"id": ...}``, ``{"name": ...}``
        or a name that is no number, a user and a document by id, an amount of money by a number (of
        hryvnias), a text such as ``12.50 EUR``, or ``{"amount": ..., "currency": ...}``. With `by_name` texts
        are names of options (several of them with semicolons) and names or e-mails of users, as tables have
        them.

        An archived option, a disabled user and a document in the trash can't be chosen; those that the
        `card` has already can, in any of its fields. What was parsed before is taken as it is.
        """
        fields = {field.key: field for field in self._tx.fields.list(kind)}
        for key in given:
            if key not in fields:
                raise Invalid((CUSTOM + str(key))[:100], "no such field of this kind of card")
        self._tx.option_sets.load(
            set_id for key in given if (set_id := fields[key].option_set_id) is not None
        )
        choice = _Choice(self._tx, card, by_name=by_name)
        return {key: choice.read(fields[key], value) for key, value in given.items()}

    def store(self, card: Card, parsed: Mapping[str, ParsedValue]) -> list[Change]:
        """Give a card these values, and tell what changed. The other fields stay as they are.
        ChangedMeanwhile: a chosen option, or a document, has just been deleted."""
        fields = [each.field for each in parsed.values()]
        if wrong := [field for field in fields if field.card_kind != card.kind]:
            raise Invalid(name_of(wrong[0]), "no such field of this kind of card")
        before = self._read([card.id], fields)[card.id]
        changed = [
            each for each in parsed.values()
            if cells(each.value, each.field.type) != cells(before.get(each.field.id), each.field.type)
        ]  # fmt: skip
        if not changed:
            return []
        pairs = [(each.field, before.get(each.field.id), each.value) for each in changed]
        names = self._names((field, value) for field, *values in pairs for value in values)
        with self._whole(any(each.field.type in _POINTS for each in changed)):
            self._write(card, changed)
        return [
            Change(name_of(field), words(field, old, names), words(field, new, names))
            for field, old, new in pairs
        ]

    def begin(self, card: Card, parsed: Mapping[str, ParsedValue]) -> None:
        """Give a card that has just been made its first values. ChangedMeanwhile, as of `store`."""
        with self._whole(any(each.field.type in _POINTS for each in parsed.values())):
            self._put_rows(card, parsed.values())

    def of(self, card_ids: Iterable[int], *, archived: bool = False) -> dict[int, dict[str, Value]]:
        """The values of cards, by card and key; of archived fields only if told. Fields without a value are
        left out. At most three statements for any number of cards."""
        wanted = list(card_ids)
        found: dict[int, dict[str, Value]] = {card_id: {} for card_id in wanted}
        if not wanted:
            return found
        for card_id, values in self._read(wanted).items():
            for field_id, value in values.items():
                field = self._tx.fields.get(field_id)
                if archived or field.archived_at is None:
                    found[card_id][field.key] = value
        return found

    def forget_document(self, document: Document) -> None:
        """Clear the values that are a document: it is about to be deleted for good. Cards' timelines tell.
        Who is choosing it just now is waited for, and who does so later is refused."""
        own = (Document.id == document.id, Document.company_id == self._tx.company_id)
        self._tx.session.execute(select(Document.id).where(*own).with_for_update())
        chosen = (FieldValue.document_id == document.id, FieldValue.company_id == self._tx.company_id)
        rows = self._tx.session.execute(select(FieldValue.card_id, FieldValue.field_id).where(*chosen)).all()
        if not rows:
            return
        self._tx.session.execute(delete(FieldValue).where(*chosen))
        cards = self._tx.session.scalars(select(Card).where(Card.id.in_({row.card_id for row in rows})))
        by_id = {card.id: card for card in cards}
        for card_id, field_id in rows:
            change = Change(name_of(self._tx.fields.get(field_id)), document.title, None)
            self._tx.cards.tell(by_id[card_id], [change])

    def _read(
        self, card_ids: Collection[int], fields: Collection[Field] | None = None
    ) -> dict[int, dict[int, Value]]:
        """The values of cards, by card and field."""
        query = select(FieldValue.card_id, FieldValue.field_id, *_COLUMNS).where(
            FieldValue.card_id.in_(card_ids), FieldValue.company_id == self._tx.company_id
        )
        if fields is not None:
            query = query.where(FieldValue.field_id.in_([field.id for field in fields]))
        order = (FieldValue.card_id, FieldValue.field_id, FieldValue.position)
        rows: dict[tuple[int, int], list[Cell]] = defaultdict(list)
        for card_id, field_id, *columns in self._tx.session.execute(query.order_by(*order)):
            rows[card_id, field_id].append(Cell(*columns))
        options = self._options({cell.option_id for some in rows.values() for cell in some})
        found: dict[int, dict[int, Value]] = defaultdict(dict)
        for (card_id, field_id), some in rows.items():
            found[card_id][field_id] = value_of(self._tx.fields.get(field_id), some, options)
        return found

    def _options(self, ids: set[int | None]) -> dict[int, Option]:
        wanted = ids - {None}
        if not wanted:
            return {}
        query = select(Option).where(Option.id.in_(wanted), Option.company_id == self._tx.company_id)
        return {option.id: option for option in self._tx.session.scalars(query)}

    def _names(self, values: Iterable[tuple[Field, Value | None]]) -> dict[tuple[str, int], str]:
        """The names of the users and documents among values."""
        ids: dict[str, set[int]] = {"user": set(), "file": set()}
        for field, value in values:
            if field.type in ids and isinstance(value, int):
                ids[field.type].add(value)
        found = {("user", id): name for id, name in self._tx.users.names(ids["user"]).items()}
        if ids["file"]:
            query = select(Document.id, Document.title).where(
                Document.id.in_(ids["file"]), Document.company_id == self._tx.company_id
            )
            found |= {("file", id): title for id, title in self._tx.session.execute(query)}
        return found

    @contextmanager
    def _whole(self, may_be_gone: bool) -> Iterator[None]:
        """All that is written inside, or nothing of it. ChangedMeanwhile when what it points at is gone."""
        if not may_be_gone:
            yield
            return
        try:
            with self._tx.session.begin_nested():
                yield
        except IntegrityError:
            raise ChangedMeanwhile from None

    @cached_property
    def _put(self) -> Executable:
        insert = insert_or(self._tx.session, _TABLE)
        told = {name: insert.excluded[name] for name in (*_CELL, "text_key")}
        return insert.on_conflict_do_update(index_elements=["card_id", "field_id", "position"], set_=told)

    def _write(self, card: Card, parsed: Collection[ParsedValue]) -> None:
        """First the rows that there shall be, then an end of the others: who writes the same field at the
        same time waits at the first row, and the later one's value stands alone."""
        sizes = self._put_rows(card, parsed)
        ends = [{"of_card": card.id, "of_field": field, "end": size} for field, size in sizes.items()]
        self._tx.session.execute(_END, ends)

    def _put_rows(self, card: Card, parsed: Collection[ParsedValue]) -> dict[int, int]:
        """Write the rows that there shall be, and tell how many each field has."""
        sizes = {}
        rows = []
        for each in parsed:
            stands = cells(each.value, each.field.type)
            sizes[each.field.id] = len(stands)
            for position, cell in enumerate(stands):
                key = None if cell.text is None else sort_key(cell.text)
                place = {"card_id": card.id, "field_id": each.field.id, "position": position}
                columns = {name: getattr(cell, name) for name in _CELL}
                rows.append({**place, **columns, "company_id": card.company_id, "text_key": key})
        if rows:
            self._tx.session.execute(self._put, rows)
        return sizes


class _Choice:
    """Reads what is chosen from among options, users and documents, for one card or for a new one."""

    def __init__(self, tx: UnitOfWork, card: Card | None, *, by_name: bool) -> None:
        self._tx = tx
        self._card = card
        self._by_name = by_name

    def read(self, field: Field, given: object) -> ParsedValue:
        """What is given for a field. Invalid."""
        if isinstance(given, ParsedValue) and given.field.id == field.id:
            return given
        return ParsedValue(field, None if is_empty(given) else self._value(field, given))

    def _value(self, field: Field, given: object) -> Value:
        if field.type == "list" and field.is_multiple:
            return self._several(field, given)
        given = only_one(field, given)
        match field.type:
            case "list":
                return self._option(field, given)
            case "user":
                return self._user(field, given)
            case "file":
                return self._document(field, given)
        return parse_plain(field, given)

    def _several(self, field: Field, given: object) -> tuple[Option, ...]:
        if isinstance(given, list | tuple | set | frozenset):
            some = [self._option(field, each) for each in given if not is_empty(each)]
        elif self._by_name and isinstance(given, str) and self._named(field, given) is None:
            some = [self._option(field, each) for each in pieces(given)]
        else:
            some = [self._option(field, given)]
        return tuple(dict.fromkeys(some))

    def _option(self, field: Field, given: object) -> Option:
        found: Option | None
        if isinstance(given, Option) and given.option_set_id != field.option_set_id:
            given = {"name": given.name}  # of another set: what is called the same
        if isinstance(given, Mapping):
            by_id, name = given.get("id"), given.get("name")
            found = self._named(field, str(name)) if by_id is None else self._numbered(field, by_id)
        elif isinstance(given, str) and (self._by_name or not given.strip().isdecimal()):
            found = self._named(field, given)
        else:
            found = self._numbered(field, given.id if isinstance(given, Option) else given)
        if found is None:
            offered = [each.name for each in self._offered(field) if each.archived_at is None]
            raise Invalid(name_of(field), "one of " + ", ".join(offered[:_OFFERED_MOST]))
        if found.archived_at is not None and not self._has(FieldValue.option_id == found.id):
            raise Invalid(name_of(field), "an option that is still offered")
        return found

    def _offered(self, field: Field) -> tuple[Option, ...]:
        assert field.option_set_id is not None
        return self._tx.option_sets.options(field.option_set_id, archived=True)

    def _numbered(self, field: Field, id: object) -> Option | None:
        wanted = _number(id)
        return next((each for each in self._offered(field) if each.id == wanted), None)

    def _named(self, field: Field, name: str) -> Option | None:
        wanted = " ".join(name.split()).casefold()
        return next((each for each in self._offered(field) if each.name.casefold() == wanted), None)

    def _user(self, field: Field, given: object) -> int:
        query = select(User.id, User.disabled_at).where(User.company_id == self._tx.company_id)
        if isinstance(given, str) and "@" in given:
            query = query.where(User.email == given.strip().lower())
        elif isinstance(given, str) and self._by_name:
            query = query.where(User.name == given.strip())
        else:
            query = query.where(User.id == _number(given))
        found = self._tx.session.execute(query.limit(2)).all()
        if len(found) != 1:
            raise Invalid(name_of(field), "one of the company's employees")
        if found[0].disabled_at is not None and not self._has(FieldValue.user_id == found[0].id):
            raise Invalid(name_of(field), "one of the company's employees who are still there")
        return int(found[0].id)

    def _document(self, field: Field, given: object) -> int:
        query = select(Document.id, Document.trashed_at).where(
            Document.company_id == self._tx.company_id, Document.id == _number(given)
        )
        found = self._tx.session.execute(query).one_or_none()
        if found is None or (found.trashed_at and not self._has(FieldValue.document_id == found.id)):
            raise Invalid(name_of(field), "a document of the company, not in the trash")
        return int(found.id)

    def _has(self, is_it: object) -> bool:
        """Whether the card has what is told by a condition, in any of its fields."""
        if self._card is None:
            return False
        query = select(FieldValue.card_id).where(FieldValue.card_id == self._card.id, is_it)  # type: ignore[arg-type]
        return self._tx.session.scalar(query.limit(1)) is not None


def _number(id: object) -> int:
    """The number of an id, 0 for what can be none."""
    text = str(id).strip() if isinstance(id, int | str) and not isinstance(id, bool) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0
