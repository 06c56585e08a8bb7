"""Pictures of pages, drawn in guarded processes: nothing in a file can harm the process that asks.

with DrawingPool() as pool:
    drawing = pool.draw(path, "application/pdf", page=1, widths=[240, 800], folder=folder)
"""

from .interface import Drawing
from .office import OfficeConverter
from .pool import DrawingBusy, DrawingPool

__all__ = ["Drawing", "DrawingBusy", "DrawingPool", "OfficeConverter"]
