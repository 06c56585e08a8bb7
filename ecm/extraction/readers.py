"""The formats that can be read: the one list. To add a format, write its file and name it here."""

from __future__ import annotations

from .archives import ArchiveExtractor
from .content_lines import ContentLinesExtractor
from .dxf import DxfExtractor
from .epub import EpubExtractor
from .html import HtmlExtractor
from .images import ImageExtractor
from .interface import Extractor
from .mail import MailExtractor
from .mailboxes import MailboxExtractor
from .office_xml import OfficeXmlExtractor
from .opendocument import OpenDocumentExtractor
from .outlook import OutlookExtractor
from .pdf import PdfExtractor
from .plain_text import PlainTextExtractor
from .powerpoint_binary import PowerPointExtractor
from .protected_office import ProtectedOfficeExtractor
from .rich_text import RichTextExtractor
from .spreadsheets import SpreadsheetExtractor
from .spreadsheets_binary import BinaryPackageExtractor, BinaryWorkbookExtractor
from .svg import SvgExtractor
from .tnef import TnefExtractor
from .visio import VisioExtractor
from .word_binary import WordExtractor
from .xps import XpsExtractor


def make_extractors() -> tuple[Extractor, ...]:
    """Return a reader of each family; no two take the same media type."""
    return (
        PdfExtractor(),
        OfficeXmlExtractor(),
        OpenDocumentExtractor(),
        VisioExtractor(),
        XpsExtractor(),
        SpreadsheetExtractor(),
        WordExtractor(),
        PowerPointExtractor(),
        BinaryWorkbookExtractor(),
        BinaryPackageExtractor(),
        ProtectedOfficeExtractor(),
        RichTextExtractor(),
        OutlookExtractor(),
        TnefExtractor(),
        HtmlExtractor(),
        PlainTextExtractor(),
        ArchiveExtractor(),
        MailExtractor(),
        MailboxExtractor(),
        EpubExtractor(),
        SvgExtractor(),
        ContentLinesExtractor(),
        ImageExtractor(),
        DxfExtractor(),
    )
