"""The formats that can be drawn: the one list. To add a format, write its file and name it here."""

from __future__ import annotations

from .dxf import DxfRenderer
from .images import ImageRenderer
from .interface import Renderer
from .pdf import PdfRenderer
from .plain_text import PlainTextRenderer


def make_renderers() -> tuple[Renderer, ...]:
    """Return a renderer of each family; no two take the same media type."""
    return (PdfRenderer(), ImageRenderer(), DxfRenderer(), PlainTextRenderer())
