"""Text out of pictures, by the program tesseract, for as many pictures and as long as a file may have."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

from .interface import Scan, Unreadable

if TYPE_CHECKING:
    from PIL.Image import Image

_LANGUAGES = ("ukr", "rus", "eng")
MAX_SCANS = 100
_SCAN_LIMIT_S = 60.0
_MISSING = (
    "text in pictures is read by the program tesseract, which is not installed: "
    "install tesseract-ocr with its languages ukr, rus and eng"
)


class Recognizer:
    """Reads the scans of one file: `MAX_SCANS` at most, none begun after ``time_limit_s``."""

    def __init__(self, time_limit_s: float) -> None:
        self._deadline = time.monotonic() + time_limit_s
        self._scans = 0

    def read(self, scan: Scan) -> str:
        """Return the text of a scan, line by line. Raises `Unreadable`, and what drawing the scan raises."""
        program = shutil.which("tesseract")
        if program is None:
            raise Unreadable("no_recognizer", _MISSING)
        left_s = self._deadline - time.monotonic()
        if self._scans >= MAX_SCANS or left_s <= 0:
            raise Unreadable("truncated", f"only the first {self._scans} pictures were read")
        self._scans += 1
        return _recognize(program, scan.draw(), min(left_s, _SCAN_LIMIT_S))


def _recognize(program: str, picture: Image, time_limit_s: float) -> str:
    import io

    file = io.BytesIO()
    picture.convert("L").save(file, "PNG", compress_level=1)
    command = [program, "stdin", "stdout", "-l", "+".join(_LANGUAGES), "--psm", "1"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run(
            command,
            input=file.getvalue(),
            capture_output=True,
            timeout=time_limit_s,
            env=environment,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable("time_limit", "reading a picture took longer than is allowed") from error
    except subprocess.CalledProcessError as error:
        raise Unreadable("crashed", "tesseract gave up on a picture") from error
    return done.stdout.decode("utf-8", "replace")
