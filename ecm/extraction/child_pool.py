"""A pool of guarded processes, whatever they are asked to do."""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, Literal, Protocol, TypeVar

from .child_process import ChildProcess
from .wire import PeerGone

Death = Literal["time_limit", "memory_limit", "crashed"]
"""Why a child gave no answer."""


class PoolClosed(RuntimeError):
    """The pool was closed before the work was done; the file itself may be all right."""


class PoolBusy(RuntimeError):
    """No child became free in time; the file itself may be all right."""


class Outcome(Protocol):
    """What came of one request: a ``state``, of which ``failed`` costs the child its place, and a reason."""

    @property
    def state(self) -> str: ...

    @property
    def reason(self) -> str: ...


Result = TypeVar("Result", bound=Outcome)


class ChildPool(Generic[Result]):
    """Asks children, so many at once; further callers wait. Thread-safe. Close it.

    ``start`` makes a child, ``read`` a result of its answer (TypeError for one that is none), ``bury`` one of
    its death. A child is replaced after ``files_per_process`` requests, and at once after any failure.
    Children start when first needed, in a session of their own, and die with this process.
    """

    def __init__(
        self,
        start: Callable[[], ChildProcess],
        read: Callable[..., Result],
        bury: Callable[[Death], Result],
        *,
        processes: int,
        files_per_process: int,
    ) -> None:
        self._make = start
        self._read = read
        self._bury = bury
        self._files_per_process = files_per_process
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
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="child-starter")

    def ask(
        self, request: dict[str, Any], *, time_limit_s: float, limit_bytes: int, wait_s: float | None = None
    ) -> Result:
        """Send a request, which says its ``time_limit_s`` to the child as well, and return what came of it.

        ``limit_bytes`` is the most that an answer may be. PoolBusy after ``wait_s``; PoolClosed;
        `ExtractionUnavailable` when no child can be started (transient).
        """
        request = {**request, "time_limit_s": time_limit_s}
        try:
            child = self._slots.get(timeout=wait_s)
        except queue.Empty:
            raise PoolBusy("all processes are at work") from None
        try:
            used = child is not None
            child, result = self._serve(child, request, limit_bytes)
            if used and result.reason in ("crashed", "memory_limit"):
                # Earlier files may have left that child short of memory, or broken: ask a fresh one.
                child, result = self._serve(child, request, limit_bytes)
        except BaseException:
            self._give_back(None)
            raise
        self._give_back(child)
        return result

    def close(self) -> None:
        """Kill all children; calls under way or waiting end with `PoolClosed`. Twice is allowed."""
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

    def _serve(
        self, child: ChildProcess | None, request: dict[str, Any], limit_bytes: int
    ) -> tuple[ChildProcess | None, Result]:
        """The child, if it may be asked again, and what came of the request."""
        if child is None:
            child = self._start()
        reusable = False
        try:
            result = self._ask(child, request, limit_bytes)
            reusable = result.state != "failed" and child.files < self._files_per_process
        finally:
            if not reusable:
                self._stop(child)
        return (child if reusable else None), result

    def _ask(self, child: ChildProcess, request: dict[str, Any], limit_bytes: int) -> Result:
        death: Death
        try:
            deadline = time.monotonic() + request["time_limit_s"]
            return self._read(**child.ask(request, deadline=deadline, limit_bytes=limit_bytes))
        except TimeoutError:
            death = "time_limit"
        except (PeerGone, TypeError):
            death = "crashed"
        self._stop(child)
        if self._closed:
            raise PoolClosed("the pool was closed")
        if child.returncode == -signal.SIGXCPU:
            death = "time_limit"
        elif death == "crashed" and child.ran_out_of_memory:
            death = "memory_limit"
        return self._bury(death)

    def _start(self) -> ChildProcess:
        try:
            child = self._starter.submit(self._make).result()
        except RuntimeError as error:
            if self._closed:
                raise PoolClosed("the pool was closed") from error
            raise
        with self._lock:
            if not self._closed:
                self._running.add(child)
                return child
        child.stop()
        raise PoolClosed("the pool was closed")

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
