"""OpenDocument: text, sheets, slides and drawings of LibreOffice, by a walk over the package's XML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .interface import Unreadable
from .zip_package import ZipPackage

_TYPE = "application/vnd.oasis.opendocument."
_PARAGRAPHS = frozenset({"p", "h"})
_SAID_OF_PICTURES = frozenset({"title", "desc"})  # alternative texts, and the document's own title
_PROPERTIES = frozenset({"title", "subject", "keyword"})
# Deleted text that is kept to be undone, marks of notes, and who wrote a comment when.
_SKIPPED = frozenset({"tracked-changes", "note-citation", "creator", "date", "date-string", "ruby-text"})


class OpenDocumentExtractor:
    """OpenDocument files and their templates."""

    media_types = frozenset(
        _TYPE + kind
        for kind in (
            "text",
            "text-template",
            "text-master",
            "spreadsheet",
            "spreadsheet-template",
            "presentation",
            "presentation-template",
            "graphics",
        )
    )

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield the body with notes and comments, embedded objects, headers and footers, and properties."""
        with ZipPackage(path) as package:
            if "META-INF/manifest.xml" in package.names:
                manifest = _Manifest()
                for _ in package.text("META-INF/manifest.xml", manifest):
                    pass  # this list has no text
                if manifest.encrypted:
                    raise Unreadable("encrypted", "the file is protected by a password")
            if "content.xml" not in package.names:
                raise Unreadable("damaged", "the file has no content")
            of_sheets = "spreadsheet" in media_type
            objects = (name for name in package.names if name.endswith("/content.xml"))
            for name in ("content.xml", *sorted(objects), "styles.xml"):
                if name in package.names:
                    yield from package.text(name, _OpenDocumentText(of_sheets))
                    yield "\n"
            if "meta.xml" in package.names:
                yield from package.text("meta.xml", _Properties())


class _Manifest:
    """The package's list of its parts, which says whether they are encrypted."""

    def __init__(self) -> None:
        self.encrypted = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag.endswith("}encryption-data"):
            self.encrypted = True

    def data(self, characters: str) -> None:
        """There is none that counts."""

    def end(self, tag: str) -> None:
        """Nothing ends here that counts."""

    def take(self) -> str:
        return ""


class _OpenDocumentText:
    """Text of the body and of the styles, where headers and footers are.

    Only what is inside of a paragraph, or said of a picture, is text; the rest is layout of the XML.
    """

    def __init__(self, of_sheets: bool) -> None:
        self._of_sheets = of_sheets
        self._found: list[str] = []
        self._depth = 0  # of text elements
        self._cells = 0
        self._skipping = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
        elif name in _PARAGRAPHS or name in _SAID_OF_PICTURES:
            self._depth += 1
            if self._depth > 1:  # a note or a comment inside of a paragraph
                self._found.append(" ")
        elif name == "table-cell":
            self._cells += 1
        elif name == "table" and self._of_sheets:
            # Of a sheet, people choose the name; in a text it is Table1.
            self._found.extend(f"{value}\n" for key, value in attributes.items() if key.endswith("}name"))
        elif name == "s":
            self._found.append(" ")
        elif name == "tab":
            self._found.append("\t")
        elif name == "line-break":
            self._found.append("\n")

    def data(self, characters: str) -> None:
        if self._depth and not self._skipping:
            self._found.append(" ".join(characters.split("\n")) if "\n" in characters else characters)

    def end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        name = tag.rpartition("}")[2]
        if name in _PARAGRAPHS or name in _SAID_OF_PICTURES:
            self._depth -= 1
            # A row of a table stays on one line, and a note in its sentence.
            self._found.append(" " if self._cells or self._depth else "\n")
        elif name == "table-cell":
            self._cells -= 1
            self._found.append("\t")
        elif name == "table-row":
            self._found.append("\n")

    def take(self) -> str:
        found = "".join(self._found)
        self._found.clear()
        return found


class _Properties:
    """Title, subject and keywords, where the document has them."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._in_property = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._in_property = tag.rpartition("}")[2] in _PROPERTIES

    def data(self, characters: str) -> None:
        if self._in_property:
            self._found.append(characters)

    def end(self, tag: str) -> None:
        if self._in_property:
            self._found.append("\n")
        self._in_property = False

    def take(self) -> str:
        found = "".join(self._found)
        self._found.clear()
        return found
