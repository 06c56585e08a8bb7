"""What a process that reads hostile files may use, told to the kernel by the process itself."""

from __future__ import annotations

import ctypes
import math
import os
import signal
import sys
from collections.abc import Callable

if sys.platform != "win32":
    import resource

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_OPEN_FILES = 64
_WRITTEN_FILE_BYTES = 256 * 1024 * 1024
_NICENESS = 10


def limit_this_process(memory_limit_bytes: int, parent_pid: int) -> None:
    """Bound address space, open files and written files, forbid core dumps, and die with the parent.

    Memory is an address space limit: an allocation past it fails, whoever asks for it. On Linux the kernel
    kills this process when its parent dies, ``kill -9`` included; elsewhere the process ends as its socket
    closes. On Windows there are no such limits.
    """
    if sys.platform == "win32":
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_WRITTEN_FILE_BYTES, _WRITTEN_FILE_BYTES))
    if sys.platform == "linux":
        # Only here: macOS refuses or ignores RLIMIT_AS.
        resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent_pid:  # it died before the line above: no signal will come
            os._exit(1)


def allow_processor_time(seconds: float) -> None:
    """Let this process use so many more seconds of processor time, then be killed (SIGXCPU)."""
    if sys.platform == "win32":
        return
    spent = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(spent.ru_utime + spent.ru_stime + seconds) + 1, hard))


def helper_setup() -> Callable[[], None] | None:
    """Return what a program that this process starts does first: give way to others, and die with this one.

    The limits of this process hold for such a program as well; the tie to its parent is not inherited.
    """
    if sys.platform == "win32":
        return None
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def set_up() -> None:
        os.nice(_NICENESS)
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    return set_up
