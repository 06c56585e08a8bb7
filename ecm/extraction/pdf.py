"""PDF, by PDFium: the text of pages, notes written on them, values of form fields, bookmarks."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from .interface import Unreadable

# How PDFium marks a hyphen at the end of a line, which the word itself does not have.
_BROKEN_WORD = re.compile("[\x02\ufffe]\\s*")
_PROPERTIES = ("Title", "Subject", "Keywords")
_NO_VALUE = frozenset({"", "untitled", "unspecified"})  # what programs write when they have nothing to say
_FIELD_TYPES_WITH_TEXT = (
    raw.FPDF_FORMFIELD_TEXTFIELD,
    raw.FPDF_FORMFIELD_COMBOBOX,
    raw.FPDF_FORMFIELD_LISTBOX,
)


class PdfExtractor:
    """PDF documents."""

    media_types = frozenset({"application/pdf"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield page by page the text, notes and form values, then bookmarks and properties."""
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


def _read_page(document: pdfium.PdfDocument, number: int) -> Iterator[str]:
    try:
        page = document[number]
        text_page = page.get_textpage()
    except pdfium.PdfiumError:
        return  # one page that can't be shown; the others stand
    yield _BROKEN_WORD.sub("", text_page.get_text_range()) + "\n"
    for index in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if annotation:
            try:
                yield from _read_annotation(document, annotation)
            finally:
                raw.FPDFPage_CloseAnnot(annotation)
    text_page.close()
    page.close()


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
