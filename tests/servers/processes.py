"""What every server under test needs: a free port, an end with its parent, and a stop that is sure."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def free_port(*, below: int = 65536) -> int:
    """A TCP port on the loopback that nobody listened on a moment ago.

    Another process may take it before the server does: who starts a server tries again with another.
    """
    for _ in range(200):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port < below:
            return port
    for port in range(20000, below):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError("no free port on the loopback")


def end_with_parent(signal_number: int) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send `signal_number` to the child when this process ends.

    It holds for a `kill -9` of the tests as well, which no handler of ours would see. Where the kernel
    has no such thing (it is Linux's), only an orderly end stops the server.
    """
    if sys.platform != "linux":
        return lambda: None
    parent = os.getpid()
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def preexec() -> None:
        prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return preexec


def stop(
    process: subprocess.Popen[bytes], signal_number: int = signal.SIGTERM, *, patience_s: float = 10
) -> None:
    """Ask `process` to end, and kill it when it has not done so in `patience_s` seconds. Idempotent."""
    if process.poll() is None:
        process.send_signal(signal_number)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait(patience_s)
