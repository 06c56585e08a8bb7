"""Documents: what is known of them, the trash, the way back. They come in on cards: see `card_documents`."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.schemas.documents import DeletionQuery, DocumentChange, DocumentOut
from ecm.errors import Invalid
from ecm.models import Document
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("documents", __name__, url_prefix="/api/v1")


@blueprint.get("/documents/<id>")
@blueprint.output(DocumentOut)
def get(id: str) -> Response:
    """One document, also in the trash."""
    with library().begin(current_actor()) as tx:
        return _answer(tx, tx.documents.get(id))


@blueprint.patch("/documents/<id>")
@blueprint.input(DocumentChange)
@blueprint.output(DocumentOut)
@blueprint.doc(responses=[409])
def change(id: str, json_data: dict[str, Any]) -> Response:
    """Change what is told, and leave the rest. `cards` are the ids of all cards that it is to be on."""
    with library().begin(current_actor()) as tx:
        document = tx.documents.get(id)
        card_ids = json_data.pop("cards", None)
        if json_data:
            document = tx.documents.update(document, **json_data)
        if card_ids is not None:
            _put_on(tx, document, card_ids)
        return _answer(tx, tx.documents.get(id))


@blueprint.delete("/documents/<id>")
@blueprint.input(DeletionQuery, location="query")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses=[403])
def delete(id: str, query_data: dict[str, bool]) -> Response:
    """To the trash; with `?purge=1` for good, by who uploaded all its versions or an administrator."""
    with library().begin(current_actor()) as tx:
        document = tx.documents.get(id)
        if query_data["purge"]:
            tx.documents.purge(document)
        else:
            tx.documents.trash(document)
    return shown.nothing()


@blueprint.post("/documents/<id>/restore")
@blueprint.output(DocumentOut)
def restore(id: str) -> Response:
    """Out of the trash."""
    with library().begin(current_actor()) as tx:
        document = tx.documents.get(id)
        tx.documents.restore(document)
        return _answer(tx, tx.documents.get(id))


def _put_on(tx: UnitOfWork, document: Document, card_ids: list[str]) -> None:
    """Link and unlink so that the document is on these cards and no others."""
    if not card_ids:
        raise Invalid("cards", "the id of one card at least")
    wanted = {card.id: card for card in (tx.cards.get(card_id) for card_id in dict.fromkeys(card_ids))}
    present = {card.id: card for card in document.cards}
    for id, card in wanted.items():
        if id not in present:
            tx.documents.link(document, card)
    for id, card in present.items():
        if id not in wanted:
            tx.documents.unlink(document, card)


def _answer(tx: UnitOfWork, document: Document) -> Response:
    return shown.answer(shown.document(document, shown.names_in(tx, [document])))
