"""Pages as Windows prints them into a file (xps, oxps): runs of letters, each at a place of its own.

The format: Open XML Paper Specification (ECMA-388), 12 and 13.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from .interface import Unreadable
from .office_xml import PartReader
from .zip_package import ZipPackage

_XPS, _OXPS = "application/vnd.ms-xpsdocument", "application/oxps"
_SEQUENCE = ("fixeddocumentsequence+xml", "fixeddocument+xml")
_PAGE = "fixedpage+xml"
# Runs on one line differ by less than this, in parts of the height of their letters.
_SAME_LINE = 0.3
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


class XpsExtractor:
    """What Windows' printer for files writes."""

    media_types = frozenset({_XPS, _OXPS})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield the words of the pages in their order, then title, subject and keywords."""
        with ZipPackage(path) as package:
            parts = PartReader(package)
            for name in _pages(package, parts):
                yield from package.text(name, _PageText())
                yield "\n"
            yield from parts.read(("core-properties+xml",))


def _pages(package: ZipPackage, parts: PartReader) -> list[str]:
    """Return the parts with pages: first those that the documents name, in their order, then any others."""
    by_name = {name.lower(): name for name in parts.names(_PAGE)}
    ordered: dict[str, None] = {}
    for kind in _SEQUENCE:
        for document in parts.names(kind):
            sources = _Sources()
            for _ in package.text(document, sources):
                pass  # read for its attributes
            folder = "/" + posixpath.dirname(document)
            for source in sources.found:
                name = posixpath.normpath(posixpath.join(folder, source)).lstrip("/").lower()
                if name in by_name:
                    ordered[by_name[name]] = None
    if not by_name:
        raise Unreadable("damaged", "the file has no pages")
    return [*ordered, *(name for name in by_name.values() if name not in ordered)]


class _Sources:
    """What a document names as its pages, as a target of the parser."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if source := attributes.get("Source"):
            self.found.append(source)

    def data(self, characters: str) -> None:
        """There is none that counts."""

    def end(self, tag: str) -> None:
        """Nothing ends here that counts."""

    def take(self) -> str:
        return ""


class _PageText:
    """The letters of a page, as a target of the parser.

    Programs break a line into runs where a font changes, and often after each word; some write the blanks,
    some leave gaps. A run much higher or lower than the last begins a line.
    """

    def __init__(self) -> None:
        self._found: list[str] = []
        self._line: float | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the letters of a run."""
        if tag.rpartition("}")[2] != "Glyphs":
            return
        letters = attributes.get("UnicodeString", "").removeprefix("{}")
        if not letters:
            return
        height = _number(attributes.get("FontRenderingEmSize"))
        line = _number(attributes.get("OriginY"))
        if self._line is not None:
            self._found.append(" " if abs(line - self._line) <= _SAME_LINE * height else "\n")
        self._line = line
        self._found.append(letters)

    def data(self, characters: str) -> None:
        """All words are in attributes."""

    def end(self, tag: str) -> None:
        """Nothing ends here that counts."""

    def take(self) -> str:
        """Return the text since the last call."""
        found = "".join(self._found)
        self._found.clear()
        return found


def _number(text: str | None) -> float:
    return float(text) if text and _DECIMAL.fullmatch(text) else 0.0
