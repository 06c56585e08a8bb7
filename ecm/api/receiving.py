"""Bytes in over HTTP: a raw body or a form becomes a staged file, and that a document or a version, once.

A declared size is reserved before a byte of the body is read; no transaction is open while it comes.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import request
from werkzeug.exceptions import HTTPException

from ecm.access import Actor
from ecm.api.authentication import current_actor, library
from ecm.api.errors import BrokenBody
from ecm.api.forms import ENVELOPE_MOST_BYTES, FormReader
from ecm.api.metrics import metrics
from ecm.api.shown import Json
from ecm.app import Ecm
from ecm.documents import check_kind, clean_tags
from ecm.errors import EcmError, Invalid, Taken
from ecm.models import Document, Version
from ecm.staging import StagedFile, new_key
from ecm.storage.errors import Corrupt, StorageError
from ecm.texts import clean_line
from ecm.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)

UNNAMED = "file"


@dataclass(frozen=True, slots=True)
class Received:
    """A file that came in, staged, with what was said of it: `title`, `kind`, `tags`, where said."""

    staged: StagedFile
    facts: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Storing:
    """How one kind of upload becomes part of the database.

    `check` says no before the body is read; `attach` makes the row; `show` answers with it. Each is
    called in a transaction. `facts` are the names of what may be said of the file.
    """

    check: Callable[[UnitOfWork], object]
    attach: Callable[[UnitOfWork, Received], Document]
    show: Callable[[UnitOfWork, Document, Version], Json]
    facts: tuple[str, ...]


class Body:
    """The request's body as a `Source`. BrokenBody when the client goes away."""

    def read(self, size: int, /) -> bytes:
        """The next bytes."""
        try:
            data: bytes = request.stream.read(size)
        except (OSError, HTTPException) as error:
            raise BrokenBody("the body ended before it was whole") from error
        return data


def store(storing: Storing, told: Json, key: str | None) -> Json:
    """Take the request's body in and answer with what became of it. With an idempotency `key` a repeated
    request, also one at the same time, is answered with what the first one made."""
    app, actor = library(), current_actor()
    fingerprint = _fingerprint()
    with app.begin(actor) as tx:
        storing.check(tx)
        if key is not None and (earlier := tx.documents.remembered(key, fingerprint)) is not None:
            return storing.show(tx, tx.documents.get(earlier.document_id), earlier)
    received = receive(app, actor, told, storing.facts)
    try:
        with app.begin(actor) as tx:
            document = storing.attach(tx, received)
            if key is not None:
                tx.documents.remember(key, fingerprint, document)
            answer = storing.show(tx, document, document.current)
    except BaseException as error:
        give_up(app, received.staged)
        if isinstance(error, Taken) and key is not None:
            with app.begin(actor) as tx:
                earlier = tx.documents.remembered(key, fingerprint)
                if earlier is not None:
                    return storing.show(tx, tx.documents.get(earlier.document_id), earlier)
        raise
    metrics().uploaded_bytes.inc(received.staged.size_bytes)
    return answer


def receive(app: Ecm, actor: Actor, told: Json, allowed: tuple[str, ...]) -> Received:
    """Stage the file in the request's body. What cannot be taken is refused as early as it is known;
    nothing is kept of a refused one."""
    facts = _check_facts({name: told[name] for name in allowed if name in told})
    if request.mimetype == "multipart/form-data":
        return _receive_form(app, actor, facts, allowed)
    name = told.get("filename") or UNNAMED
    return Received(app.stage(actor, Body(), filename=name, size_bytes=request.content_length), facts)


def give_up(app: Ecm, staged: StagedFile) -> None:
    """Free what is not going to be attached, while the reason for that is on its way to the client."""
    try:
        app.discard(staged)
    except (EcmError, StorageError):
        logger.warning("a staged file was left to the sweep", exc_info=True)


def _receive_form(app: Ecm, actor: Actor, told: Json, allowed: tuple[str, ...]) -> Received:
    boundary = request.mimetype_params.get("boundary", "")
    if not 1 <= len(boundary) <= 70 or not boundary.isascii():
        raise BrokenBody("a form needs a boundary")
    if request.content_length is not None and request.content_length > ENVELOPE_MOST_BYTES:
        _refuse_hopeless(app, actor, request.content_length - ENVELOPE_MOST_BYTES)
    form = FormReader(Body(), boundary.encode())
    filename = form.find_file() or UNNAMED
    declared = _declared_bytes(form.fields)
    _facts_of(form.fields, allowed)
    staged = app.stage(actor, form, filename=filename, size_bytes=declared)
    try:
        form.finish()
        facts = told | _facts_of(form.fields, allowed)
        declared = _declared_bytes(form.fields)
        if declared is not None and declared != staged.size_bytes:
            raise Corrupt(staged.key, "size_bytes", declared, staged.size_bytes)
    except BaseException:
        give_up(app, staged)
        raise
    return Received(staged, facts)


def _refuse_hopeless(app: Ecm, actor: Actor, least_bytes: int) -> None:
    """QuotaExceeded when not even the least that a form's file can be would fit."""
    with app.begin(actor) as tx:
        available_bytes = tx.tariffs.quota().available_bytes
    if available_bytes is not None and least_bytes > available_bytes:
        # Reserving tells for sure: it frees what died first, and it knows all the figures.
        storage, key = app.staging.quota_storage(actor), new_key(actor.company_id)
        storage.abort(key, storage.begin(key, size_bytes=least_bytes))


def _facts_of(fields: dict[str, list[str]], allowed: tuple[str, ...]) -> Json:
    """What a form's fields say of its file. Invalid names a field that is unknown, twice there, or wrong."""
    facts: dict[str, Any] = {}
    for name, values in fields.items():
        if name == "tags" and name in allowed:
            facts[name] = values
        elif name not in (*allowed, "size_bytes"):
            raise Invalid(name, "no such field")
        elif len(values) > 1:
            raise Invalid(name, "one value")
        elif name != "size_bytes":
            facts[name] = values[0]
    return _check_facts(facts)


def _check_facts(facts: Json) -> Json:
    """The facts, cleaned. Invalid names a wrong one."""
    checked = dict(facts)
    if checked.get("title") == "":
        del checked["title"]  # a form's empty field; the file's name will do
    if "title" in checked:
        checked["title"] = clean_line("title", checked["title"])
    if "kind" in checked:
        checked["kind"] = check_kind(checked["kind"])
    if "tags" in checked:
        checked["tags"] = clean_tags(checked["tags"])
    return checked


def _declared_bytes(fields: dict[str, list[str]]) -> int | None:
    values = fields.get("size_bytes")
    if values is None:
        return None
    if len(values) != 1 or not (values[0].isascii() and values[0].isdigit() and len(values[0]) <= 18):
        raise Invalid("size_bytes", "a number of bytes")
    return int(values[0])


def _fingerprint() -> str:
    """What tells one request from another, as far as it is known before the body is read."""
    parts = [request.method, request.path, request.query_string.decode("latin-1"), request.mimetype]
    if request.mimetype != "multipart/form-data":
        parts.append(str(request.content_length))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
