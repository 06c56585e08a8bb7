"""Which media types can be shown, by the family that draws them. Nothing heavy is imported here."""

from __future__ import annotations

PDF = frozenset({"application/pdf"})

IMAGES = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/tiff": "TIFF",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/x-ms-bmp": "BMP",
    "image/avif": "AVIF",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
}
"""Media types and the one format, as Pillow calls it, that a file of the type is opened as. No SVG: it is
drawn by what may fetch and run things. No EPS: Pillow would start Ghostscript."""

DXF = frozenset({"image/vnd.dxf", "image/x-dxf", "application/dxf"})

TEXT = frozenset(
    {
        "text/plain",
        "text/csv",
        "text/tab-separated-values",
        "text/markdown",
        "text/xml",
        "application/xml",
        "application/json",
    }
)

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."

OFFICE = {
    "application/msword": ("doc", "writer"),
    _WORD + "document": ("docx", "writer"),
    _WORD + "template": ("dotx", "writer"),
    "application/vnd.ms-word.document.macroenabled.12": ("docm", "writer"),
    "application/vnd.ms-word.template.macroenabled.12": ("dotm", "writer"),
    "application/rtf": ("rtf", "writer"),
    "text/rtf": ("rtf", "writer"),
    _OPEN_DOCUMENT + "text": ("odt", "writer"),
    "application/vnd.ms-excel": ("xls", "calc"),
    _SHEET + "sheet": ("xlsx", "calc"),
    _SHEET + "template": ("xltx", "calc"),
    "application/vnd.ms-excel.sheet.macroenabled.12": ("xlsm", "calc"),
    "application/vnd.ms-excel.template.macroenabled.12": ("xltm", "calc"),
    "application/vnd.ms-excel.sheet.binary.macroenabled.12": ("xlsb", "calc"),
    _OPEN_DOCUMENT + "spreadsheet": ("ods", "calc"),
    "application/vnd.ms-powerpoint": ("ppt", "impress"),
    _SLIDES + "presentation": ("pptx", "impress"),
    _SLIDES + "slideshow": ("ppsx", "impress"),
    _SLIDES + "template": ("potx", "impress"),
    "application/vnd.ms-powerpoint.presentation.macroenabled.12": ("pptm", "impress"),
    "application/vnd.ms-powerpoint.slideshow.macroenabled.12": ("ppsm", "impress"),
    _OPEN_DOCUMENT + "presentation": ("odp", "impress"),
}
"""Media types that LibreOffice makes a PDF of: the ending that tells it the format, and the part of it that
does. No HTML: it may ask for other files and addresses."""

_QUICK = PDF | IMAGES.keys() | TEXT


def is_drawn(media_type: str) -> bool:
    """Whether there can be pictures of files of a type."""
    return media_type in OFFICE or media_type in DXF or media_type in _QUICK


def is_quick(media_type: str) -> bool:
    """Whether a page of such a file is drawn while somebody waits: in a tenth of a second, mostly."""
    return media_type in _QUICK
