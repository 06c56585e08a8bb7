"""What kind of file it is, found from its content.

libmagic finds it; for text, zip and OLE files, where it is known to be wrong, its word is corrected here. The
name of a file decides only between kinds that the content allows. A charset is never told: libmagic takes
every Cyrillic one for iso-8859-1.
"""

from __future__ import annotations

import csv
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

import magic

from ecm.extraction.ole_directory import Read, names_at_the_top
from ecm.extraction.unicode_text import unicode_encoding

EMPTY = "application/x-empty"
UNKNOWN = "application/octet-stream"

_HEAD_BYTES = 1024 * 1024
_TEXT_HEAD_BYTES = 64 * 1024
_TEXT_BEGINNING_BYTES = 1024
_ZIP_START = b"PK\x03\x04"
_DXF = re.compile(
    rb"AutoCAD Binary DXF\r\n\x1a\x00"
    rb"|\s*(?:999\r?\n[^\n]*\n\s*)*0\s*\n\s*SECTION\s*\n\s*2\s*\n\s*"
    rb"(?:HEADER|CLASSES|TABLES|BLOCKS|ENTITIES|OBJECTS)\s"
)
_OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml."
_VISIO = "application/vnd.ms-visio."
# Of zip files: the folder that tells the program, and the type by extension; the first is the usual one.
_OFFICE_FOLDERS: dict[str, dict[str, str]] = {
    "word/": {
        "docx": _WORD + "document",
        "dotx": _WORD + "template",
        "docm": "application/vnd.ms-word.document.macroenabled.12",
        "dotm": "application/vnd.ms-word.template.macroenabled.12",
    },
    "xl/": {
        "xlsx": _SHEET + "sheet",
        "xltx": _SHEET + "template",
        "xlsm": "application/vnd.ms-excel.sheet.macroenabled.12",
        "xltm": "application/vnd.ms-excel.template.macroenabled.12",
        "xlsb": "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    },
    "ppt/": {
        "pptx": _SLIDES + "presentation",
        "ppsx": _SLIDES + "slideshow",
        "potx": _SLIDES + "template",
        "pptm": "application/vnd.ms-powerpoint.presentation.macroenabled.12",
        "ppsm": "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
    },
    "visio/": {
        "vsdx": _VISIO + "drawing",
        "vstx": _VISIO + "template",
        "vssx": _VISIO + "stencil",
        "vsdm": _VISIO + "drawing.macroenabled.12",
        "vstm": _VISIO + "template.macroenabled.12",
        "vssm": _VISIO + "stencil.macroenabled.12",
    },
}
# Printed pages: told by the endings of their parts, whose names and folders differ.
_PAGES = {"xps": "application/vnd.ms-xpsdocument", "oxps": "application/oxps"}
_PAGE_ENDINGS = (".fdseq", ".fdoc", ".fpage")
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_OFFICE_BY_EXTENSION = {name: kind for kinds in _OFFICE_FOLDERS.values() for name, kind in kinds.items()}
_ZIP_BY_EXTENSION = {
    **_OFFICE_BY_EXTENSION,
    **_PAGES,
    "odt": _OPEN_DOCUMENT + "text",
    "ods": _OPEN_DOCUMENT + "spreadsheet",
    "odp": _OPEN_DOCUMENT + "presentation",
    "odg": _OPEN_DOCUMENT + "graphics",
}
# Of OLE files: the stream that tells the program.
_OLE_BY_STREAM = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "__properties_version1.0": "application/vnd.ms-outlook",
    "VisioDocument": "application/vnd.visio",
}
_OLE_ENCRYPTED = "EncryptedPackage"  # in it is the zip file of an office document
_ENCRYPTED = "application/encrypted"
_OLE_BY_EXTENSION = {
    "doc": "application/msword",
    "dot": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "pps": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
    "vsd": "application/vnd.visio",
}
_FORMATS = {
    **{
        media_type: name
        for name, media_type in reversed((*_ZIP_BY_EXTENSION.items(), *_OLE_BY_EXTENSION.items()))
    },
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "text/rtf": "rtf",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/xml": "xml",
    "application/xml": "xml",
    "application/json": "json",
    "message/rfc822": "eml",
    "application/vnd.ms-tnef": "tnef",
    "application/mbox": "mbox",
    "application/epub+zip": "epub",
    "application/zip": "zip",
    "application/x-7z-compressed": "7z",
    "application/x-tar": "tar",
    "application/gzip": "gz",
    "application/x-rar": "rar",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "image/webp": "webp",
    "image/tiff": "tiff",
    "image/heic": "heic",
    "image/heif": "heic",
    "image/svg+xml": "svg",
    "image/vnd.dxf": "dxf",
    "image/vnd.dwg": "dwg",
}
_ENDING = re.compile(r"[a-z0-9]{1,8}")
_RICH_TEXT = re.compile(rb"[\s\xef\xbb\xbf]{0,64}\{\\rtf")
_OLE_UNTOLD = frozenset(
    {"application/x-ole-storage", "application/cdfv2", "application/vnd.ms-office", UNKNOWN}
)

