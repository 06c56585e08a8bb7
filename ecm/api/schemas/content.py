"""The shapes of what is asked of contents, texts and pictures of pages."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, Integer, String
from apiflask.validators import Range


class ContentQuery(Schema):
    """Which content, and how."""

    version = String(load_default=None)
    inline = Boolean(load_default=False)


class TextQuery(Schema):
    """Which version's text."""

    version = String(load_default=None)


class PreviewQuery(Schema):
    """Which page, and how wide: the picture has the next width of 240, 800 and 1600 pixels."""

    page = Integer(load_default=1, validate=Range(min=1, max=10**6))
    width = Integer(load_default=800, validate=Range(min=1, max=10**6))
    version = String(load_default=None)


class PreviewPending(Schema):
    """There is no picture yet. Ask again after `Retry-After` seconds."""

    preview_state = String(required=True)
