"""The formats that can be read: the one list. To add a format, write its file and name it here."""

from __future__ import annotations

from .archives import ArchiveExtractor
from .html import HtmlExtractor
from .interface import Extractor
from .mail import MailExtractor
from .mailboxes import MailboxExtractor
from .office_xml import OfficeXmlExtractor
from .opendocument import OpenDocumentExtractor
from .pdf import PdfExtractor
from .plain_text import PlainTextExtractor
from .spreadsheets import SpreadsheetExtractor


def make_extractors() -> tuple[Extractor, ...]:
    """Return a reader of each family; no two take the same media type."""
    return (
        PdfExtractor(),
        OfficeXmlExtractor(),
        OpenDocumentExtractor(),
        SpreadsheetExtractor(),
        HtmlExtractor(),
        PlainTextExtractor(),
        ArchiveExtractor(),
        MailExtractor(),
        MailboxExtractor(),
    )
