"""Resumable uploads over HTTP: a server of the tus protocol, version 1.0.0 (https://tus.io).

It speaks the core and the extensions creation, creation-with-upload, expiration, termination and checksum.
The document that an upload became is told in `Ecm-Document`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, request, url_for
from werkzeug.exceptions import BadRequest, MethodNotAllowed, PreconditionFailed, UnsupportedMediaType
from werkzeug.http import http_date

from ecm.api.authentication import current_actor, library, public
from ecm.api.bodies import streamed
from ecm.api.metrics import metrics
from ecm.api.receiving import UNNAMED, Body
from ecm.errors import Invalid, NotFound, UploadTooLong
from ecm.models import Card
from ecm.tus import ResumableUpload
from ecm.unit_of_work import UnitOfWork
from ecm.upload_pieces import ALGORITHMS, Checksum

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination,checksum"
PIECE = "application/offset+octet-stream"
OVERRIDE = "X-HTTP-Method-Override"
_NUMBER = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[!-+\--~]+")  # printable ASCII without space and comma

blueprint = APIBlueprint("uploads", __name__, url_prefix="/api/v1")


def route(path: str, method: str) -> Callable[[Any], Any]:
    """A route of the protocol. Flask's own answer to OPTIONS would stand before ours."""
    return blueprint.route(path, methods=[method], provide_automatic_options=False)


@blueprint.before_request
def check_protocol() -> None:
    """412 for another version of the protocol than ours, before anything is done."""
    if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
        raise PreconditionFailed(f"the header Tus-Resumable should be {VERSION}")


@blueprint.after_request
def add_protocol(response: Response) -> Response:
    """Say in every answer, a refusal too, which protocol it belongs to."""
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Cache-Control"] = "no-store"
    if response.status_code == 412:
        response.headers["Tus-Version"] = VERSION
    return response


@route("/uploads", "OPTIONS")
@route("/uploads/<id>", "OPTIONS")
@public
def tell(id: str = "") -> Response:
    """What this server can do. Anybody may ask."""
    response = current_app.response_class(status=204)
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = EXTENSIONS
    response.headers["Tus-Checksum-Algorithm"] = ",".join(ALGORITHMS)
    return response


@route("/uploads", "POST")
@blueprint.output({}, status_code=201)
@blueprint.doc(responses=[400, 404, 412, 413, 507])
@streamed
def create() -> Response:
    """Begin an upload.

    `Upload-Metadata` has the id of the `deal` (or of a `card` of any kind) that it is for, and may have
    `filename`, `title`, `kind` and `tags` (divided by commas). The whole length is reserved at once. A body
    is the first piece.
    """
    metadata = request.headers.get("Upload-Metadata", "")
    told = parse_metadata(metadata)
    size_bytes = _read_number("Upload-Length")
    has_piece = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if has_piece:
        _require_piece()
        if (request.content_length or 0) > size_bytes:
            raise UploadTooLong(size_bytes)
    checksum = _read_checksum()
    uploads, actor = library().uploads, current_actor()
    with library().begin(actor) as tx:
        card = _card(tx, told)
    upload = uploads.create(
        actor,
        card=card,
        size_bytes=size_bytes,
        filename=told.get("filename") or told.get("name") or UNNAMED,
        kind=told.get("kind") or "other",
        title=told.get("title") or None,
        tags=[tag for tag in told.get("tags", "").split(",") if tag.strip()],
        metadata=metadata,
    )
    if has_piece:
        try:
            upload = _append(upload.id, 0, checksum)
        except BaseException:
            with suppress(NotFound):  # nobody has been told of it
                uploads.terminate(actor, upload.id)
            raise
    location = url_for("uploads.append", id=upload.id)
    return _answer(201, upload, Location=location)


@route("/uploads/<id>", "HEAD")
def tell_offset(id: str) -> Response:
    """How far an upload has come."""
    upload = library().uploads.get(current_actor(), id)
    headers = {"Upload-Length": str(upload.size_bytes)}
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return _answer(200, upload, **headers)


@route("/uploads/<id>", "PATCH")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses=[400, 404, 409, 412, 413, 415, 423, 460])
@streamed
def append(id: str) -> Response:
    """Add a piece at `Upload-Offset`. After the last one `Ecm-Document` has the document's id.

    What has come of a piece stays when its connection breaks; one with `Upload-Checksum` is kept as a whole.
    """
    _require_piece()
    return _answer(204, _append(id, _read_number("Upload-Offset"), _read_checksum()))


@route("/uploads/<id>", "DELETE")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses=[404, 412])
def terminate(id: str) -> Response:
    """Forget an upload and free what it holds. A document that it became already stays."""
    library().uploads.terminate(current_actor(), id)
    return current_app.response_class(status=204)


