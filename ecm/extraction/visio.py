"""Visio's drawings since 2013: a walk over the parts of the package, page by page.

The format: https://learn.microsoft.com/openspecs/sharepoint_protocols/ms-vsdx, 2.2 and 2.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .office_xml import PartReader
from .zip_package import ZipPackage

_VISIO = "application/vnd.ms-visio."
# Kinds of parts by the end of their content type, in reading order. Masters are what shapes are copied from:
# their own words are placeholders.
_KINDS = ("visio.pages+xml", "visio.page+xml", "visio.comments+xml")
# Cells of shape data and of hyperlinks that people typed into.
_TYPED = frozenset({("Property", "Label"), ("Property", "Value"), ("Hyperlink", "Description")})


class VisioExtractor:
    """Drawings, templates and stencils, with and without macros."""

    media_types = frozenset(
        {
            _VISIO + "drawing",
            _VISIO + "template",
            _VISIO + "stencil",
            _VISIO + "drawing.macroenabled.12",
            _VISIO + "template.macroenabled.12",
            _VISIO + "stencil.macroenabled.12",
        }
    )

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield the names of pages, the words and data of shapes page by page, comments, and properties."""
        with ZipPackage(path) as package:
            parts = PartReader(package)
            for kind in _KINDS:
                for name in parts.names(kind):
                    yield from package.text(name, _DrawnWords())
                    yield "\n"
            yield from parts.read(("core-properties+xml",))


class _DrawnWords:
    """Words of Visio's XML, as a target of the parser."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._in_text = 0
        self._section = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Note where words begin; take those that stand in attributes."""
        name = tag.rpartition("}")[2]
        if name in ("Text", "CommentEntry"):
            self._in_text += 1
        elif name == "Page" and (title := attributes.get("Name")):
            self._found.append(title + "\n")
        elif name == "Section":
            self._section = attributes.get("N", "")
        elif name == "Cell" and (self._section, attributes.get("N", "")) in _TYPED:
            self._found.append(attributes.get("V", "") + "\n")

    def data(self, characters: str) -> None:
        """Keep what stands in texts: between marks of formatting, fields with their values."""
        if self._in_text:
            self._found.append(characters)

    def end(self, tag: str) -> None:
        """Each shape's words are a paragraph."""
        name = tag.rpartition("}")[2]
        if name in ("Text", "CommentEntry"):
            self._in_text -= 1
            self._found.append("\n")
        elif name == "Section":
            self._section = ""

    def take(self) -> str:
        """Return the text since the last call."""
        found = "".join(self._found)
        self._found.clear()
        return found
