"""Pictures made ready for reading: grey, of a size that suits, dark on an even light ground."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter, ImageMath, ImageOps, ImageStat

_MOST_PIXELS = 12_000_000  # a sheet of A4 at 350 dots an inch; more takes time and finds nothing
_FEW_PIXELS = 2_000_000  # the same at 140 dots an inch; doubled, small letters are read much better
_MIXABLE = ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr")
_GROUND_SIDE = 64
_GROUND_WINDOW = 9  # a seventh of the side: a dark band narrower than that is no ground, but on it
_GROUND_LEVEL = 235
_LIGHT_ON_DARK = 0.5


def prepare(picture: Image.Image) -> Image.Image:
    """Return the picture in grey (mode L), evenly lit, dark letters on light ground, of 2 to 12 megapixels
    where it can be. What is transparent is white."""
    factor = int((picture.width * picture.height / _MOST_PIXELS) ** 0.5)
    if factor > 1 and picture.mode in _MIXABLE:
        picture = picture.reduce(factor)  # first of all: each step below makes a copy
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    grey = _resize(_grey(picture))
    if _is_light_on_dark(grey):
        grey = ImageOps.invert(grey)
    return _lit_evenly(grey)


def _grey(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        low, high = (float(level) for level in picture.getextrema()[:2])  # type: ignore[arg-type]
        scale = 255 / max(high - low, 1)
        picture = picture.convert("F").point(lambda level: level * scale - low * scale)
    return picture.convert("L")


def _resize(grey: Image.Image) -> Image.Image:
    pixels = grey.width * grey.height
    if pixels < _FEW_PIXELS:
        return grey.resize((grey.width * 2, grey.height * 2), Image.Resampling.BICUBIC)
    if pixels > _MOST_PIXELS:
        factor = (_MOST_PIXELS / pixels) ** 0.5
        size = (max(1, int(grey.width * factor)), max(1, int(grey.height * factor)))
        return grey.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    return grey


def _is_light_on_dark(grey: Image.Image) -> bool:
    """Letters take up less room than the ground: where they are darker, most points lie above the mean."""
    small = grey.copy()
    small.thumbnail((1000, 1000))
    around = small.filter(ImageFilter.GaussianBlur(25))
    statistics = ImageStat.Stat(ImageChops.subtract(small, around, 1, 128))
    return statistics.mean[0] - statistics.median[0] > _LIGHT_ON_DARK


def _lit_evenly(grey: Image.Image) -> Image.Image:
    """Divide by the ground's own brightness: of a page that lies half in shadow, tesseract's one threshold
    for all of it sees half."""
    small = grey.resize((_GROUND_SIDE, _GROUND_SIDE), Image.Resampling.BOX)
    ground = (
        small.filter(ImageFilter.MaxFilter(_GROUND_WINDOW))
        .filter(ImageFilter.MinFilter(_GROUND_WINDOW))
        .filter(ImageFilter.GaussianBlur(2))
        .resize(grey.size, Image.Resampling.BICUBIC)
    )
    lit: Image.Image = ImageMath.lambda_eval(
        lambda layers: layers["convert"](
            layers["min"](layers["grey"] * _GROUND_LEVEL / layers["max"](layers["ground"], 1), 255), "L"
        ),
        grey=grey,
        ground=ground,
    )
    return lit