@route("/uploads/<id>", "POST")
@blueprint.doc(hide=True)
@streamed
def override(id: str) -> Response:
    """What the method in `X-HTTP-Method-Override` would do, for clients that can send no other than POST."""
    views = {"HEAD": tell_offset, "PATCH": append, "DELETE": terminate}
    method = request.headers.get(OVERRIDE, "").strip().upper()
    if method not in views:
        raise MethodNotAllowed(valid_methods=list(views))
    response: Response = current_app.make_response(views[method](id=id))
    return response


def describe(spec: dict[str, Any]) -> None:
    """Complete what OpenAPI is told: the HEAD request, and the headers that carry the protocol."""
    paths = spec["paths"]
    creation, upload = paths["/api/v1/uploads"], paths["/api/v1/uploads/{id}"]
    head = {key: upload["delete"][key] for key in ("tags", "parameters") if key in upload["delete"]}
    upload["head"] = {
        **head,
        "summary": "How far an upload has come",
        "operationId": "uploads_tell_offset",
        "responses": {"200": {"description": "The upload is there"}, "404": {"description": "Not found"}},
    }
    needed = {"post": ["Upload-Length", "Upload-Metadata"], "patch": ["Upload-Offset"]}
    for path in (creation, upload):
        for method, operation in path.items():
            if method in ("post", "patch", "head", "delete"):
                names = ["Tus-Resumable", *needed.get(method, [])]
                described = [describe_header(name, required=True) for name in names]
                if method == "patch":
                    described.append(describe_header("Upload-Checksum", required=False))
                    schema = {"type": "string", "format": "binary"}
                    operation["requestBody"] = {"required": True, "content": {PIECE: {"schema": schema}}}
                operation["parameters"] = [*operation.get("parameters", []), *described]


def describe_header(name: str, *, required: bool) -> dict[str, Any]:
    """A header in the words of OpenAPI."""
    schema = {"type": "string", "enum": [VERSION]} if name == "Tus-Resumable" else {"type": "string"}
    return {"in": "header", "name": name, "required": required, "schema": schema}


def parse_metadata(header: str) -> dict[str, str]:
    """The pairs of `Upload-Metadata`: a key, then a space and its value in Base64, unless that is empty.
    400 unless they are."""
    told: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else ():
        key, _, encoded = pair.strip().partition(" ")
        if not _KEY.fullmatch(key) or key in told:
            raise BadRequest("the keys of Upload-Metadata should be ASCII words, each there once")
        try:
            told[key] = base64.b64decode(encoded.strip(), validate=True).decode()
        except ValueError:  # what binascii and UTF-8 raise is one
            raise BadRequest(f"{key} in Upload-Metadata should be UTF-8 in Base64") from None
    return told


def _append(id: str, offset_bytes: int, checksum: Checksum | None) -> ResumableUpload:
    upload = library().uploads.append(
        current_actor(), id, offset_bytes, Body(), size_bytes=request.content_length, checksum=checksum
    )
    metrics().uploaded_bytes.inc(upload.offset_bytes - offset_bytes)
    return upload


def _answer(status: int, upload: ResumableUpload, **headers: str) -> Response:
    response = current_app.response_class(status=status)
    response.headers["Upload-Offset"] = str(upload.offset_bytes)
    if upload.document_id is None:
        response.headers["Upload-Expires"] = http_date(upload.expires_at)
    else:
        response.headers["Ecm-Document"] = str(upload.document_id)
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _card(tx: UnitOfWork, told: dict[str, str]) -> Card:
    """The card that an upload's metadata names. Invalid; NotFound."""
    if "card" in told:
        return tx.cards.get(told["card"])
    if "deal" not in told:
        raise Invalid("deal", "the id of a deal (or of a card, as card), in Upload-Metadata")
    return tx.deals.get(told["deal"])


def _require_piece() -> None:
    if request.mimetype != PIECE:
        raise UnsupportedMediaType(f"the body should be {PIECE}")


def _read_number(name: str) -> int:
    value = request.headers.get(name, "")
    if not _NUMBER.fullmatch(value):
        raise BadRequest(f"the header {name} should be a number of bytes")
    return int(value)


def _read_checksum() -> Checksum | None:
    """What `Upload-Checksum` promises: an algorithm, a space, and the digest in Base64."""
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _, encoded = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadRequest("the algorithm of Upload-Checksum should be one of " + ", ".join(ALGORITHMS))
    try:
        return Checksum(algorithm, base64.b64decode(encoded.strip(), validate=True))
    except binascii.Error:
        raise BadRequest("Upload-Checksum should be an algorithm and a digest in Base64") from None
