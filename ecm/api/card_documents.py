"""The documents on cards of each kind."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.bodies import streamed
from ecm.api.receiving import Received, Storing, store
from ecm.api.schemas import PageQuery
from ecm.api.schemas.documents import DocumentPage, IdempotencyHeader, StoredOut, UploadQuery
from ecm.cards.kinds import Kind
from ecm.models import Document, Version
from ecm.unit_of_work import UnitOfWork

BYTES = {"type": "string", "format": "binary"}
TEXT = {"type": "string"}
FORM_FIELDS = {"size_bytes": TEXT, "title": TEXT, "kind": TEXT, "tags": {"type": "array", "items": TEXT}}


def body_of_file(**fields: object) -> dict[str, object]:
    """How OpenAPI describes a body that is a file, or a form with one."""
    form = {"type": "object", "required": ["file"], "properties": {**fields, "file": BYTES}}
    content = {"application/octet-stream": {"schema": BYTES}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


def add_routes(blueprint: APIBlueprint, kind: Kind) -> None:
    """Let the cards of a kind have documents."""

    @blueprint.get("/<id>/documents")
    @blueprint.input(PageQuery, location="query")
    @blueprint.output(DocumentPage)
    def list_documents(id: str, query_data: dict[str, int]) -> Response:
        """The documents on it, the newest first."""
        with library().begin(current_actor()) as tx:
            found = tx.documents.of_card(tx.cards.get(id, kind=kind), **query_data)
            names = shown.names_in(tx, found)
        return shown.answer(shown.page(found, [shown.document(each, names) for each in found]))

    @blueprint.post("/<id>/documents")
    @blueprint.input(UploadQuery, location="query")
    @blueprint.input(IdempotencyHeader, location="headers")
    @blueprint.output(StoredOut, status_code=201)
    @blueprint.doc(responses=[409, 507], extensions=body_of_file(**FORM_FIELDS))
    @streamed
    def add_document(id: str, query_data: dict[str, Any], headers_data: dict[str, str]) -> Response:
        """Store a file on it.

        The body is the file itself, named by `?filename=`, or a form with the field `file`. A raw body's
        length, and `size_bytes` before the file in a form, are reserved exactly before the file is read.
        """

        def attach(tx: UnitOfWork, received: Received) -> Document:
            return tx.documents.add(received.staged, card=tx.cards.get(id, kind=kind), **received.facts)

        storing = Storing(lambda tx: tx.cards.get(id, kind=kind), attach, _show, ("title", "kind", "tags"))
        stored = store(storing, query_data, headers_data.get("key"))
        return shown.answer(stored, 201, {"Location": f"/api/v1/documents/{stored['id']}"})


def document_names(tx: UnitOfWork, document: Document) -> dict[int, str]:
    """The names to show a document with; its uploader's needs no question when it is who asks."""
    actor = tx.require_actor()
    if document.current.uploaded_by_id == actor.user_id and document.trashed_by_id is None:
        return {actor.user_id: actor.name}
    return shown.names_in(tx, [document])


def _show(tx: UnitOfWork, document: Document, version: Version) -> shown.Json:
    return {
        **shown.document(document, document_names(tx, document)),
        "duplicates": [shown.duplicate(each) for each in tx.documents.duplicates(document)],
    }
