"""The pool of guarded processes that read files."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from .child_pool import ChildPool, Death, PoolClosed
from .child_process import ChildProcess, ExtractionUnavailable
from .interface import Extraction

_log = logging.getLogger(__name__)

__all__ = ["ExtractionPool", "ExtractionPoolClosed", "ExtractionUnavailable"]

ExtractionPoolClosed = PoolClosed

_DEATHS: dict[Death, str] = {
    "time_limit": "reading the file took longer than is allowed",
    "memory_limit": "reading the file takes more memory than is allowed",
    "crashed": "the reader of this format crashed on the file",
}


class ExtractionPool:
    """Reads text from files in child processes, so that no file can harm the process that asks.

    ``processes`` files are read at once, and further callers wait. A child is replaced after
    ``files_per_process`` files, and at once after any failure. ``time_limit_s`` is wall time for one file,
    ``recognition_limit_s`` the same when its pictures are read too, ``memory_limit_bytes`` the address space
    of a child, ``output_limit_chars`` the most text kept of a file.

    Children start when first needed, in a session of their own, and die with this process. Thread-safe.
    Close it, or use it as a context manager.
    """

    def __init__(
        self,
        processes: int = 1,
        files_per_process: int = 50,
        memory_limit_bytes: int = 1024**3,
        time_limit_s: float = 60.0,
        output_limit_chars: int = 2_000_000,
        recognition_limit_s: float = 600.0,
    ) -> None:
        limits = (memory_limit_bytes, time_limit_s, recognition_limit_s, output_limit_chars)
        if min(processes, files_per_process, *limits) <= 0:
            raise ValueError("every limit of an extraction pool is more than zero")
        self._time_limit_s = time_limit_s
        self._recognition_limit_s = recognition_limit_s
        self._answer_limit_bytes = 4 * output_limit_chars + 65536
        start = partial(
            ChildProcess, memory_limit_bytes=memory_limit_bytes, output_limit_chars=output_limit_chars
        )
        self._children = ChildPool(
            start, Extraction, _death, processes=processes, files_per_process=files_per_process
        )

    def extract(self, path: Path, media_type: str, filename: str, *, recognize: bool = False) -> Extraction:
        """Return the text of the file, or why there is none; blocks until done, or the time limit.

        Text in pictures is read only with ``recognize``: a second for a page. Else `Extraction.has_scans`
        says whether there are any to be read.

        A bad or hostile file is an `Extraction`, never an exception. Raises OSError when the file is not
        there to be read, `ExtractionPoolClosed`, and `ExtractionUnavailable` when no child can be started
        (transient).
        """
        with path.open("rb"):
            pass  # the caller's mistake, not the document's: say so here
        extraction = self._children.ask(
            {
                "path": str(path.absolute()),
                "media_type": media_type,
                "filename": filename,
                "recognize": recognize,
            },
            time_limit_s=self._recognition_limit_s if recognize else self._time_limit_s,
            limit_bytes=self._answer_limit_bytes,
        )
        if extraction.state == "failed":
            _log.info("text extraction failed: %s, %s", extraction.reason, media_type)
        return extraction

    def close(self) -> None:
        """Kill all children; calls under way or waiting end with `ExtractionPoolClosed`. Twice is allowed."""
        self._children.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _death(reason: Death) -> Extraction:
    return Extraction("failed", reason=reason, detail=_DEATHS[reason])