# Names under which people keep prose and tables; code has others.
_PROSE = frozenset({"", "txt", "text", "log", "md", "markdown", "csv", "tsv", "tab", "asc"})
_MARKUP = frozenset({"html", "htm", "xhtml", "xml", "svg", "eml", "json"})
_TEXTUAL = frozenset(
    {"message/rfc822", "message/news", "image/svg+xml", "application/xml", "application/json"}
)
_NOT_TEXT_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# What may stand before the first element: byte order marks (read as Latin letters), blanks, comments, types.
_PROLOG = re.compile(
    r"[\s\u00ef\u00bb\u00bf\u00ff\u00fe]+|<\?.*?\?>|<!--.*?(?:-->|\Z)|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>",
    re.DOTALL | re.IGNORECASE,
)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w-]*)")
_TAG = re.compile(r"</?(?:html|head|body|title|table|div|span|p|br|h[1-6]|ul|a)\b[^>]*>", re.IGNORECASE)
_MAIL_FIELD = re.compile(r"([!-9;-~]+):")
_MAIL_FIELDS = frozenset(
    {"from", "to", "cc", "subject", "date", "received", "message-id", "mime-version", "content-type"}
    | {"return-path", "delivered-to", "reply-to", "dkim-signature", "x-mailer", "sender"}
)
_MAIL_TRACES = frozenset({"received", "message-id", "mime-version"})  # fields that nobody writes by hand


def format_of(media_type: str, filename: str) -> str:
    """Return the short name of a format, by which people narrow a search: ``pdf``, ``docx``, ``jpg``.

    Of a type that has no such name it is the ending of the file name, or ``other``.
    """
    if known := _FORMATS.get(media_type.lower()):
        return known
    ending = PurePath(filename).suffix.lstrip(".").lower()
    return ending if _ENDING.fullmatch(ending) else "other"


class MediaTypeDetector:
    """Finds media types; one for an application, safe to share between threads."""

    def __init__(self) -> None:
        # One handle holds libmagic's compiled rules; python-magic locks it for each call.
        self._magic = magic.Magic(mime=True)

    def of_file(self, path: Path, filename: str) -> str:
        """Return the media type of a file on this machine, named ``filename`` by people.

        An empty file is ``application/x-empty``, an unknown one ``application/octet-stream``. Raises OSError.
        """
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)

            def read(place: int, size: int) -> bytes:
                file.seek(place)
                return file.read(size)

            return self._of(head, filename, lambda: self._magic.from_file(str(path)), read)

    def of_bytes(self, head: bytes, filename: str) -> str:
        """Return the media type of a file of which only its first bytes are at hand, 1 MiB or the whole.

        Where the kind of an office document stands further on, the name decides, among kinds that such a file
        can be of.
        """

        def read(place: int, size: int) -> bytes:
            return head[place : place + size]

        return self._of(head, filename, lambda: self._magic.from_buffer(head), read)

    def _of(self, head: bytes, filename: str, ask: Callable[[], str], read: Read) -> str:
        if not head:
            return EMPTY
        beginning = head[:_TEXT_BEGINNING_BYTES]
        try:
            # Text that goes on costs libmagic 2 ms and tells no more; binary formats need all there is.
            is_text = not _NOT_TEXT_BYTES.search(beginning)
            found = str(self._magic.from_buffer(beginning) if is_text else ask()).lower()
        except magic.MagicException:
            found = UNKNOWN
        extension = PurePath(filename).suffix.lstrip(".").lower()
        if head.startswith(_ZIP_START):
            return _zip_type(found, head, extension)
        if head.startswith(_OLE_START):
            return _ole_type(found, names_at_the_top(read), extension)
        if _DXF.match(head[:_TEXT_HEAD_BYTES]):
            return "image/vnd.dxf"
        if _RICH_TEXT.match(head):
            return "text/rtf"
        if _may_be_text(found, head, extension):
            return _text_type(found, head, extension)
        return found


def _zip_type(found: str, head: bytes, extension: str) -> str:
    """Tell office documents apart by their parts; libmagic looks at the first few only."""
    names: set[str] = set()
    for name, stored in _zip_parts(head):
        if name == "mimetype" and re.fullmatch(rb"application/[a-z0-9.+-]+", stored):
            return stored.decode()
        names.add(name)
    if "xl/workbook.bin" in names:
        return _OFFICE_BY_EXTENSION["xlsb"]
    for folder, kinds in _OFFICE_FOLDERS.items():
        if any(name.startswith(folder) for name in names):
            return kinds.get(extension) or (found if found in kinds.values() else next(iter(kinds.values())))
    if any(name.lower().endswith(_PAGE_ENDINGS) for name in names):
        return _PAGES.get(extension, _PAGES["xps"])
    if found in ("application/zip", UNKNOWN) and len(head) >= _HEAD_BYTES:
        # The parts that tell are further on than what is at hand.
        return _ZIP_BY_EXTENSION.get(extension, "application/zip")
    return "application/zip" if found == UNKNOWN else found


