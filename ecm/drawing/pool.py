"""The pool of guarded processes that draw."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from ecm.extraction.child_pool import ChildPool, Death, PoolBusy, PoolClosed
from ecm.extraction.child_process import ChildProcess

from .interface import Drawing

logger = logging.getLogger(__name__)

_ANSWER_LIMIT_BYTES = 64 * 1024
_DEATHS: dict[Death, str] = {
    "time_limit": "drawing the page took longer than is allowed",
    "memory_limit": "drawing the page takes more memory than is allowed",
    "crashed": "the renderer of this format crashed on the file",
}


class DrawingBusy(RuntimeError):
    """No process is free for drawing now, or the pool was closed; the file itself may be all right."""


class DrawingProcess(ChildProcess):
    """A process that draws."""

    child_file: ClassVar[Path] = Path(__file__).with_name("child.py")


class DrawingPool:
    """Draws pages in child processes that have neither the network nor endless time and memory.

    ``processes`` pages are drawn at once, and further callers wait. A child is replaced after
    ``files_per_process`` pages, and at once after any failure. ``time_limit_s`` is wall time for one page,
    ``memory_limit_bytes`` the address space of a child.

    Children start when first needed, in a session of their own, and die with this process. Thread-safe.
    Close it, or use it as a context manager.
    """

    def __init__(
        self,
        processes: int = 2,
        files_per_process: int = 100,
        memory_limit_bytes: int = 1024**3,
        time_limit_s: float = 30.0,
    ) -> None:
        self._time_limit_s = time_limit_s
        start = partial(DrawingProcess, memory_limit_bytes=memory_limit_bytes)
        self._children = ChildPool(
            start, Drawing, _death, processes=processes, files_per_process=files_per_process
        )

    def draw(
        self,
        path: Path,
        media_type: str,
        *,
        page: int,
        widths: Sequence[int],
        folder: Path,
        wait_s: float | None = None,
    ) -> Drawing:
        """Draw a page (from 1) of a file into ``folder``, as ``<width>.png`` for each width.

        A bad or hostile file is a `Drawing`, never an exception. Raises `DrawingBusy` when no process is free
        within ``wait_s``, and `ExtractionUnavailable` when none can be started (both transient).
        """
        request = {
            "path": str(path.absolute()),
            "media_type": media_type,
            "page": page,
            "widths": list(widths),
            "folder": str(folder.absolute()),
        }
        try:
            drawing = self._children.ask(
                request, time_limit_s=self._time_limit_s, limit_bytes=_ANSWER_LIMIT_BYTES, wait_s=wait_s
            )
        except (PoolBusy, PoolClosed) as error:
            raise DrawingBusy(str(error)) from error
        if drawing.state == "failed":
            logger.info("drawing failed: %s, %s", drawing.reason, media_type)
        return drawing

    def close(self) -> None:
        """Kill all children; calls under way or waiting end with `DrawingBusy`. Twice is allowed."""
        self._children.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _death(reason: Death) -> Drawing:
    return Drawing("failed", reason=reason, detail=_DEATHS[reason])
