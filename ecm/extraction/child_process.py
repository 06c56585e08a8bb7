"""One guarded process, seen from outside: started, asked, stopped."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, ClassVar

from . import wire

# What runtimes say before they give up: those of Rust, C++ and Python.
_OUT_OF_MEMORY = re.compile(rb"memory allocation of \d+ bytes failed|bad_alloc|[Oo]ut of memory|MemoryError")
# What a child may know of this process' environment: where programs and libraries are. No credentials.
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TESSDATA_PREFIX")


class ExtractionUnavailable(RuntimeError):
    """No process for reading files can be started now (no memory, no process slots); try again later."""


class ChildProcess:
    """A running child with its socket and its folder for temporary files. Asked by one thread at a time.

    Raises `ExtractionUnavailable` when it can't be started. End it with `stop`. ``output_limit_chars`` is for
    children that answer with text.
    """

    child_file: ClassVar[Path] = Path(__file__).with_name("child.py")
    """What the process runs; a subclass may name another file."""

    def __init__(self, *, memory_limit_bytes: int, output_limit_chars: int = 0) -> None:
        self.files = 0
        self.ran_out_of_memory = False
        """Whether a child that has been stopped had died for want of memory, as far as it said."""
        self._stopping = threading.Lock()
        self._stopped = False
        try:
            self._folder = tempfile.mkdtemp(prefix="ecm-extraction-")
            self._last_words = os.path.join(self._folder, "stderr")
            try:
                self._start(memory_limit_bytes, output_limit_chars)
            except BaseException:
                shutil.rmtree(self._folder, ignore_errors=True)
                raise
        except OSError as error:
            raise ExtractionUnavailable("no process for reading files can be started") from error

    def _start(self, memory_limit_bytes: int, output_limit_chars: int) -> None:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                arguments = [theirs.fileno(), os.getpid(), memory_limit_bytes, output_limit_chars]
                with open(self._last_words, "wb") as last_words:
                    self._process = subprocess.Popen(
                        [sys.executable, "-P", str(self.child_file), *map(str, arguments)],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=last_words,
                        cwd=self._folder,
                        env=self._environment(),
                        pass_fds=[theirs.fileno()],
                        start_new_session=True,
                    )
        except BaseException:
            ours.close()
            raise
        self._connection = ours

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        return {
            **kept,
            # The libraries that this process finds, in whatever way it was told of them.
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "TMPDIR": self._folder,
            "HOME": self._folder,
            "LC_ALL": "C.UTF-8",
            # Memory is limited by address space, of which arenas and threads take much and use little.
            "MALLOC_ARENA_MAX": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }

    @property
    def pid(self) -> int:
        """The process' id, which is also that of its session and process group."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code of a stopped child, negative for a signal; None while it runs."""
        return self._process.returncode

    def ask(self, request: dict[str, Any], *, deadline: float, limit_bytes: int) -> dict[str, Any]:
        """Send a request and return the answer.

        Raises TimeoutError at ``deadline`` (of time.monotonic), `wire.PeerGone` when the child died; then,
        stop it.
        """
        self.files += 1
        wire.send(self._connection, request, deadline=deadline)
        return wire.receive(self._connection, limit_bytes=limit_bytes, deadline=deadline)

    def kill(self) -> None:
        """Kill the process and all that it started; whoever waits for its answer gets `wire.PeerGone`."""
        # Not yet waited for, so the id is still its own, even of a process that has ended.
        with self._stopping:
            if not self._stopped:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Kill the process, wait for its end, delete its folder. Not while it is asked; twice is allowed."""
        self.kill()
        with self._stopping:
            if not self._stopped:
                self._stopped = True
                self._process.wait()
                self._connection.close()
                with open(self._last_words, "rb") as last_words:
                    self.ran_out_of_memory = bool(_OUT_OF_MEMORY.search(last_words.read(65536)))
                shutil.rmtree(self._folder, ignore_errors=True)
