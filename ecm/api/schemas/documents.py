"""The shapes of documents: stored, listed, changed, thrown away."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, DateTime, Integer, List, Nested, Raw, String
from apiflask.validators import OneOf

from ecm.api.schemas import PageOut
from ecm.documents import KINDS


class CardRef(Schema):
    """A card by title."""

    id = String(required=True)
    kind = String(required=True)
    title = String(required=True)


class DocumentOut(Schema):
    """A document, with what its current version holds."""

    id = String(required=True)
    title = String(required=True)
    kind = String(required=True, validate=OneOf(KINDS))
    tags = List(String(), required=True)
    cards = List(Nested(CardRef), required=True)
    version = Integer(required=True)
    size_bytes = Integer(required=True)
    media_type = String(required=True)
    sha256 = String(required=True)
    filename = String(required=True)
    uploaded_by = String(required=True)
    uploaded_by_name = String(required=True, allow_none=True)
    uploaded_at = DateTime(required=True)
    text_state = String(required=True)
    text_reason = String(required=True, allow_none=True)
    preview_state = String(required=True)
    preview_pages = Integer(required=True, allow_none=True)
    preview_reason = String(required=True, allow_none=True)
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)
    trashed_at = DateTime(required=True, allow_none=True)
    trashed_by = String(required=True, allow_none=True)
    trashed_by_name = String(required=True, allow_none=True)


class DocumentPage(PageOut):
    """Documents, the newest first."""

    items = List(Nested(DocumentOut), required=True)


class Duplicate(Schema):
    """Another document of the company with the same content."""

    id = String(required=True)
    title = String(required=True)
    cards = List(Nested(CardRef), required=True)


class StoredOut(DocumentOut):
    """A document that was just stored."""

    duplicates = List(Nested(Duplicate), required=True)


class DocumentChange(Schema):
    """What to change of a document. `cards` are the ids of all cards that it is to be on."""

    title = String()
    kind = String()
    tags = List(String())
    cards = List(String())


class UploadQuery(Schema):
    """What is said of a raw body."""

    filename = String()
    title = String()
    kind = String()
    tags = List(String())


class UploadForm(Schema):
    """A form with a file. `size_bytes` before it makes the limit exact to the byte."""

    size_bytes = String()
    title = String()
    kind = String()
    tags = List(String())
    file = Raw(required=True, metadata={"type": "string", "format": "binary"})


class IdempotencyHeader(Schema):
    """A repeated request with the same key is answered as the first was."""

    key = String(data_key="Idempotency-Key")


class DeletionQuery(Schema):
    """To the trash, or for good."""

    purge = Boolean(load_default=False)


class EmptiedOut(Schema):
    """What emptying the trash has freed."""

    purged = Integer(required=True)
    freed_bytes = Integer(required=True)
