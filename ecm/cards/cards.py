"""What cards of every kind have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError

from ecm import clock
from ecm.errors import HasDocuments, Invalid, NotFound
from ecm.ids import parse_id
from ecm.models import Card, Document, DocumentCard
from ecm.texts import clean_line

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

KINDS = ("deal",)

_LIVE_CARD = select(Card).where(
    Card.id == bindparam("card"), Card.company_id == bindparam("of_company"), Card.deleted_at.is_(None)
)


class Cards:
    """The cards of the actor's company, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def get(self, id: int | str, *, kind: str | None = None) -> Card:
        """A card by id, of any kind or of one. NotFound, also for a deleted one."""
        wanted = {"card": parse_id(kind or "card", id), "of_company": self._tx.company_id}
        card = self._tx.session.scalar(_LIVE_CARD, wanted)
        if card is None or kind not in (None, card.kind):
            raise NotFound(kind or "card", id)
        return card

    def ref(self, kind: str, ref: str, *, title: str) -> Card:
        """The card that an embedding application knows as `ref`: made on first use, found again after
        that, with the title as last told. Invalid: no such kind of card."""
        if kind not in KINDS:
            raise Invalid("kind", "one of " + ", ".join(KINDS))
        reference = clean_line("ref", ref)
        session, company_id = self._tx.session, self._tx.company_id
        query = select(Card).where(
            Card.company_id == company_id, Card.kind == kind, Card.external_ref == reference
        )
        card = session.scalar(query)
        if card is None:
            try:
                with session.begin_nested():
                    return self._tx.deals.add(title, external_ref=reference)
            except IntegrityError:  # made by another process since we looked
                card = session.scalars(query).one()
        card.deleted_at = None
        self.rename(card, title)
        return card

    def rename(self, card: Card, title: str) -> None:
        """Give a card a new title; its documents are found by it from then on."""
        card = self._own(card)
        title = clean_line("title", title)
        if title == card.title:
            return
        self._tx.audit.record("card.renamed", card.kind, card.id, old=card.title, new=title)
        card.title, card.updated_at = title, clock.now()
        self._tx.session.flush()
        self._tx.documents.enqueue_of_card(card.id)

    def delete(self, card: Card, *, trash_documents: bool = False) -> None:
        """Delete a card. HasDocuments unless `trash_documents`: then those that are on no other card go
        to the trash, and the others stay on theirs."""
        card = self._own(card)
        count = self.count_documents(card)
        if count and not trash_documents:
            raise HasDocuments(count)
        if count:
            self._tx.documents.leave_card(card)
        card.deleted_at = clock.now()
        self._tx.audit.record("card.deleted", card.kind, card.id, title=card.title, documents=count)
        self._tx.session.flush()

    def _own(self, card: Card) -> Card:
        """The card as a row of this transaction, should it come from an earlier one."""
        return card if card in self._tx.session else self.get(card.id)

    def count_documents(self, card: Card) -> int:
        """How many documents are on the card, without those in the trash."""
        return (
            self._tx.session.scalar(
                select(func.count())
                .select_from(DocumentCard)
                .join(Document, Document.id == DocumentCard.document_id)
                .where(DocumentCard.card_id == card.id, Document.trashed_at.is_(None))
            )
            or 0
        )
