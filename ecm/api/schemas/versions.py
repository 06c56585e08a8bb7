"""The shapes of documents' versions."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, DateTime, Integer, List, Nested, String

from ecm.api.schemas import PageOut


class VersionQuery(Schema):
    """What is said of a raw body that is a version."""

    filename = String()


class VersionOut(Schema):
    """One upload of a document's content."""

    document = String(required=True)
    version = Integer(required=True)
    current = Boolean(required=True)
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


class VersionPage(PageOut):
    """A document's versions, the newest first."""

    items = List(Nested(VersionOut), required=True)
