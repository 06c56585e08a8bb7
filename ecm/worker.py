"""The loop that runs background work: index groups, and the sweep."""

from __future__ import annotations

import logging
import threading
import time

from ecm.indexing import Indexing
from ecm.settings import Leases
from ecm.staging import Staging

logger = logging.getLogger(__name__)

POLL_S = 0.1
WORK_OFF_FOR_S = 3600


class Worker:
    """Works until it is told to stop. Any number of them may run beside each other, in any processes."""

    def __init__(self, indexing: Indexing, staging: Staging, leases: Leases) -> None:
        self._indexing = indexing
        self._staging = staging
        self._sweep_every_s = min(15.0, leases.upload_s / 4)

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set. A failure is logged, and work goes on."""
        swept_at = 0.0
        is_verified = False
        while not stop.is_set():
            try:
                if not is_verified:
                    self._indexing.rebuild_missing()
                    is_verified = True
                if time.monotonic() - swept_at >= self._sweep_every_s:
                    swept_at = time.monotonic()
                    self._staging.sweep()
                is_idle = not self._indexing.work()
            except Exception:
                logger.exception("background work failed; it goes on")
                is_idle = True
                stop.wait(1)
            if is_idle:
                stop.wait(POLL_S)

    def work_off(self) -> None:
        """Sweep, and make every pending entry true, also those that another worker has in hand."""
        self._staging.sweep()
        end = time.monotonic() + WORK_OFF_FOR_S
        while self._indexing.has_work():
            if time.monotonic() > end:
                raise TimeoutError(f"background work was not done after {WORK_OFF_FOR_S} s")
            if not self._indexing.work():
                time.sleep(POLL_S)
