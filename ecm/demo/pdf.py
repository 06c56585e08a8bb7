"""PDF files, written by PDFium with a font that has Cyrillic letters."""

from __future__ import annotations

import ctypes
import io
from collections.abc import Iterator, Sequence
from importlib.resources import files

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ecm.demo.office import Block, Rows, is_heading
from ecm.errors import EcmError

_WIDTH, _HEIGHT, _MARGIN = 595.0, 842.0, 56.0  # A4, in points
_SIZE, _HEADING_SIZE, _LEADING = 10.5, 15.0, 1.45


def make_pdf(title: str, blocks: Sequence[Block]) -> bytes:
    """A PDF document. EcmError when the font is not installed."""
    document = pdfium.PdfDocument.new()
    try:
        _Writer(document).write([f"# {title}", *blocks])
        target = io.BytesIO()
        document.save(target)
        return target.getvalue()
    finally:
        document.close()


class _Writer:
    """Puts lines on pages from top to bottom, with new pages as they are needed."""

    def __init__(self, document: pdfium.PdfDocument) -> None:
        self._document = document
        self._regular = self._load_font("Regular")
        self._bold = self._load_font("Bold")

    def _load_font(self, style: str) -> object:
        try:
            file = files("fontpkg_pt_sans").joinpath("files", f"PT_Sans-Web-{style}.ttf")
        except ModuleNotFoundError:
            raise EcmError("the demo's documents are drawn with a font: install ecm[demo]") from None
        data = file.read_bytes()
        buffer = (ctypes.c_ubyte * len(data)).from_buffer_copy(data)
        # With CIDs, so that all letters of the font can be written, and a map back to them for readers.
        return raw.FPDFText_LoadFont(self._document, buffer, len(data), raw.FPDF_FONT_TRUETYPE, True)

    def write(self, blocks: Sequence[Block]) -> None:
        self._page = self._document.new_page(_WIDTH, _HEIGHT)
        self._y = _HEIGHT - _MARGIN
        for block in blocks:
            if not isinstance(block, str):
                self._write_table(block)
            elif is_heading(block):
                self._write_paragraph(block[2:], self._bold, _HEADING_SIZE)
            else:
                self._write_paragraph(block, self._regular, _SIZE)
        self._page.gen_content()
        self._page.close()
        raw.FPDFFont_Close(self._regular)
        raw.FPDFFont_Close(self._bold)

    def _write_paragraph(self, text: str, font: object, size: float) -> None:
        for line in self._wrap(text, font, size):
            self._advance(size * _LEADING)
            self._put(line, _MARGIN, font, size)
        self._y -= size * 0.5

    def _write_table(self, rows: Rows) -> None:
        """The first column is as wide as two of the others."""
        step = (_WIDTH - 2 * _MARGIN) / (len(rows[0]) + 1)
        for number, row in enumerate(rows):
            self._advance(_SIZE * _LEADING)
            font = self._regular if number else self._bold
            for column, cell in enumerate(row):
                self._put(cell, _MARGIN + step * (column + 1 if column else 0), font, _SIZE)
        self._y -= _SIZE * 0.5

    def _advance(self, height: float) -> None:
        self._y -= height
        if self._y < _MARGIN:
            self._page.gen_content()
            self._page.close()
            self._page = self._document.new_page(_WIDTH, _HEIGHT)
            self._y = _HEIGHT - _MARGIN - height

    def _wrap(self, text: str, font: object, size: float) -> Iterator[str]:
        line = ""
        for word in text.split():
            longer = f"{line} {word}".lstrip()
            if line and _width(longer, font, size) > _WIDTH - 2 * _MARGIN:
                yield line
                longer = word
            line = longer
        yield line

    def _put(self, text: str, x: float, font: object, size: float) -> None:
        line = raw.FPDFPageObj_CreateTextObj(self._document, font, size)
        letters = text.encode("utf-16-le") + b"\0\0"
        wide = (ctypes.c_ushort * (len(letters) // 2)).from_buffer_copy(letters)
        raw.FPDFText_SetText(line, wide)
        raw.FPDFPageObj_Transform(line, 1, 0, 0, 1, x, self._y)
        raw.FPDFPage_InsertObject(self._page, line)


def _width(text: str, font: object, size: float) -> float:
    """How wide a line is, in points."""
    width, total = ctypes.c_float(), 0.0
    for letter in text:
        raw.FPDFFont_GetGlyphWidth(font, ord(letter), size, width)
        total += width.value
    return total
