"""The loops of background work: what people wait for (index groups, the sweep) in one, and what takes long
(looking through the indexes after a start, jobs) in another, imports in a third; both give way to it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from ecm.bell import Bell
from ecm.importing.running import ImportRunner
from ecm.indexing import Indexing
from ecm.jobs import Jobs
from ecm.redrawing import Redrawing
from ecm.settings import Leases
from ecm.staging import Staging

logger = logging.getLogger(__name__)

POLL_S = 0.1
JOBS_POLL_S = 0.5
STOP_WITHIN_S = 5
WORK_OFF_FOR_S = 3600


class Worker:
    """Works until it is told to stop. Any number of them may run beside each other, in any processes."""

    def __init__(
        self,
        indexing: Indexing,
        jobs: Jobs,
        redrawing: Redrawing,
        imports: ImportRunner,
        staging: Staging,
        leases: Leases,
    ) -> None:
        self._indexing = indexing
        self._imports = imports
        self._jobs = jobs
        self._redrawing = redrawing
        self._staging = staging
        self._sweep_every_s = min(15.0, leases.upload_s / 4)
        self._swept_at = 0.0

    def run(self, stop: threading.Event, bell: Bell | None = None) -> None:
        """Work until `stop` is set, which is seen after a moment. A failure is logged, and work goes on. With
        a `bell` it begins as soon as that rings; without, it looks for work ten times a second."""
        slow, importing = (
            threading.Thread(
                target=_repeat, args=[step, stop, stop.wait, JOBS_POLL_S], name=name, daemon=True
            )
            for name, step in (("ecm-slow", self._slow_step), ("ecm-imports", self._import_step))
        )
        slow.start()
        importing.start()
        _repeat(self._step, stop, bell.wait if bell else stop.wait, POLL_S)
        slow.join(STOP_WITHIN_S)  # a job that takes longer is done again by whoever comes next
        importing.join(STOP_WITHIN_S)

    def work_off(self) -> None:
        """Sweep, make every pending entry true and do every job, also those another worker has in hand."""
        self._staging.sweep()
        while self._redrawing.work():
            pass
        end = time.monotonic() + WORK_OFF_FOR_S
        while self._indexing.has_work() or self._jobs.has_work() or self._imports.has_work():
            if time.monotonic() > end:
                raise TimeoutError(f"background work was not done after {WORK_OFF_FOR_S} s")
            if not (self._indexing.work() or self._jobs.work() or self._imports.work()):
                time.sleep(POLL_S)

    def _step(self) -> bool:
        if time.monotonic() - self._swept_at >= self._sweep_every_s:
            self._swept_at = time.monotonic()
            self._staging.sweep()
        return self._indexing.work()

    def _import_step(self) -> bool:
        """Some rows; while people wait for search, a pause after them."""
        return self._imports.work() and not self._indexing.has_work()

    def _slow_step(self) -> bool:
        """One job; while people wait for search, a pause after it."""
        has_worked = self._indexing.rebuilding.verify_next() or self._redrawing.work() or self._jobs.work()
        return has_worked and not self._indexing.has_work()


def _repeat(
    work: Callable[[], bool], stop: threading.Event, wait: Callable[[float], object], poll_s: float
) -> None:
    """Call `work` until `stop` is set, and wait when it had nothing to do."""
    while not stop.is_set():
        try:
            is_idle = not work()
        except Exception:
            logger.exception("background work failed; it goes on")
            stop.wait(1)
            continue
        if is_idle:
            wait(poll_s)
