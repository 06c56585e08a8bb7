"""The pool of guarded processes that draw."""

from __future__ import annotations

import logging
import queue
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from ecm.extraction.child_process import ChildProcess
from ecm.extraction.wire import PeerGone

from .interface import Drawing, Reason

logger = logging.getLogger(__name__)

_ANSWER_LIMIT_BYTES = 64 * 1024
_DEATHS: dict[Reason, str] = {
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
        self._files_per_process = files_per_process
        self._memory_limit_bytes = memory_limit_bytes
        self._time_limit_s = time_limit_s
        self._lock = threading.Lock()
        self._closed = False
        self._running: set[DrawingProcess] = set()
        # A slot is a child that waits for work, or None where one is yet to be started. The last used goes
        # first, so that a pool with little to do keeps one child warm.
        self._slots: queue.LifoQueue[DrawingProcess | None] = queue.LifoQueue()
        for _ in range(processes):
            self._slots.put(None)
        # Linux kills a child when the *thread* that started it ends. Callers' threads come and go: one thread
        # of the pool's own starts them all.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drawing-starter")

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
            "time_limit_s": self._time_limit_s,
        }
        try:
            child = self._slots.get(timeout=wait_s)
        except queue.Empty:
            raise DrawingBusy("all drawing processes are at work") from None
        try:
            used = child is not None
            child, drawing = self._draw(child, request)
            if used and drawing.reason in ("crashed", "memory_limit"):
                # Earlier files may have left that child short of memory, or broken: ask a fresh one.
                child, drawing = self._draw(child, request)
        except BaseException:
            self._give_back(None)
            raise
        self._give_back(child)
        return drawing

    def _draw(
        self, child: DrawingProcess | None, request: dict[str, Any]
    ) -> tuple[DrawingProcess | None, Drawing]:
        """Draw one page; return the child if it may draw another, and what came of the page."""
        if child is None:
            child = self._start()
        reusable = False
        try:
            drawing = self._ask(child, request)
            reusable = drawing.state != "failed" and child.files < self._files_per_process
        finally:
            if not reusable:
                self._stop(child)
        if drawing.state == "failed":
            logger.info("drawing failed: %s, %s", drawing.reason, request["media_type"])
        return (child if reusable else None), drawing

    def _ask(self, child: DrawingProcess, request: dict[str, Any]) -> Drawing:
        reason: Reason
        deadline = time.monotonic() + self._time_limit_s
        try:
            return Drawing(**child.ask(request, deadline=deadline, limit_bytes=_ANSWER_LIMIT_BYTES))
        except TimeoutError:
            reason = "time_limit"
        except (PeerGone, TypeError):
            reason = "crashed"
        self._stop(child)
        if self._closed:
            raise DrawingBusy("the pool was closed")
        if child.returncode == -signal.SIGXCPU:
            reason = "time_limit"
        elif reason == "crashed" and child.ran_out_of_memory:
            reason = "memory_limit"
        return Drawing("failed", reason=reason, detail=_DEATHS[reason])

    def _start(self) -> DrawingProcess:
        try:
            child = self._starter.submit(DrawingProcess, memory_limit_bytes=self._memory_limit_bytes).result()
        except RuntimeError as error:
            if self._closed:
                raise DrawingBusy("the pool was closed") from error
            raise
        with self._lock:
            if not self._closed:
                self._running.add(child)
                return child
        child.stop()
        raise DrawingBusy("the pool was closed")

    def _stop(self, child: DrawingProcess) -> None:
        with self._lock:
            self._running.discard(child)
        child.stop()

    def _give_back(self, child: DrawingProcess | None) -> None:
        with self._lock:
            closed = self._closed
            if not closed:
                self._slots.put(child)
        if closed:
            if child is not None:
                self._stop(child)
            self._slots.put(None)

    def close(self) -> None:
        """Kill all children; calls under way or waiting end with `DrawingBusy`. Twice is allowed."""
        with self._lock:
            self._closed = True
            running, self._running = self._running, set()
            idle = [self._slots.get_nowait() for _ in range(self._slots.qsize())]
        for child in running:
            child.kill()  # one that is being asked is put away by the thread that asks
        for waiting in idle:
            if waiting is not None:
                waiting.stop()
            self._slots.put(None)
        self._starter.shutdown(wait=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
