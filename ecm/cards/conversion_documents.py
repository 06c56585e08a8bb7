"""The documents of a lead, which stand on what it was converted to too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import literal, select

from ecm import clock
from ecm.database import insert_or
from ecm.models import Card, Document, DocumentCard, Lead

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork


def follow_documents(tx: UnitOfWork, lead: Lead, cards: Iterable[Card]) -> None:
    """Put the documents of a lead, without those in the trash, on cards too: as many statements for one of
    them as for a thousand."""
    live = (
        select(Document.id, Document.title)
        .join(DocumentCard, DocumentCard.document_id == Document.id)
        .where(
            DocumentCard.card_id == lead.id,
            DocumentCard.company_id == tx.company_id,
            Document.trashed_at.is_(None),
        )
        .order_by(Document.id)
    )
    titles = {id: title for id, title in tx.session.execute(live)}  # noqa: C416
    if not titles:
        return
    columns = ("card_id", "document_id", "company_id", "linked_by_id", "linked_at")
    for card in cards:
        rows = live.with_only_columns(
            literal(card.id, DocumentCard.card_id.type),
            Document.id,
            DocumentCard.company_id,
            literal(tx.require_actor().user_id, DocumentCard.linked_by_id.type),
            literal(clock.now(), DocumentCard.linked_at.type),
        )
        adding = insert_or(tx.session, DocumentCard).from_select(columns, rows).on_conflict_do_nothing()
        fresh = sorted(tx.session.scalars(adding.returning(DocumentCard.document_id)))
        told: list[dict[str, object]] = [
            {"document": str(id), "title": titles[id]} for id in fresh if id in titles
        ]
        tx.timeline.add_many(card, [("document.linked", facts) for facts in told])
        tx.audit.record_many("document.linked", "document", [(id, {"card": str(card.id)}) for id in fresh])
    tx.documents.enqueue_of_card(lead.id)
    for each in tx.session.identity_map.values():
        if isinstance(each, Document):
            tx.session.expire(each, ["cards"])
