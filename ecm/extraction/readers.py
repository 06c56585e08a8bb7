"""The formats that can be read: the one list. To add a format, write its file and name it here."""

from __future__ import annotations

from .interface import Extractor
from .office_xml import OfficeXmlExtractor
from .pdf import PdfExtractor
from .plain_text import PlainTextExtractor


def make_extractors() -> tuple[Extractor, ...]:
    """Return a reader of each family; no two take the same media type."""
    return (PdfExtractor(), OfficeXmlExtractor(), PlainTextExtractor())
