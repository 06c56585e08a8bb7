"""Drawings in SVG: the words drawn in them, and what is said of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from .encodings import codec_of, decode
from .interface import Unreadable

_SIZE_LIMIT_BYTES = 64 * 1024 * 1024
_CHUNK_CHARS = 64 * 1024
_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*\?>")
_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9_.:-]+)")
_TEXTS = frozenset({"text", "title", "desc", "flowRoot", "foreignObject"})
_PARAGRAPHS = frozenset({*_TEXTS, "flowPara", "p", "div", "li", "br", "h1", "h2", "h3", "td"})
_SKIPPED = frozenset({"style", "script", "metadata", "font", "symbolFont"})


class SvgExtractor:
    """Drawings in SVG."""

    media_types = frozenset({"image/svg+xml"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield titles, descriptions and texts, in the order of the file."""
        with path.open("rb") as file:
            data = file.read(_SIZE_LIMIT_BYTES)
            more = bool(file.read(1))
        declared = _ENCODING.search(data[:1024])
        text = decode(data, cut=more, declared=codec_of(declared[1].decode()) if declared else None)
        yield from _read(_DECLARATION.sub("", text.lstrip("\ufeff"), count=1))


def _read(text: str) -> Iterator[str]:
    # Entities are defined in the files of some programs. They are left as they are: no network, no bombs.
    found = _DrawnText()
    parser = etree.XMLParser(
        target=found, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        for place in range(0, len(text), _CHUNK_CHARS):
            parser.feed(text[place : place + _CHUNK_CHARS].encode("utf-8", "replace"))
            yield found.take()
        parser.close()
    except etree.XMLSyntaxError as error:
        yield found.take()
        raise Unreadable("damaged", "the drawing is cut short, or is no well-formed XML") from error
    yield found.take()


class _DrawnText:
    """The parser's target. A word can be drawn in pieces; a piece on another line begins a line."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._depth = 0  # of elements with text
        self._skipping = 0
        self._line = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
            return
        if name in _TEXTS:
            self._depth += 1
            self._line = attributes.get("y", "")
        elif name == "tspan" and (attributes.get("y", self._line) != self._line or "dy" in attributes):
            self._line = attributes.get("y", self._line)
            self._found.append("\n")

    def data(self, characters: str) -> None:
        if self._depth and not self._skipping:
            self._found.append(" ".join(characters.split("\n")))

    def end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        name = tag.rpartition("}")[2]
        if name in _PARAGRAPHS and self._depth:
            self._found.append("\n")
        if name in _TEXTS:
            self._depth -= 1

    def close(self) -> None:
        """Nothing is kept here; the parser asks for this method."""

    def take(self) -> str:
        """Return the text since the last call."""
        found = "".join(self._found)
        self._found.clear()
        return found
