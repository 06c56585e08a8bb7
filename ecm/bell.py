"""A bell between processes: who leaves work rings, who does the work wakes."""

from __future__ import annotations

import os
import select
from contextlib import suppress

RINGS_AT_ONCE = 4096


class Bell:
    """Made before processes part, and shared by them. One listens; any number may ring, from any thread.

    It only makes things quicker: work is in the database, and is found there by whoever looks. Close it.
    """

    def __init__(self) -> None:
        self._heard, self._rung = os.pipe()
        os.set_blocking(self._heard, False)
        os.set_blocking(self._rung, False)

    def ring(self) -> None:
        """Wake who listens, now or as soon as it listens again. Never blocks."""
        with suppress(BlockingIOError):  # it has been rung thousands of times already
            os.write(self._rung, b"!")

    def wait(self, timeout_s: float) -> None:
        """Return when it rings, or has rung since the last time, or after `timeout_s`."""
        ready, _, _ = select.select([self._heard], [], [], timeout_s)
        if ready:
            os.read(self._heard, RINGS_AT_ONCE)

    def close(self) -> None:
        """Let go of it, in this process."""
        os.close(self._heard)
        os.close(self._rung)
