"""The seam of text extraction: what a reader of one family of formats gives, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image

State = Literal["done", "empty", "unsupported", "failed"]
Reason = Literal[
    "",
    "missing",
    "truncated",
    "unsupported",
    "encrypted",
    "damaged",
    "too_large",
    "time_limit",
    "memory_limit",
    "crashed",
    "no_recognizer",
]


@dataclass(frozen=True, slots=True)
class Extraction:
    """What came of reading one file.

    ``state`` is ``done`` (there is text), ``empty`` (read to the end, no text in it), ``unsupported`` (no
    reader takes the type) or ``failed``. ``reason`` is a stable code, empty when all went well; ``detail`` is
    the same for people, in English, and never holds a word of the file. A ``done`` with a reason holds a part
    of the text: ``truncated`` (the output limit was reached), or ``damaged`` or ``too_large`` (the rest can't
    be read). ``has_scans``: there are pictures that may hold text, and they were not read.
    """

    state: State
    text: str = ""
    reason: Reason = ""
    detail: str = ""
    has_scans: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """A picture that may hold text: a page without a text layer, a photo.

    A reader yields it in the place where its text belongs, and need not know whether pictures are read this
    time. ``draw`` gives the picture, upright as far as the file says how. It is called at once, before the
    next piece is asked for, or never; what it raises is taken as from a reader.
    """

    draw: Callable[[], Image]


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside of a file: an attachment, a member of an archive, an embedded object.

    A reader yields it in the place where its text belongs; the reader of its own type reads it, within limits
    for the whole document (`nested`). ``name`` is what people see; its ending counts, as of any file.
    ``open`` gives the bytes in pieces. It is called at once, before the next piece is asked for, or never;
    what it raises is taken for a failure of this member alone, so a reader that can't go on raises again.
    """

    name: str
    open: Callable[[], Iterable[bytes]]


Found = str | Scan
"""What is left of pieces once members are read."""
Piece = Found | Member


class Extractor(Protocol):
    """A reader of one family of formats."""

    media_types: frozenset[str]
    """The media types it takes, lower case, without parameters."""

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[Piece]:
        """Yield the text of the file in pieces, in reading order, each with its own line ends, and its
        scans and members.

        Pieces flow so that a small file with endless text is stopped at the limit instead of filling memory.
        ``filename`` is the name that people see, for hints only. Raises `Unreadable`; anything else that it
        raises is taken for damage.
        """
        ...


class Unreadable(Exception):
    """The file can't be read on; ``reason`` is the code of `Extraction.reason`, ``detail`` its sentence."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail
