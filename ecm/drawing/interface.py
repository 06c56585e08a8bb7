"""The seam of drawing: what a renderer of one family of formats gives, and how it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image

State = Literal["done", "unsupported", "failed"]
Reason = Literal[
    "",
    "missing",
    "unsupported",
    "office_missing",
    "not_converted",
    "encrypted",
    "damaged",
    "empty",
    "too_large",
    "time_limit",
    "memory_limit",
    "crashed",
]

WIDTHS = (240, 800, 1600)
"""How wide pictures are, in pixels: a list's thumbnail, a page on a screen, and on a sharp one."""
HEIGHTS_A_WIDTH = 3
"""How many times as high as wide a picture may be; what is higher still becomes narrower."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What came of drawing one page.

    ``state`` is ``done`` (the pictures are there, unless the file has fewer ``pages``), ``unsupported`` (no
    renderer takes the type, or its program is not installed) or ``failed``. ``reason`` is a stable code,
    empty when all went well; ``detail`` is the same for people, in English, and never holds a word of the
    file.
    """

    state: State
    pages: int = 0
    reason: Reason = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A file's number of pages, and the image of the one asked for: None when it has no such page."""

    pages: int
    image: Image | None


@dataclass(frozen=True, slots=True)
class Box:
    """What an image must fit into, in pixels."""

    width: int
    height: int

    @classmethod
    def of_width(cls, width: int) -> Box:
        """The box of the pictures of a width."""
        return cls(width, width * HEIGHTS_A_WIDTH)

    @property
    def turned(self) -> Box:
        """The box for what is to be turned by a quarter afterwards."""
        return Box(self.height, self.width)

    def scale_of(self, width: float, height: float) -> float:
        """By how much something of this size is to be multiplied to fill the box, its shape kept."""
        return min(self.width / width, self.height / height)


class Renderer(Protocol):
    """Draws the pages of one family of formats."""

    media_types: frozenset[str]
    """The media types it takes, lower case, without parameters."""

    def draw(self, path: Path, media_type: str, page: int, box: Box) -> Drawn:
        """Draw a page (from 1) so that it fills the box, or smaller where that would only blur it.

        Raises `Undrawable`; anything else that it raises is taken for damage.
        """
        ...


class Undrawable(Exception):
    """The page can't be drawn; ``reason`` is the code of `Drawing.reason`, ``detail`` its sentence."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail
