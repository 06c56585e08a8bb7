"""One writer at a time, across threads and processes, by a lock on a file."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_RETRY_S: Final = 0.02


class LockTimeout(Exception):
    """Somebody else held the lock all the time that one was ready to wait."""


@contextmanager
def locked(path: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock on this file, which is made when it is absent; whoever holds it may delete it at last:
    another who comes then has a lock of his own.

    The system lets go of the lock when the process dies. LockTimeout.
    """
    until = time.monotonic() + timeout_s
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if _lock(descriptor):
                if _is_at(descriptor, path):
                    yield
                    return
                continue  # the file was deleted while we came: a lock on it shuts nobody out
            if time.monotonic() >= until:
                raise LockTimeout(str(path))
        finally:
            os.close(descriptor)
        time.sleep(_RETRY_S)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


if sys.platform == "win32":

    def open_files_limit() -> int:
        """How many files this process may have open."""
        return 512

    def _lock(descriptor: int) -> bool:
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EDEADLK):
                return False
            raise
        return True

else:

    def open_files_limit() -> int:
        """How many files this process may have open."""
        import resource

        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]

    def _lock(descriptor: int) -> bool:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
