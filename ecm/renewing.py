"""Leases that are kept while their work lasts, however long it takes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from ecm.errors import DatabaseBusy

logger = logging.getLogger(__name__)


@contextmanager
def renewing(renew: Callable[[], None], *, lease_s: float) -> Iterator[None]:
    """Call `renew` three times a lease, from a thread of its own, until the block ends. A database that is
    away is logged: the next call may reach it."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(lease_s / 3):
            try:
                renew()
            except (DBAPIError, DatabaseBusy):
                logger.warning("a lease could not be renewed", exc_info=True)

    thread = threading.Thread(target=run, name="ecm-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
