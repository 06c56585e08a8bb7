"""The pool of guarded processes that read files."""

from __future__ import annotations

import logging
import queue
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .child_process import ChildProcess, ExtractionUnavailable
from .interface import Extraction, Reason
from .wire import PeerGone

_log = logging.getLogger(__name__)

__all__ = ["ExtractionPool", "ExtractionPoolClosed", "ExtractionUnavailable"]

_DEATHS: dict[Reason, str] = {
    "time_limit": "reading the file took longer than is allowed",
    "memory_limit": "reading the file takes more memory than is allowed",
    "crashed": "the reader of this format crashed on the file",
}


class ExtractionPoolClosed(RuntimeError):
    """The pool was closed before the file was read; the file itself may be all right."""


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
        self._files_per_process = files_per_process
        self._memory_limit_bytes = memory_limit_bytes
        self._time_limit_s = time_limit_s
        self._recognition_limit_s = recognition_limit_s
        self._output_limit_chars = output_limit_chars
        self._lock = threading.Lock()
        self._closed = False
        self._running: set[ChildProcess] = set()
        # A slot is a child that waits for work, or None where one is yet to be started. The last used goes
        # first, so that a pool with little to do keeps one child warm.
        self._slots: queue.LifoQueue[ChildProcess | None] = queue.LifoQueue()
        for _ in range(processes):
            self._slots.put(None)
        # Linux kills a child when the *thread* that started it ends. Callers' threads come and go: one thread
        # of the pool's own starts them all.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="extraction-starter")

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
        request = {
            "path": str(path.absolute()),
            "media_type": media_type,
            "filename": filename,
            "recognize": recognize,
            "time_limit_s": self._recognition_limit_s if recognize else self._time_limit_s,
        }
        child = self._slots.get()
        try:
            used = child is not None
            child, extraction = self._read(child, request)
            if used and extraction.state == "failed" and extraction.reason in ("crashed", "memory_limit"):
                # Earlier files may have left that child short of memory, or broken: ask a fresh one.
                child, extraction = self._read(child, request)
        except BaseException:
            self._give_back(None)
            raise
        self._give_back(child)
        return extraction

    def _read(
        self, child: ChildProcess | None, request: dict[str, Any]
    ) -> tuple[ChildProcess | None, Extraction]:
        """Read one file; return the child if it may read another, and what came of the file."""
        if child is None:
            child = self._start()
        reusable = False
        try:
            extraction = self._ask(child, request)
            reusable = extraction.state != "failed" and child.files < self._files_per_process
        finally:
            if not reusable:
                self._stop(child)
        if extraction.state == "failed":
            _log.info("text extraction failed: %s, %s", extraction.reason, request["media_type"])
        return (child if reusable else None), extraction

    def _ask(self, child: ChildProcess, request: dict[str, Any]) -> Extraction:
        reason: Reason
        try:
            deadline = time.monotonic() + request["time_limit_s"]
            answer = child.ask(request, deadline=deadline, limit_bytes=4 * self._output_limit_chars + 65536)
            return Extraction(**answer)
        except TimeoutError:
            reason = "time_limit"
        except (PeerGone, TypeError):
            reason = "crashed"
        self._stop(child)
        if self._closed:
            raise ExtractionPoolClosed("the extraction pool was closed")
        if child.returncode == -signal.SIGXCPU:
            reason = "time_limit"
        elif reason == "crashed" and child.ran_out_of_memory:
            reason = "memory_limit"
        return Extraction("failed", reason=reason, detail=_DEATHS[reason])

    def _start(self) -> ChildProcess:
        try:
            child = self._starter.submit(
                ChildProcess,
                memory_limit_bytes=self._memory_limit_bytes,
                output_limit_chars=self._output_limit_chars,
            ).result()
        except RuntimeError as error:
            raise ExtractionPoolClosed("the extraction pool was closed") from error
        with self._lock:
            if not self._closed:
                self._running.add(child)
                return child
        child.stop()
        raise ExtractionPoolClosed("the extraction pool was closed")

    def _stop(self, child: ChildProcess) -> None:
        with self._lock:
            self._running.discard(child)
        child.stop()

    def _give_back(self, child: ChildProcess | None) -> None:
        with self._lock:
            closed = self._closed
            if not closed:
                self._slots.put(child)
        if closed:
            if child is not None:
                self._stop(child)
            self._slots.put(None)

    def close(self) -> None:
        """Kill all children; calls under way or waiting end with `ExtractionPoolClosed`. Twice is allowed."""
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
