"""Text out of scans, for as many of them and as long as one file may take."""

from __future__ import annotations

import time
from functools import cached_property

from .interface import Scan, Unreadable
from .tesseract import Tesseract, find_tesseract

MAX_SCANS = 100
_SCAN_LIMIT_S = 60.0


class Recognizer:
    """Reads the scans of one file: `MAX_SCANS` at most, and none is begun after ``time_limit_s``."""

    def __init__(self, time_limit_s: float) -> None:
        self._deadline = time.monotonic() + time_limit_s
        self._scans = 0

    def read(self, scan: Scan) -> str:
        """Return the text of a scan, line by line; none of a picture without letters.

        Raises `Unreadable` (``no_recognizer``, ``truncated`` when there were enough of them, ``time_limit``,
        ``memory_limit``, ``crashed``), and what drawing the scan raises.
        """
        if self._tesseract is None:
            raise Unreadable(
                "no_recognizer",
                "text in pictures is read by the program tesseract, which is not installed: "
                "install tesseract-ocr with its languages ukr, rus and eng",
            )
        left_s = self._deadline - time.monotonic()
        if self._scans >= MAX_SCANS or left_s <= 0:
            raise Unreadable("truncated", f"only the first {self._scans} pictures were read")
        self._scans += 1
        from .page_pictures import prepare  # with Pillow, which most files do not need

        return self._tesseract.read(prepare(scan.draw()), min(left_s, _SCAN_LIMIT_S))

    @cached_property
    def _tesseract(self) -> Tesseract | None:
        return find_tesseract()
