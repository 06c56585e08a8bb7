"""The search within a list of cards: words that stand anywhere on a card."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Select, and_, or_, select

from ecm.cards.containing import key_contains, text_contains
from ecm.cards.kinds import CardKind
from ecm.cards.money import parse_number
from ecm.errors import Invalid
from ecm.models import Base, Card, ContactPoint, Field, FieldValue

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

ANYWHERE: Final = "anywhere"
"""The name of the field that is none, and means all of a card."""
WORDS_MOST: Final = 10
_PHONE_DIGITS_LEAST: Final = 3
_CARDS: Final = Base.metadata.tables[Card.__tablename__]


def stands_anywhere(tx: UnitOfWork, kind: CardKind, text: str) -> ColumnElement[bool]:
    """That each word of a text is in a card's title, in another of its texts, in a phone or an e-mail
    address, in the title of its client, or in a custom field that is not archived: in a text, a link or an
    option's name, or it is the number there. Invalid: no word, or too many."""
    words = text.split()
    if not 1 <= len(words) <= WORDS_MOST:
        raise Invalid("filter", f"{ANYWHERE}: 1 to {WORDS_MOST} words")
    fields = tx.fields.list(kind.name)
    # The longest word is sought in all cards, since few have it; the others only on those that do.
    longest, *others = sorted(words, key=len, reverse=True)
    found = [Card.id.in_(each) for each in _cards_with(tx, kind, fields, longest)]
    stands = [or_(key_contains(Card.title_key, longest), *found)]
    for word in others:
        here = [
            each.where(each.selected_columns[0] == Card.id).exists()
            for each in _cards_with(tx, kind, fields, word)
        ]
        stands.append(or_(key_contains(Card.title_key, word), *here))
    return and_(*stands)


def _cards_with(tx: UnitOfWork, kind: CardKind, fields: tuple[Field, ...], word: str) -> list[Select[Any]]:
    """The ids of the cards that have a word anywhere but in the title."""
    return [
        _of_texts(tx, kind, word),
        *_of_points(tx, kind, word),
        *_of_clients(tx, kind, word),
        *_of_custom(tx, fields, word),
    ]


def _of_texts(tx: UnitOfWork, kind: CardKind, word: str) -> Select[Any]:
    own = kind.table
    names = [field.attribute for field in kind.fields if field.type == "text" and field.attribute in own.c]
    texts = or_(*(text_contains(tx, own.c[name], word) for name in names))
    return select(own.c.card_id).where(own.c.company_id == tx.company_id, texts)


def _of_points(tx: UnitOfWork, kind: CardKind, word: str) -> list[Select[Any]]:
    if kind.field("phones") is None:
        return []
    contains = [
        and_(ContactPoint.kind == "email", ContactPoint.normalized.contains(word.casefold(), autoescape=True))
    ]
    digits = "".join(letter for letter in word if letter.isdigit())
    if len(digits) >= _PHONE_DIGITS_LEAST:
        contains.append(and_(ContactPoint.kind == "phone", ContactPoint.normalized.contains(digits)))
    return [select(ContactPoint.card_id).where(ContactPoint.company_id == tx.company_id, or_(*contains))]


def _of_clients(tx: UnitOfWork, kind: CardKind, word: str) -> list[Select[Any]]:
    clients = [field for field in kind.fields if field.card_kind in ("contact", "organization")]
    own, other = kind.table, _CARDS.alias()
    return [
        select(own.c.card_id).where(
            own.c.company_id == tx.company_id,
            own.c[field.attribute].in_(
                select(other.c.id).where(
                    other.c.company_id == tx.company_id,
                    other.c.kind == field.card_kind,
                    key_contains(other.c.title_key, word),
                )
            ),
        )
        for field in clients
    ]


def _of_custom(tx: UnitOfWork, fields: tuple[Field, ...], word: str) -> list[Select[Any]]:
    found: list[ColumnElement[bool]] = []
    if texts := [field.id for field in fields if field.type in ("text", "link")]:
        found.append(and_(FieldValue.field_id.in_(texts), key_contains(FieldValue.text_key, word)))
    numbers = [field.id for field in fields if field.type in ("number", "money")]
    if numbers and (number := _number(word)) is not None:
        found.append(and_(FieldValue.field_id.in_(numbers), FieldValue.number == number))
    lists = {field.id: field.option_set_id for field in fields if field.option_set_id is not None}
    tx.option_sets.load(lists.values())
    wanted = word.casefold()
    options = {
        option.id
        for set_id in lists.values()
        for option in tx.option_sets.options(set_id, archived=True)
        if wanted in option.name.casefold()
    }
    if options:
        found.append(and_(FieldValue.field_id.in_(lists), FieldValue.option_id.in_(options)))
    if not found:
        return []
    return [select(FieldValue.card_id).where(FieldValue.company_id == tx.company_id, or_(*found))]


def _number(word: str) -> Decimal | None:
    try:
        return parse_number("filter", word)
    except Invalid:
        return None
