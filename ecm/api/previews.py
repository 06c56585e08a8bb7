"""Pictures of a document's pages."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, request

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.content import SANDBOX
from ecm.api.schemas.content import PreviewPending as PreviewPendingOut
from ecm.api.schemas.content import PreviewQuery
from ecm.errors import PreviewPending

blueprint = APIBlueprint("previews", __name__, url_prefix="/api/v1")

KEPT_S = 86400
PNG = {"image/png": {"schema": {"type": "string", "format": "binary"}}}
ANSWERS: dict[int | str, Any] = {
    200: {"description": "The picture; `Ecm-Pages` is the number of pages", "content": PNG},
    304: "It is what If-None-Match says",
    404: "There is no such page (`no_such_page`), or no picture can be made (`preview_unavailable`)",
}


@blueprint.get("/documents/<id>/preview")
@blueprint.input(PreviewQuery, location="query")
@blueprint.output(PreviewPendingOut, status_code=202, description="It is being made; see `Retry-After`")
@blueprint.doc(responses=ANSWERS)
def get(id: str, query_data: dict[str, Any]) -> Response:
    """The picture of a page as PNG, by default of the current version's first one."""
    try:
        preview = library().preview(current_actor(), id, **query_data)
    except PreviewPending as pending:
        return shown.answer(pending.facts, 202, {"Retry-After": str(pending.retry_after_s)})
    headers = {
        "Content-Type": "image/png",
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{preview.etag}"',
        # Under an address with the version in it there is never another picture.
        "Cache-Control": f"private, max-age={KEPT_S}" if query_data["version"] else "private, no-cache",
        "Ecm-Pages": str(preview.pages),
    }
    if request.if_none_match.contains_weak(preview.etag):
        del headers["Content-Type"]
        return current_app.response_class(status=304, headers=headers)
    return current_app.response_class(preview.png, headers=headers)