def _ole_type(found: str, names: frozenset[str], extension: str) -> str:
    """Tell older office documents, and encrypted newer ones, by their streams; else, as libmagic does."""
    if _OLE_ENCRYPTED in names:
        return _OFFICE_BY_EXTENSION.get(extension, _ENCRYPTED)
    for name, media_type in _OLE_BY_STREAM.items():
        if name in names:
            return media_type
    return _OLE_BY_EXTENSION.get(extension, found) if found in _OLE_UNTOLD else found


def _zip_parts(head: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the stored bytes of the parts that begin in the head of a zip file.

    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7 (local file header).
    """
    offset = 0
    while head.startswith(_ZIP_START, offset) and len(head) >= offset + 30:
        flags, size, name_length, extra_length = struct.unpack_from("<2xH10xI4xHH", head, offset + 4)
        start = offset + 30 + name_length + extra_length
        name = head[offset + 30 : offset + 30 + name_length].decode("utf-8", "replace")
        yield name, head[start : start + size] if size < 256 else b""
        offset = start + size
        if flags & 0x8 and not head.startswith(_ZIP_START, offset):
            offset = head.find(_ZIP_START, start)  # the size is written behind the part
        if offset < 0:
            return


def _may_be_text(found: str, head: bytes, extension: str) -> bool:
    if found.startswith("text/") or found in _TEXTUAL:
        return True
    # Letters of the older encodings can look like the two bytes by which some binary formats are known.
    weak = found in (UNKNOWN, "application/x-dosexec") or found.startswith(("audio/", "video/"))
    if not weak:
        return False
    encoding = unicode_encoding(head[:_TEXT_HEAD_BYTES], cut=len(head) > _TEXT_HEAD_BYTES)
    if _NOT_TEXT_BYTES.search(head[:_TEXT_HEAD_BYTES]) and not (encoding or "").startswith("utf-16"):
        return False
    return extension in _PROSE - {""} or extension in _MARKUP or encoding is not None


def _text_type(found: str, head: bytes, extension: str) -> str:
    if not (found.startswith("text/") or found in _TEXTUAL):
        found = "text/plain"
    # What matters here is in ASCII in every encoding, once the zeros of UTF-16 are out of the way.
    text = head[:_TEXT_HEAD_BYTES].replace(b"\x00", b"").decode("latin-1")
    root = _root_element(text)
    if root == "svg":
        return "image/svg+xml"
    if _is_mail(text, strictly=extension not in ("eml", "mbox")):
        return "application/mbox" if text.startswith("From ") else "message/rfc822"
    if root in ("html", "head", "body") or (extension in ("html", "htm", "xhtml") and _TAG.search(text)):
        return "text/html"
    if extension in ("tsv", "tab") and found in ("text/plain", "text/csv"):
        return "text/tab-separated-values"
    if extension == "csv" and found in ("text/plain", "text/csv"):
        return "text/csv"
    if extension in ("md", "markdown") and found != "application/json":
        return "text/markdown"
    if found == "text/csv":
        return "text/csv" if _is_table(text) else "text/plain"
    if found == "text/plain" and extension not in _PROSE - {""} | _MARKUP and _is_table(text):
        return "text/csv"
    if found in ("image/svg+xml", "message/rfc822", "message/news"):
        return "text/xml" if root else "text/plain"
    if found.startswith("text/x-") and extension in _PROSE:
        return "text/plain"
    return found


def _root_element(text: str) -> str | None:
    """Return the local name of the first element if the text begins with one, or with comments before it."""
    place = 0
    while prolog := _PROLOG.match(text, place):
        place = prolog.end()
    element = _ROOT.match(text, place)
    return element[1].lower() if element else None


def _is_mail(text: str, *, strictly: bool) -> bool:
    """Say whether the text begins with header fields of mail (RFC 5322, 2.2), well known ones among them."""
    known: set[str] = set()
    for line in text.split("\n", 200)[:200]:
        line = line.rstrip("\r")
        if not line:
            break
        if line[0] in " \t" and known:
            continue
        field = _MAIL_FIELD.match(line)
        if not field and line.startswith("From ") and not known:
            continue  # the line that mbox puts before a message
        if not field:
            return False
        known.add(field[1].lower())
    found = len(known & _MAIL_FIELDS)
    return found >= 3 and bool(known & _MAIL_TRACES) if strictly else found >= 2


def _is_table(text: str) -> bool:
    """Say whether every line has as many cells as the first, and they read as cells and not as sentences."""
    if re.search(r"[^\s,], [^\s,]", text):
        return False
    lines = text.strip().split("\n", 50)[:50]
    for delimiter in ";\t,|":
        widths = {len(row) for row in csv.reader(lines, delimiter=delimiter) if row}
        if len(widths) == 1 and widths.pop() > 1 and len(lines) > 1:
            return True
    return False
