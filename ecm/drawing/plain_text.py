"""Plain text, as it would come out of a printer: the first pages, by Pillow."""

from __future__ import annotations

import importlib.util
import textwrap
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ecm.extraction.encodings import decode

from .families import TEXT
from .interface import Box, Drawn, Undrawable

_HEAD_BYTES = 256 * 1024
_PAGES_MOST = 20
_COLUMNS, _LINES = 96, 72
_TAB = 8
# A sheet of A4 in parts of its width, and the margins on it.
_SHEET_HEIGHT, _MARGIN = 2**0.5, 1 / 14


class PlainTextRenderer:
    """Text that is its own content."""

    media_types = TEXT

    def draw(self, path: Path, media_type: str, page: int, box: Box) -> Drawn:
        """Draw a page; see `Renderer`."""
        with path.open("rb") as file:
            data = file.read(_HEAD_BYTES)
            more = bool(file.read(1))
        lines = list(islice(_wrap(decode(data, cut=more)), _PAGES_MOST * _LINES))
        if not any(lines):
            raise Undrawable("empty", "there is no text in the file")
        pages = -(-len(lines) // _LINES)
        if page > pages:
            return Drawn(pages, None)
        return Drawn(pages, _draw(lines[(page - 1) * _LINES : page * _LINES], box.width))


def _wrap(text: str) -> Iterator[str]:
    for line in text.splitlines():
        shown = "".join(letter if letter.isprintable() else " " for letter in line.expandtabs(_TAB)).rstrip()
        yield from textwrap.wrap(shown, _COLUMNS, drop_whitespace=False, replace_whitespace=False) or [""]


def _draw(lines: list[str], width: int) -> Image.Image:
    """A sheet with lines on it, black on white."""
    margin = width * _MARGIN
    line_height = (width * _SHEET_HEIGHT - 2 * margin) / _LINES
    font = _find_font((width - 2 * margin) / _COLUMNS)
    sheet = Image.new("L", (width, round(width * _SHEET_HEIGHT)), 255)
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        draw.text((margin, margin + number * line_height), line, fill=32, font=font)
    return sheet


def _find_font(letter_width: float) -> ImageFont.FreeTypeFont:
    """DejaVu Sans Mono, which matplotlib brings with it, in the size whose letters are that wide."""
    package = importlib.util.find_spec("matplotlib")
    if package is None or package.origin is None:
        raise Undrawable("unsupported", "there is no font to draw text with")
    file = Path(package.origin).with_name("mpl-data") / "fonts/ttf/DejaVuSansMono.ttf"
    large = ImageFont.truetype(file, 100)
    return ImageFont.truetype(file, letter_width * 100 / large.getlength("0"))
