"""Word and PowerPoint: a walk over the parts of the package, in the order in which people read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .embedded import embedded_files
from .interface import Piece, Unreadable
from .protected import unprotected
from .zip_package import ZipPackage

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml."

# Kinds of parts by the end of their content type, in reading order. Names of parts are not to be relied on:
# some programs write word/document2.xml.
_PART_KINDS = (
    ".main+xml",
    ".slide+xml",
    ".notesslide+xml",
    ".header+xml",
    ".footer+xml",
    ".footnotes+xml",
    ".endnotes+xml",
    ".comments+xml",
    ".chart+xml",
    ".diagramdata+xml",
    "drawing+xml",
    "core-properties+xml",
)


class OfficeXmlExtractor:
    """Word and PowerPoint, documents and templates, with and without macros."""

    media_types = frozenset(
        {
            _WORD + "document",
            _WORD + "template",
            "application/vnd.ms-word.document.macroenabled.12",
            "application/vnd.ms-word.template.macroenabled.12",
            _SLIDES + "presentation",
            _SLIDES + "slideshow",
            _SLIDES + "template",
            "application/vnd.ms-powerpoint.presentation.macroenabled.12",
            "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
        }
    )

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[Piece]:
        """Yield the body, then headers, footers, notes, comments, charts, drawings and properties; and what
        is embedded."""
        with unprotected(path) as readable, ZipPackage(readable) as package:
            yield from PartReader(package).read(_PART_KINDS)
            yield from embedded_files(package)


class PartReader:
    """The parts of an Office package, found by their content types. Raises `Unreadable`."""

    def __init__(self, package: ZipPackage) -> None:
        if "[Content_Types].xml" not in package.names:
            raise Unreadable("damaged", "the file has no list of its parts")
        self._package = package
        self._types = _ContentTypes()
        for _ in package.text("[Content_Types].xml", self._types):
            pass  # this list has no text; it is read for its attributes

    def names(self, kind: str) -> list[str]:
        """Return the names of the parts whose content type ends so: slide2.xml before slide10.xml."""
        names = (name for name in self._package.names if self._types.of(name).endswith(kind))
        return sorted(names, key=lambda name: (len(name), name))

    def read(self, kinds: tuple[str, ...]) -> Iterator[str]:
        """Yield the text of the parts of these kinds, kind by kind."""
        for kind in kinds:
            for name in self.names(kind):
                # In a sheet, values are numbers of strings in another part; strings in place are text.
                texts = _TEXT - {"v"} if kind == ".worksheet+xml" else _TEXT
                yield from self._package.text(name, _OfficeText(texts))
                yield "\n"


class _ContentTypes:
    """The package's list of its parts and their types, as a target of the parser."""

    def __init__(self) -> None:
        self._by_name: dict[str, str] = {}
        self._by_ending: dict[str, str] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        content_type = attributes.get("ContentType", "").lower()
        if tag.endswith("}Override"):
            self._by_name[attributes.get("PartName", "").lstrip("/").lower()] = content_type
        elif tag.endswith("}Default"):
            self._by_ending[attributes.get("Extension", "").lower()] = content_type

    def data(self, characters: str) -> None:
        """There is none that counts."""

    def end(self, tag: str) -> None:
        """Nothing ends here that counts."""

    def take(self) -> str:
        return ""

    def of(self, name: str) -> str:
        """Return the content type of a part in lower case, empty if it has none."""
        name = name.lower()
        return self._by_name.get(name) or self._by_ending.get(name.rpartition(".")[2], "")


_TEXT = frozenset(
    {"t", "v", "text", "oddHeader", "oddFooter", "evenHeader", "firstHeader", "evenFooter", "firstFooter"}
)
_PROPERTIES = frozenset({"title", "subject", "keywords"})
_SKIPPED = frozenset(
    {
        "pPr",
        "tblPr",
        "trPr",
        "tcPr",
        "sectPr",
        "Fallback",
        "moveFrom",
        "rPh",
        "numCache",
        "numLit",
        "instrText",
    }
)
_ENDS = {
    "tab": "\t",
    "ptab": "\t",
    "br": "\n",
    "cr": "\n",
    "noBreakHyphen": "-",
    "p": "\n",
    "tc": "\t",
    "tr": "\n",
    "pt": "\n",
    "si": "\n",
    "is": "\n",
    "comment": "\n",
    **dict.fromkeys(_PROPERTIES | _TEXT - {"t", "v"}, "\n"),
}


class _OfficeText:
    """Text of the XML of Office, by the local names of elements: both its namespaces (transitional and
    strict) and its languages (Word, drawing, chart, sheet) use the same ones.
    """

    def __init__(self, texts: frozenset[str]) -> None:
        self._texts = texts
        self._found: list[str] = []
        self._in_text = False
        self._skipping = 0
        self._cells = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Note where text begins, and what is to be passed over."""
        name = tag.rpartition("}")[2]
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
        elif name in self._texts or name in _PROPERTIES:
            self._in_text = True
        elif name == "tc":
            self._cells += 1
        elif name == "txbxContent":
            self._found.append("\n")
        elif attributes and name in ("docPr", "cNvPr", "textpath"):
            self._describe(attributes)

    def _describe(self, attributes: dict[str, str]) -> None:
        """What a picture is said to show, and the words of WordArt."""
        for name in ("title", "descr", "string"):
            if words := attributes.get(name):
                self._found.append(f"\n{words}\n")

    def data(self, characters: str) -> None:
        """Keep characters of text elements; the rest is layout of the XML."""
        if self._in_text and not self._skipping:
            self._found.append(characters)

    def end(self, tag: str) -> None:
        """Part words, paragraphs and cells as the page does."""
        if self._skipping:
            self._skipping -= 1
            return
        self._in_text = False
        name = tag.rpartition("}")[2]
        if name == "tc":
            self._cells -= 1
        mark = _ENDS.get(name)
        if mark:
            # A row of a table stays on one line, whatever paragraphs are in its cells.
            self._found.append(" " if name == "p" and self._cells else mark)

    def take(self) -> str:
        """Return the text since the last call."""
        found = "".join(self._found)
        self._found.clear()
        return found
