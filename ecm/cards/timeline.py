"""Timelines: what happened on a card, for its people to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, literal, select, tuple_

from ecm import clock
from ecm.cards.changes import Change
from ecm.errors import Invalid, NotFound
from ecm.ids import parse_id
from ecm.models import Base, Card, Document, DocumentCard, TimelineEntry
from ecm.texts import clean_text

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

COMMENT_MOST_CHARS: Final = 10_000
PER_PAGE_MOST: Final = 200

_TABLE = Base.metadata.tables[TimelineEntry.__tablename__]
_ADD = insert(_TABLE)


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Entries, the newest first; those before `next_before` follow, and with None there are no more."""

    items: list[TimelineEntry]
    next_before: int | None


class Timeline:
    """The timelines of the company's cards, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add(self, card: Card, kind: str, **facts: object) -> None:
        """Add an entry. `facts` are what JSON can hold."""
        self._insert(card, [(kind, facts)])

    def add_changes(self, card: Card, changes: Sequence[Change]) -> None:
        """Add an entry for each changed field."""
        self._insert(
            card,
            [("field.changed", {"field": each.field, "old": each.old, "new": each.new}) for each in changes],
        )

    def add_many(self, card: Card, entries: Sequence[tuple[str, dict[str, object]]]) -> None:
        """Add entries, each of a kind and with its facts, in one statement."""
        self._insert(card, entries)

    def add_of_document(self, document: Document, kind: str, **facts: object) -> None:
        """Add an entry about a document to the timelines of all cards that it is on."""
        told = {"document": str(document.id), "title": document.title, **facts}
        columns = _TABLE.c
        user_id = self._tx.actor.user_id if self._tx.actor else None
        rows = select(
            DocumentCard.company_id,
            DocumentCard.card_id,
            literal(kind, columns.kind.type),
            literal(user_id, columns.user_id.type),
            literal(told, columns.facts.type),
            literal(clock.now(), columns.at.type),
        ).where(DocumentCard.document_id == document.id, DocumentCard.company_id == self._tx.company_id)
        names = ("company_id", "card_id", "kind", "user_id", "facts", "at")
        self._tx.session.execute(insert(_TABLE).from_select(names, rows))

    def comment(self, card: Card, text: str) -> TimelineEntry:
        """Add what a person wrote about a card. Invalid: nothing, or more than 10,000 characters."""
        card = self._tx.cards.own(card)
        entry = TimelineEntry(
            company_id=card.company_id,
            card_id=card.id,
            kind="comment",
            user_id=self._tx.require_actor().user_id,
            facts={"text": clean_text("text", text, COMMENT_MOST_CHARS)},
            at=clock.now(),
        )
        self._tx.session.add(entry)
        self._tx.session.flush()
        self._tx.audit.record("card.commented", card.kind, card.id)
        return entry

    def list(self, card: Card, *, before: int | str | None = None, limit: int = 50) -> TimelinePage:
        """So many entries of a card that are older than the one with the id `before`, the newest first: those
        that followed a lead stand where they belong in time. NotFound."""
        if not 1 <= limit <= PER_PAGE_MOST:
            raise Invalid("limit", f"a number from 1 to {PER_PAGE_MOST}")
        query = select(TimelineEntry).where(
            TimelineEntry.card_id == card.id, TimelineEntry.company_id == self._tx.company_id
        )
        if before is not None:
            last = self._tx.session.get(TimelineEntry, parse_id("timeline entry", before))
            if last is None or (last.company_id, last.card_id) != (self._tx.company_id, card.id):
                raise NotFound("timeline entry", before)
            query = query.where(tuple_(TimelineEntry.at, TimelineEntry.id) < tuple_(last.at, last.id))
        order = (TimelineEntry.at.desc(), TimelineEntry.id.desc())
        found = list(self._tx.session.scalars(query.order_by(*order).limit(limit + 1)))
        more = len(found) > limit
        items = found[:limit]
        return TimelinePage(items, items[-1].id if more else None)

    def follow(self, origin: Card, targets: Iterable[Card]) -> None:
        """Copy the entries of a card to the timelines of others, marked as of that origin."""
        columns = ("company_id", "card_id", "kind", "user_id", "facts", "at", "origin_id")
        entries = _TABLE.c
        for target in targets:
            rows = (
                select(
                    entries.company_id,
                    literal(target.id, entries.card_id.type),
                    entries.kind,
                    entries.user_id,
                    entries.facts,
                    entries.at,
                    entries.id,
                )
                .where(entries.card_id == origin.id, entries.company_id == self._tx.company_id)
                .order_by(entries.id)
            )
            self._tx.session.execute(insert(_TABLE).from_select(columns, rows))

    def _insert(self, card: Card, entries: Sequence[tuple[str, dict[str, object]]]) -> None:
        if not entries:
            return
        user_id = self._tx.actor.user_id if self._tx.actor else None
        at = clock.now()
        self._tx.session.execute(
            _ADD,
            [
                {
                    "company_id": card.company_id,
                    "card_id": card.id,
                    "kind": kind,
                    "user_id": user_id,
                    "facts": facts,
                    "at": at,
                }
                for kind, facts in entries
            ],
        )
