"""A document's content and its text, out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any, cast
from urllib.parse import quote

from apiflask import APIBlueprint
from flask import Response, current_app, request
from werkzeug.wsgi import wrap_file

from ecm.access import Actor
from ecm.api.authentication import current_actor, library
from ecm.api.errors import ContentDamaged, WrongRange
from ecm.api.metrics import metrics
from ecm.api.schemas.content import ContentQuery, TextQuery
from ecm.app import Ecm
from ecm.models import Version
from ecm.storage.errors import Corrupt, NotFound
from ecm.storage.interface import CHUNK_BYTES, BlobReader

blueprint = APIBlueprint("content", __name__, url_prefix="/api/v1")

RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.ASCII | re.IGNORECASE)
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
INLINE = {
    # A browser's own viewer of PDFs does not open in a sandbox; its scripts never run as a page of ours.
    "application/pdf": "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'",
    "image/avif": SANDBOX,
    "image/bmp": SANDBOX,
    "image/gif": SANDBOX,
    "image/jpeg": SANDBOX,
    "image/png": SANDBOX,
    "image/webp": SANDBOX,
    "text/plain": SANDBOX,
}
"""What a browser may show in place, and under which policy. Neither SVG nor HTML: they can hold scripts."""

BINARY = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
CONTENT_ANSWERS: dict[int | str, Any] = {
    200: {"description": "The content", "content": BINARY},
    206: {"description": "The range that was asked for", "content": BINARY},
    304: "It is what If-None-Match says",
    416: "There is no such range",
}
TEXT_ANSWERS: dict[int | str, Any] = {
    200: {"description": "The text", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


@blueprint.get("/documents/<id>/content")
@blueprint.input(ContentQuery, location="query")
@blueprint.doc(responses=CONTENT_ANSWERS)
def get(id: str, query_data: dict[str, Any]) -> Response:
    """A document's content, by default of its current version, as a whole or a range of it."""
    app, actor = library(), current_actor()
    with app.begin(actor) as tx:
        version = tx.documents.versions.get(tx.documents.get(id), query_data["version"])
    headers = _headers(version, inline=query_data["inline"])
    if request.if_none_match.contains_weak(version.sha256):
        return current_app.response_class(status=304, headers=_without_content(headers))
    span = _asked_range(version)
    start, stop = span or (0, version.size_bytes)
    headers["Content-Length"] = str(stop - start)
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{version.size_bytes}"
    status = 200 if span is None else 206
    if request.method == "HEAD":
        return current_app.response_class(status=status, headers=headers)
    reader = _open(app, actor, version, start, stop - start)
    is_file = app.storage.capabilities.seekable_files
    # The server sends a real file from where it stands by itself, without its bytes passing through here.
    body = wrap_file(request.environ, cast(IO[bytes], reader), CHUNK_BYTES) if is_file else Chunks(reader)
    metrics().downloaded_bytes.inc(stop - start)
    return current_app.response_class(body, status=status, headers=headers, direct_passthrough=True)


@blueprint.get("/documents/<id>/text")
@blueprint.input(TextQuery, location="query")
@blueprint.doc(responses=TEXT_ANSWERS)
def text(id: str, query_data: dict[str, Any]) -> Response:
    """The text that was found in a document; empty while there is none (`text_state` says why)."""
    with library().begin(current_actor()) as tx:
        version = tx.documents.versions.get(tx.documents.get(id), query_data["version"])
        found = tx.documents.text(version)
    response = current_app.response_class(found, content_type="text/plain; charset=utf-8")
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Ecm-Text-State"] = version.text_state
    return response


class Chunks:
    """A reader as the body of a response; closed with it, also when the client goes away."""

    def __init__(self, reader: BlobReader) -> None:
        self._reader = reader

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._reader.read(CHUNK_BYTES):
            yield chunk

    def close(self) -> None:
        """Close the reader."""
        self._reader.close()


def _open(app: Ecm, actor: Actor, version: Version, start: int, length_bytes: int) -> BlobReader:
    try:
        return app.read_version(actor, version, start=start, length_bytes=length_bytes)
    except (NotFound, Corrupt) as error:
        raise ContentDamaged(version.document_id, version.number) from error


def _headers(version: Version, *, inline: bool) -> dict[str, str]:
    policy = INLINE.get(version.media_type) if inline else None
    return {
        "Content-Type": version.media_type,
        "Content-Disposition": _disposition("attachment" if policy is None else "inline", version.filename),
        "Content-Security-Policy": SANDBOX if policy is None else policy,
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{version.sha256}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
    }


def _without_content(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name in ("ETag", "Cache-Control")}


def _disposition(how: str, filename: str) -> str:
    """A file's name in any script (RFC 6266), with a plain one for those who know no better."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in filename)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _asked_range(version: Version) -> tuple[int, int] | None:
    """The first byte and the one after the last of the range that was asked for; None for the whole.

    RFC 9110: a range that can't be read, several at once, and one of another state of the content
    (If-Range) may be answered with the whole. WrongRange when no byte is in it.
    """
    asked = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if request.method != "GET" or asked is None:
        return None
    if "If-Range" in request.headers and request.if_range.etag != version.sha256:
        return None
    first, last = (int(digits) if digits else None for digits in asked.groups())
    size_bytes = version.size_bytes
    if first is None:
        if last is None:
            return None
        start, stop = max(0, size_bytes - last), size_bytes
    else:
        start, stop = first, size_bytes if last is None else min(last + 1, size_bytes)
        if last is not None and last < first:
            return None
    if start >= stop:
        raise WrongRange(size_bytes)
    return start, stop
