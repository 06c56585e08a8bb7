"""Books in EPUB: the chapters in the order in which they are read, each a page of HTML."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from .html import decode_page, read_body
from .interface import Unreadable
from .zip_package import ZipPackage

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = frozenset({"application/xhtml+xml", "text/html", "image/svg+xml"})
_PROPERTIES = frozenset({"title", "creator", "subject", "description", "publisher"})
_CHAPTER_BYTES = 32 * 1024 * 1024


class EpubExtractor:
    """Books in EPUB 2 and 3."""

    media_types = frozenset({"application/epub+zip"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield title, authors and description, then the chapters."""
        with ZipPackage(path) as package:
            if _CONTAINER not in package.names:
                raise Unreadable("damaged", "the book has no list of its parts")
            book = _Book(package)
            yield "".join(f"{each}\n" for each in book.properties)
            for name in book.chapters:
                if name in package.names:
                    yield "\n"
                    yield from read_body(decode_page(_bytes_of(package, name)))


def _bytes_of(package: ZipPackage, name: str) -> bytes:
    data = bytearray()
    for chunk in package.chunks(name):
        data += chunk
        if len(data) > _CHAPTER_BYTES:
            raise Unreadable("too_large", "a chapter of the book is too large to be read")
    return bytes(data)


class _Book:
    """What the package document (OPF) says: https://www.w3.org/TR/epub-33/#sec-package-doc."""

    def __init__(self, package: ZipPackage) -> None:
        rootfiles = _Elements(package, _CONTAINER).attributes("rootfile")
        name = next((each["full-path"] for each in rootfiles if "full-path" in each), "")
        if name not in package.names:
            raise Unreadable("damaged", "the book has no list of its chapters")
        elements = _Elements(package, name)
        self.properties = elements.texts(_PROPERTIES)
        folder = posixpath.dirname(name)
        items = {
            item.get("id", ""): posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
            for item in elements.attributes("item")
            if item.get("media-type", "").lower() in _PAGES
        }
        spine = [reference.get("idref", "") for reference in elements.attributes("itemref")]
        self.chapters = list(dict.fromkeys(items[each] for each in spine if each in items))
        if _ENCRYPTION in package.names:
            # Of most books only the fonts are listed here.
            locked = {
                unquote(each.get("URI", ""))
                for each in _Elements(package, _ENCRYPTION).attributes("CipherReference")
            }
            if locked & set(self.chapters):
                raise Unreadable("encrypted", "the book is protected by its seller")


class _Elements:
    """The elements of a part with their attributes and text; a target of the parser."""

    def __init__(self, package: ZipPackage, name: str) -> None:
        self._found: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[list[str]] = []
        for _ in package.text(name, self):
            pass  # the text is kept with its elements

    def attributes(self, name: str) -> list[dict[str, str]]:
        """Return the attributes of the elements of this name, in their order."""
        return [attributes for each, attributes, _ in self._found if each == name]

    def texts(self, names: frozenset[str]) -> list[str]:
        """Return what is in the elements of these names."""
        return [" ".join("".join(text).split()) for each, _, text in self._found if each in names]

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        text: list[str] = []
        self._found.append((tag.rpartition("}")[2], dict(attributes), text))
        self._open.append(text)

    def data(self, characters: str) -> None:
        if self._open:
            self._open[-1].append(characters)

    def end(self, tag: str) -> None:
        self._open.pop()

    def take(self) -> str:
        return ""
