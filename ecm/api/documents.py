"""Documents: in, what is known of them, the trash, the way back."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.bodies import streamed
from ecm.api.receiving import Received, Storing, store
from ecm.api.schemas import PageQuery
from ecm.api.schemas.documents import (
    DeletionQuery,
    DocumentChange,
    DocumentOut,
    DocumentPage,
    IdempotencyHeader,
    StoredOut,
    UploadQuery,
)
from ecm.errors import Invalid
from ecm.models import Document, Version
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("documents", __name__, url_prefix="/api/v1")

BYTES = {"type": "string", "format": "binary"}
TEXT = {"type": "string"}
FORM_FIELDS = {"size_bytes": TEXT, "title": TEXT, "kind": TEXT, "tags": {"type": "array", "items": TEXT}}


def body_of_file(**fields: object) -> dict[str, object]:
    """How OpenAPI describes a body that is a file, or a form with one."""
    form = {"type": "object", "required": ["file"], "properties": {**fields, "file": BYTES}}
    content = {"application/octet-stream": {"schema": BYTES}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


@blueprint.get("/deals/<id>/documents")
@blueprint.input(PageQuery, location="query")
@blueprint.output(DocumentPage)
def of_deal(id: str, query_data: dict[str, int]) -> Response:
    """The documents on a deal, the newest first."""
    with library().begin(current_actor()) as tx:
        found = tx.documents.of_card(tx.deals.get(id), **query_data)
        names = shown.names_in(tx, found)
    return shown.answer(shown.page(found, [shown.document(each, names) for each in found]))


@blueprint.post("/deals/<id>/documents")
@blueprint.input(UploadQuery, location="query")
@blueprint.input(IdempotencyHeader, location="headers")
@blueprint.output(StoredOut, status_code=201)
@blueprint.doc(responses=[409, 507], extensions=body_of_file(**FORM_FIELDS))
@streamed
def add(id: str, query_data: dict[str, Any], headers_data: dict[str, str]) -> Response:
    """Store a file on a deal.

    The body is the file itself, named by `?filename=`, or a form with the field `file`. A raw body's
    length, and `size_bytes` before the file in a form, are reserved exactly before the file is read.
    """

    def attach(tx: UnitOfWork, received: Received) -> Document:
        return tx.documents.add(received.staged, card=tx.deals.get(id), **received.facts)

    def show(tx: UnitOfWork, document: Document, version: Version) -> shown.Json:
        return {
            **shown.document(document, _names(tx, document)),
            "duplicates": [shown.duplicate(each) for each in tx.documents.duplicates(document)],
        }

    storing = Storing(lambda tx: tx.deals.get(id), attach, show, ("title", "kind", "tags"))
    stored = store(storing, query_data, headers_data.get("key"))
    return shown.answer(stored, 201, {"Location": f"/api/v1/documents/{stored['id']}"})


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
    """Change what is told, and leave the rest. `cards` are the ids of all deals that it is to be on."""
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
    """Link and unlink so that the document is on these deals and no others."""
    if not card_ids:
        raise Invalid("cards", "the id of one deal at least")
    wanted = {deal.id: deal for deal in (tx.deals.get(card_id) for card_id in dict.fromkeys(card_ids))}
    present = {card.id: card for card in document.cards}
    for id, deal in wanted.items():
        if id not in present:
            tx.documents.link(document, deal)
    for id, card in present.items():
        if id not in wanted:
            tx.documents.unlink(document, card)


def _answer(tx: UnitOfWork, document: Document) -> Response:
    return shown.answer(shown.document(document, shown.names_in(tx, [document])))


def _names(tx: UnitOfWork, document: Document) -> dict[int, str]:
    """The names to show a document with; its uploader's needs no question when it is who asks."""
    actor = tx.require_actor()
    if document.current.uploaded_by_id == actor.user_id and document.trashed_by_id is None:
        return {actor.user_id: actor.name}
    return shown.names_in(tx, [document])
