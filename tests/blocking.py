"""Waiting until somebody waits: for tests of locks in a real PostgreSQL."""

from __future__ import annotations

import time

from sqlalchemy import text

from ecm.database import Database

WITHIN_S = 20


def await_blocked(database: Database) -> None:
    """Return once some connection waits for a lock."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        with database.engine.connect() as connection:
            if connection.scalar(waiting):
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits for a lock")
