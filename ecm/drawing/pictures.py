"""From a drawn page to the files that are kept: one PNG a width, as small as its looks allow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PIL import Image, ImageChops

from .interface import WIDTHS, Box

_THUMBNAIL_COLOURS = 128


def write_pictures(image: Image.Image, widths: Iterable[int], folder: Path) -> None:
    """Write ``<width>.png`` into a folder for each width; an image that is smaller stays as it is."""
    image = _without_transparency(image)
    for width in sorted(widths, reverse=True):
        box = Box.of_width(width)
        if image.width > box.width or image.height > box.height:
            image.thumbnail((box.width, box.height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        _simplified(image, width).save(folder / f"{width}.png", "PNG")


def _without_transparency(image: Image.Image) -> Image.Image:
    """The image as it looks on white paper."""
    if image.mode in ("RGB", "L"):
        return image
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value / 256).convert("L")
    if image.mode not in ("RGBA", "LA", "PA") and "transparency" not in image.info:
        return image.convert("L" if image.mode == "1" else "RGB")
    above = image.convert("RGBA")
    paper = Image.new("RGB", above.size, "white")
    paper.paste(above, mask=above.getchannel("A"))
    return paper


def _simplified(image: Image.Image, width: int) -> Image.Image:
    """Grey where it is grey: a third of the bytes. In a list nobody misses colours of a photo."""
    if image.mode == "RGB":
        red, green, blue = image.split()
        if not (ImageChops.difference(red, green).getbbox() or ImageChops.difference(red, blue).getbbox()):
            return red
        if width == WIDTHS[0]:
            return image.quantize(_THUMBNAIL_COLOURS, Image.Quantize.MEDIANCUT)
    return image
