"""PDF for the demo company, written by PDFium: the part of it that reads documents can make them too."""

from __future__ import annotations

import ctypes
import io
from collections.abc import Sequence
from importlib.resources import files

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ecm.demo_formats import Block, Heading, Table

_PAGE_WIDTH, _PAGE_HEIGHT, _MARGIN = 595.0, 842.0, 56.0  # A4 in points
_SIZE, _HEADING_SIZE, _LEADING = 11.0, 15.0, 1.45
_FONTS = {"regular": "PT_Sans-Web-Regular.ttf", "bold": "PT_Sans-Web-Bold.ttf"}


class DemoFontMissing(RuntimeError):
    """The font of the demo's PDF documents is not installed: it comes with ``pip install ecm[demo]``."""


def pdf_file(title: str, blocks: Sequence[Block]) -> bytes:
    """Return a PDF document with the letters that it needs embedded. Not for several threads at once.

    Raises `DemoFontMissing`.
    """
    writer = _Writer()
    try:
        for block in (Heading(title), *blocks):
            writer.write(block)
        return writer.finish()
    finally:
        writer.close()


class _Writer:
    """Fills pages from top to bottom."""

    def __init__(self) -> None:
        self._document = pdfium.PdfDocument.new()
        # PDFium reads the fonts until the document is saved.
        self._font_bytes = [_read_font(name) for name in _FONTS.values()]
        self._fonts = dict(zip(_FONTS, map(self._load_font, self._font_bytes), strict=True))
        self._page: pdfium.PdfPage | None = None
        self._y = 0.0

    def _load_font(self, data: bytes) -> object:
        buffer = ctypes.cast(ctypes.c_char_p(data), ctypes.POINTER(ctypes.c_uint8))
        return raw.FPDFText_LoadFont(self._document, buffer, len(data), raw.FPDF_FONT_TRUETYPE, True)

    def write(self, block: Block) -> None:
        """Add a block below what is there."""
        if isinstance(block, Heading):
            self._write_lines(block.text, "bold", _HEADING_SIZE)
        elif isinstance(block, Table):
            self._write_table(block)
        else:
            self._write_lines(block, "regular", _SIZE)
        self._y -= _SIZE * 0.6

    def _write_lines(self, text: str, font: str, size: float) -> None:
        line = ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and self._width(longer, font, size) > _PAGE_WIDTH - 2 * _MARGIN:
                self._put_line(((_MARGIN, line),), font, size)
                longer = word
            line = longer
        self._put_line(((_MARGIN, line),), font, size)

    def _write_table(self, table: Table) -> None:
        # The first column takes what the others leave.
        columns = list(zip(*table.rows, strict=True))
        widths = [max(self._width(cell, "bold", _SIZE) for cell in column) + 14 for column in columns[1:]]
        starts = [_MARGIN, *(_PAGE_WIDTH - _MARGIN - sum(widths[place:]) for place in range(len(widths)))]
        for number, row in enumerate(table.rows):
            self._put_line(tuple(zip(starts, row, strict=True)), "regular" if number else "bold", _SIZE)
            self._put_rule()

    def _put_line(self, words: tuple[tuple[float, str], ...], font: str, size: float) -> None:
        if self._page is None or self._y - size * _LEADING < _MARGIN:
            self._finish_page()
            self._page = self._document.new_page(_PAGE_WIDTH, _PAGE_HEIGHT)
            self._y = _PAGE_HEIGHT - _MARGIN
        self._y -= size * _LEADING
        for x, text in words:
            piece = self._piece(text, font, size)
            raw.FPDFPageObj_Transform(piece, 1, 0, 0, 1, x, self._y)
            raw.FPDFPage_InsertObject(self._page, piece)

    def _put_rule(self) -> None:
        rule = raw.FPDFPageObj_CreateNewRect(_MARGIN, self._y - 5, _PAGE_WIDTH - 2 * _MARGIN, 0.5)
        raw.FPDFPageObj_SetFillColor(rule, 150, 150, 150, 255)
        raw.FPDFPath_SetDrawMode(rule, raw.FPDF_FILLMODE_WINDING, False)
        raw.FPDFPage_InsertObject(self._page, rule)

    def _piece(self, text: str, font: str, size: float) -> object:
        piece = raw.FPDFPageObj_CreateTextObj(self._document, self._fonts[font], size)
        letters = (text + "\0").encode("utf-16-le")
        raw.FPDFText_SetText(
            piece, ctypes.cast(ctypes.create_string_buffer(letters), ctypes.POINTER(ctypes.c_ushort))
        )
        return piece

    def _width(self, text: str, font: str, size: float) -> float:
        piece = self._piece(text, font, size)
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        raw.FPDFPageObj_GetBounds(piece, left, bottom, right, top)
        raw.FPDFPageObj_Destroy(piece)
        return right.value - left.value

    def _finish_page(self) -> None:
        if self._page is not None:
            self._page.gen_content()
            self._page.close()
            self._page = None

    def finish(self) -> bytes:
        """Return the whole document."""
        self._finish_page()
        file = io.BytesIO()
        self._document.save(file, flags=raw.FPDF_NO_INCREMENTAL | raw.FPDF_SUBSET_NEW_FONTS)
        return file.getvalue()

    def close(self) -> None:
        """Free what PDFium holds."""
        for font in self._fonts.values():
            raw.FPDFFont_Close(font)
        self._document.close()


def _read_font(name: str) -> bytes:
    try:
        return files("fontpkg_pt_sans").joinpath("files", name).read_bytes()
    except ModuleNotFoundError as error:
        raise DemoFontMissing("the font of the demo documents is missing: pip install ecm[demo]") from error
