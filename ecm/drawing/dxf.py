"""DXF drawings, by ezdxf and matplotlib: the model, or the first sheet of one that has no model."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from .families import DXF
from .interface import Box, Drawn, Undrawable

if TYPE_CHECKING:
    from ezdxf.document import Drawing as DxfDocument
    from ezdxf.layouts.layout import Layout

_INCH_PIXELS = 100


class DxfRenderer:
    """DXF drawings, as one page."""

    media_types = DXF

    def draw(self, path: Path, media_type: str, page: int, box: Box) -> Drawn:
        """Draw a page; see `Renderer`."""
        if page > 1:
            return Drawn(1, None)
        # They take two seconds to load, and most processes never see a drawing.
        from ezdxf import recover
        from ezdxf.lldxf.const import DXFError

        try:
            document, _ = recover.readfile(path)
        except DXFError as error:
            raise Undrawable("damaged", "the file is damaged, or is no DXF drawing") from error
        layout = _find_layout(document)
        if layout is None:
            raise Undrawable("empty", "nothing is drawn in the file")
        return Drawn(1, _draw(document, layout, box))


def _find_layout(document: DxfDocument) -> Layout | None:
    if len(document.modelspace()):
        return document.modelspace()
    sheets = (document.layouts.get(name) for name in document.layout_names_in_taborder())
    return next((sheet for sheet in sheets if any(each.dxftype() != "VIEWPORT" for each in sheet)), None)


def _draw(document: DxfDocument, layout: Layout, box: Box) -> Image.Image:
    """The layout in its colours on white, in an image of its own proportions."""
    from ezdxf.addons.drawing.config import BackgroundPolicy, Configuration
    from ezdxf.addons.drawing.frontend import Frontend
    from ezdxf.addons.drawing.matplotlib import MatplotlibBackend
    from ezdxf.addons.drawing.properties import RenderContext
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    side = min(box.width, box.height) / _INCH_PIXELS
    figure = Figure(figsize=(side, side), dpi=_INCH_PIXELS)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    configuration = Configuration(background_policy=BackgroundPolicy.WHITE)
    Frontend(RenderContext(document), MatplotlibBackend(axes), config=configuration).draw_layout(layout)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white", bbox_inches="tight", pad_inches=0.1)
    image = Image.open(buffer)
    image.load()
    return image
