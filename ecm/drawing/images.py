"""Photos, scans and other pictures, by Pillow; HEIC by libheif."""

from __future__ import annotations

from pathlib import Path

import pi_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from .families import IMAGES
from .interface import Box, Drawn, Undrawable

_DECODED_LIMIT_BYTES = 320 * 1024 * 1024
_TURNED = (5, 6, 7, 8)  # EXIF orientations that make upright what lies on its side
_ORIENTATION = 0x0112
_SHRINKING = ("JPEG", "MPO")  # these can be decoded smaller than they are, in a fraction of the memory


class ImageRenderer:
    """Raster images; of a TIFF all its pages, of an animation the first frame."""

    media_types = frozenset(IMAGES)

    def __init__(self) -> None:
        pi_heif.register_heif_opener(thumbnails=False)
        Image.MAX_IMAGE_PIXELS = None  # judged below, by the memory that it would take

    def draw(self, path: Path, media_type: str, page: int, box: Box) -> Drawn:
        """Draw a page; see `Renderer`."""
        try:
            image = Image.open(path, formats=[IMAGES[media_type]])
        except UnidentifiedImageError as error:
            raise Undrawable("damaged", "the file is damaged, or is no picture of its type") from error
        with image:
            pages = int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
            if page > pages:
                return Drawn(pages, None)
            image.seek(page - 1)
            return Drawn(pages, _shrink(image, box))


def _shrink(image: Image.Image, box: Box) -> Image.Image:
    """The image upright, and no larger than the box."""
    if image.format not in _SHRINKING:  # before EXIF is asked for: of a PNG it may stand behind the pixels
        _refuse_too_large(image)
    if image.getexif().get(_ORIENTATION) in _TURNED:
        box = box.turned
    image.draft(None, (box.width, box.height))
    _refuse_too_large(image)
    if image.mode in ("P", "1"):  # mixing their values would mix numbers of colours
        small = image.convert("L" if image.mode == "1" else "RGBA" if "transparency" in image.info else "RGB")
    else:
        small = image.copy()
    small.thumbnail((box.width, box.height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return ImageOps.exif_transpose(small)


def _refuse_too_large(image: Image.Image) -> None:
    if image.width * image.height * len(image.getbands()) > _DECODED_LIMIT_BYTES:
        raise Undrawable("too_large", f"the picture is too large ({image.width} × {image.height})")
