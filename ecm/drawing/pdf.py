"""PDF, by PDFium: pages with what is written on them and typed into their forms."""

from __future__ import annotations

from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from .families import PDF
from .interface import Box, Drawn, Undrawable


class PdfRenderer:
    """PDF documents."""

    media_types = PDF

    def draw(self, path: Path, media_type: str, page: int, box: Box) -> Drawn:
        """Draw a page; see `Renderer`."""
        try:
            document = pdfium.PdfDocument(path)
        except pdfium.PdfiumError as error:
            if error.err_code == raw.FPDF_ERR_PASSWORD:
                raise Undrawable("encrypted", "the file is protected by a password") from error
            raise Undrawable("damaged", "the file is damaged, or is no PDF") from error
        try:
            document.init_forms()
            pages = len(document)
            if not pages:
                raise Undrawable("empty", "the file has no page")
            if page > pages:
                return Drawn(pages, None)
            opened = document[page - 1]
            scale = box.scale_of(*opened.get_size())
            # The copy outlives the document, whose memory the image would share.
            return Drawn(pages, opened.render(scale=scale).to_pil().copy())
        finally:
            document.close()
