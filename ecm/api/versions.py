"""Versions of a document."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.bodies import streamed
from ecm.api.card_documents import TEXT, body_of_file
from ecm.api.receiving import Received, Storing, store
from ecm.api.schemas import PageQuery
from ecm.api.schemas.documents import IdempotencyHeader
from ecm.api.schemas.versions import VersionOut, VersionPage, VersionQuery
from ecm.errors import Trashed
from ecm.models import Document, Version
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("versions", __name__, url_prefix="/api/v1")


@blueprint.get("/documents/<id>/versions")
@blueprint.input(PageQuery, location="query")
@blueprint.output(VersionPage)
def list_versions(id: str, query_data: dict[str, int]) -> Response:
    """A document's versions, the newest first."""
    with library().begin(current_actor()) as tx:
        document = tx.documents.get(id)
        found = tx.documents.versions.list(document, **query_data)
        names = tx.users.names(version.uploaded_by_id for version in found)
    items = [shown.version(each, document.current_version, names) for each in found]
    return shown.answer(shown.page(found, items))


@blueprint.post("/documents/<id>/versions")
@blueprint.input(VersionQuery, location="query")
@blueprint.input(IdempotencyHeader, location="headers")
@blueprint.output(VersionOut, status_code=201)
@blueprint.doc(responses=[409, 507], extensions=body_of_file(size_bytes=TEXT))
@streamed
def add(id: str, query_data: dict[str, Any], headers_data: dict[str, str]) -> Response:
    """Store a document's next version, which becomes the current one. The body is as for a document."""

    def attach(tx: UnitOfWork, received: Received) -> Document:
        document = tx.documents.get(id)
        tx.documents.add_version(document, received.staged)
        return document

    def show(tx: UnitOfWork, document: Document, version: Version) -> shown.Json:
        return shown.version(version, document.current_version, tx.users.names([version.uploaded_by_id]))

    storing = Storing(lambda tx: _check_live(tx, id), attach, show, ())
    stored = store(storing, query_data, headers_data.get("key"))
    location = f"/api/v1/documents/{stored['document']}/content?version={stored['version']}"
    return shown.answer(stored, 201, {"Location": location})


@blueprint.post("/documents/<id>/versions/<number>/restore")
@blueprint.output(VersionOut)
@blueprint.doc(responses=[409])
def restore(id: str, number: str) -> Response:
    """Make a version the current one again. Nothing is stored, counted or lost."""
    with library().begin(current_actor()) as tx:
        document = tx.documents.get(id)
        version = tx.documents.restore_version(document, number)
        names = tx.users.names([version.uploaded_by_id])
    return shown.answer(shown.version(version, version.number, names))


def _check_live(tx: UnitOfWork, id: str) -> None:
    document = tx.documents.get(id)
    if document.trashed_at is not None:
        raise Trashed(document.id, document.trashed_at)
