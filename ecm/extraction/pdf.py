"""PDF, by PDFium: the text of pages, notes written on them, values of form fields, bookmarks."""

from __future__ import annotations

import ctypes
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from .interface import Found, Scan, Unreadable

if TYPE_CHECKING:
    from PIL.Image import Image

# How PDFium marks a hyphen at the end of a line, which the word itself does not have.
_BROKEN_WORD = re.compile("[\x02\ufffe]\\s*")
_PROPERTIES = ("Title", "Subject", "Keywords")
_NO_VALUE = frozenset({"", "untitled", "unspecified"})  # what programs write when they have nothing to say
_FIELD_TYPES_WITH_TEXT = (
    raw.FPDF_FORMFIELD_TEXTFIELD,
    raw.FPDF_FORMFIELD_COMBOBOX,
    raw.FPDF_FORMFIELD_LISTBOX,
)
# A page with fewer letters, of which so much is pictures, is a scan: a page number, or what an app that scans
# writes below.
_FEW_CHARACTERS = 40
_MOSTLY_PICTURE = 0.5
_MOST_OBJECTS = 1000  # of a page, looked at for that
_SCAN_DOTS_PER_INCH = 300
_SCAN_PIXELS = 12_000_000


class PdfExtractor:
    """PDF documents."""

    media_types = frozenset({"application/pdf"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[Found]:
        """Yield page by page the text, or a scan, with notes and form values; then bookmarks and properties.

        A text layer of nonsense is taken for text: whether it is, only a reader of the language knows.
        """
        try:
            document = pdfium.PdfDocument(path)
        except pdfium.PdfiumError as error:
            if error.err_code == raw.FPDF_ERR_PASSWORD:
                raise Unreadable("encrypted", "the file is protected by a password") from error
            raise Unreadable("damaged", "the file is damaged, or is no PDF") from error
        try:
            document.init_forms()
            for number in range(len(document)):
                yield from _read_page(document, number)
            for bookmark in document.get_toc():
                yield bookmark.get_title() + "\n"
            for name in _PROPERTIES:
                value = document.get_metadata_value(name)
                if value.lower() not in _NO_VALUE:
                    yield value + "\n"
        finally:
            document.close()


def _read_page(document: pdfium.PdfDocument, number: int) -> Iterator[Found]:
    try:
        page = document[number]
        text_page = page.get_textpage()
    except pdfium.PdfiumError:
        return  # one page that can't be shown; the others stand
    text = _BROKEN_WORD.sub("", text_page.get_text_range())
    yield text + "\n"
    if _is_scan(page, text):
        yield Scan(lambda: _draw(page))
    for index in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if annotation:
            try:
                yield from _read_annotation(document, annotation)
            finally:
                raw.FPDFPage_CloseAnnot(annotation)
    text_page.close()
    page.close()


def _is_scan(page: pdfium.PdfPage, text: str) -> bool:
    """Whether what is to be read on the page is in its pictures, or drawn without letters being told."""
    characters = sum(map(str.isalnum, text))
    if characters == 0:
        return bool(raw.FPDFPage_CountObjects(page) > 0)
    if characters >= _FEW_CHARACTERS:
        return False
    covered = 0.0
    objects = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=2)
    for picture in itertools.islice(objects, _MOST_OBJECTS):
        left, bottom, right, top = picture.get_bounds()
        covered += abs(right - left) * abs(top - bottom)
    width, height = page.get_size()
    return covered >= float(_MOSTLY_PICTURE * width * height)


def _draw(page: pdfium.PdfPage) -> Image:
    width, height = page.get_size()
    scale = min(_SCAN_DOTS_PER_INCH / 72, (_SCAN_PIXELS / max(width * height, 1)) ** 0.5)
    picture: Image = page.render(scale=scale, grayscale=True).to_pil()
    return picture


def _read_annotation(document: pdfium.PdfDocument, annotation: object) -> Iterator[str]:
    if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_WIDGET:
        form = document.formenv
        if form and raw.FPDFAnnot_GetFormFieldType(form, annotation) in _FIELD_TYPES_WITH_TEXT:
            yield (
                _wide(lambda buffer, size: raw.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, size))
                + "\n"
            )
    else:
        yield (
            _wide(lambda buffer, size: raw.FPDFAnnot_GetStringValue(annotation, b"Contents", buffer, size))
            + "\n"
        )


def _wide(ask: Callable[[object, int], int]) -> str:
    """Return a string that PDFium gives as UTF-16: asked first for its size in bytes, then for itself."""
    size = ask(None, 0)
    if size <= 2:
        return ""
    buffer = (ctypes.c_ushort * (size // 2))()
    ask(buffer, size)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\x00")
