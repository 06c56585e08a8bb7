"""Text out of files of many formats, read in guarded processes.

with ExtractionPool() as pool:
    extraction = pool.extract(path, "application/pdf", "Договір.pdf")
"""

from .interface import Extraction
from .pool import ExtractionPool, ExtractionPoolClosed, ExtractionUnavailable

__all__ = ["Extraction", "ExtractionPool", "ExtractionPoolClosed", "ExtractionUnavailable"]
