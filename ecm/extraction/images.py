"""Photos, scans and other raster images, by Pillow; HEIC by libheif."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .interface import Scan, Unreadable

if TYPE_CHECKING:
    from PIL.Image import Image

_HEIF = "HEIF"
_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/tiff": "TIFF",
    "image/webp": "WEBP",
    "image/bmp": "BMP",
    "image/x-ms-bmp": "BMP",
    "image/gif": "GIF",
    "image/jp2": "JPEG2000",
    "image/heic": _HEIF,
    "image/heif": _HEIF,
}
_DECODED_LIMIT_BYTES = 320 * 1024 * 1024
_LEAST_SIDE = 16  # smaller ones are icons
_READ_WELL = (4000, 4000)
_MOST_PAGES = 10_000


class ImageExtractor:
    """Raster images: of a TIFF all pages, of an animation the first picture."""

    media_types = frozenset(_FORMATS)

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[Scan]:
        """Yield each page as a scan, turned as its EXIF says."""
        with _open(path, _FORMATS[media_type]) as image:
            for _ in _pages(image):
                # JPEG can be unpacked smaller and in grey, in a fraction of the memory.
                image.draft("L", _READ_WELL)
                if min(image.size) < _LEAST_SIDE:
                    continue
                if image.width * image.height * len(image.getbands()) > _DECODED_LIMIT_BYTES:
                    raise Unreadable(
                        "too_large", f"the picture is too large ({image.width} × {image.height})"
                    )
                yield Scan(lambda: _upright(image))


def _open(path: Path, file_format: str) -> Image:
    from PIL import Image, UnidentifiedImageError

    if file_format == _HEIF:
        import pi_heif

        pi_heif.register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = None  # judged above, by the memory that it would take
    try:
        return Image.open(path, formats=[file_format])
    except UnidentifiedImageError as error:
        raise Unreadable("damaged", "the file is damaged, or is no picture of its type") from error


def _pages(image: Image) -> Iterator[int]:
    yield 0
    if image.format != "TIFF":
        return
    for page in range(1, _MOST_PAGES):
        try:
            image.seek(page)
        except EOFError:
            return
        except (OSError, ValueError, TypeError, SyntaxError, KeyError, struct.error) as error:
            raise Unreadable("damaged", f"page {page + 1} of the picture is damaged") from error
        yield page


def _upright(image: Image) -> Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)
