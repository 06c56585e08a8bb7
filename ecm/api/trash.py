"""The company's trash."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.schemas import PageQuery
from ecm.api.schemas.documents import DocumentPage, EmptiedOut

blueprint = APIBlueprint("trash", __name__, url_prefix="/api/v1")


@blueprint.get("/trash")
@blueprint.input(PageQuery, location="query")
@blueprint.output(DocumentPage)
def list_trash(query_data: dict[str, int]) -> Response:
    """What is in the trash."""
    with library().begin(current_actor()) as tx:
        found = tx.documents.trashed(**query_data)
        names = shown.names_in(tx, found)
    return shown.answer(shown.page(found, [shown.document(each, names) for each in found]))


@blueprint.delete("/trash")
@blueprint.output(EmptiedOut)
def empty() -> Response:
    """Delete for good what the caller may: what they uploaded, or all for an administrator."""
    with library().begin(current_actor()) as tx:
        purged, freed_bytes = tx.documents.empty_trash()
    return shown.answer({"purged": purged, "freed_bytes": freed_bytes})
