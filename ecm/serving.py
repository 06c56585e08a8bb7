"""`ecm serve`: one command, a process for the web and one for background work, which all end together.

Background work has a process of its own so that lemmas and PDFs don't take the web's interpreter. The
server's own process only watches over the two; whichever of them ends is started again.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from ecm.bell import Bell
from ecm.errors import SettingError
from ecm.settings import Settings

logger = logging.getLogger(__name__)

THREADS = 32
BACKLOG = 2048
BACKGROUND_NICENESS = 5
"""Where both want the processor, who waits for an answer comes before what is found a little later."""
PARENT_LOOKED_AT_EVERY_S = 1.0
PR_SET_PDEATHSIG = 1
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})


def serve(settings: Settings, *, host: str = "127.0.0.1", port: int = 8000, threads: int = THREADS) -> None:
    """Serve pages and the API with background work beside, until SIGTERM or SIGINT; what is under way
    then is finished. Does not return. SettingError names what cannot be served with.

    Port 0 takes a free one. The address stands in the first line on standard output.
    """
    if not hasattr(os, "fork"):
        raise SettingError("serve", sys.platform, "a system that can fork; on Windows use WSL")
    # All code, and the dictionaries, are loaded before the processes part, so that they share the memory.
    from ecm.api.application import create_app
    from ecm.http_server import HttpServer
    from ecm.optional_parts import warn_of_missing_parts
    from ecm.search.analysis import Analyzer
    from ecm.wiring import open_settings

    configure_logging(settings.log_level)
    analyzer = Analyzer()
    open_settings(settings, analyzer=analyzer).close()
    listener = listen(host, port)
    address = f"{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"

    bell = Bell()

    def work() -> None:
        os.nice(BACKGROUND_NICENESS)
        stop = threading.Event()
        stop_on_signals(stop, signal.SIGTERM)
        warn_of_missing_parts()
        with open_settings(settings, analyzer=analyzer) as app:
            app.worker.run(stop, bell)

    server = HttpServer(
        lambda: create_app(settings, library=open_settings(settings, analyzer=analyzer), changed=bell.ring),
        listener,
        threads=threads,
        stall_s=settings.leases.upload_s,
        background=work,
    )
    sys.stdout.write(f"serving on http://{address}\n")
    sys.stdout.flush()
    analyzer.load()
    gc.collect()
    gc.freeze()  # the collector would write into pages that are shared
    server.run()


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections on an address. SettingError when it can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise SettingError("address", f"{host}:{port}", f"one that is free ({error.strerror})") from error


def stop_on_signals(stop: threading.Event, *numbers: signal.Signals) -> None:
    """Set `stop` on signals, by default SIGTERM and SIGINT. For the main thread."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in numbers or (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def end_with_parent(parent_id: int) -> None:
    """Have this process killed as soon as its parent ends, however that does. To be called right after
    the fork. What is half done then is mended like after any crash."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch_parent, args=[parent_id], daemon=True).start()
    if os.getppid() != parent_id:  # it ended before we could say so
        os._exit(1)


def _watch_parent(parent_id: int) -> None:
    while os.getppid() == parent_id:
        time.sleep(PARENT_LOOKED_AT_EVERY_S)
    os._exit(1)


class Child:
    """A process that runs `work`, and is started again when it ends.

    `prepare` is called in it first: to let go of what it has from its parent.
    """

    RESTART_S = 1.0

    def __init__(self, name: str, work: Callable[[], None], prepare: Callable[[], None]) -> None:
        self._name = name
        self._work = work
        self._prepare = prepare
        self._id: int | None = None
        self._started_s = -self.RESTART_S

    def keep_running(self) -> None:
        """Start it if it does not run, though not over and over. To be called every now and then."""
        if self._is_running() or time.monotonic() - self._started_s < self.RESTART_S:
            return
        if self._id is not None:
            logger.error("the %s process (%s) ended; starting it again", self._name, self._id)
        self._started_s = time.monotonic()
        parent_id = os.getpid()
        self._id = os.fork()
        if self._id == 0:
            self._run(parent_id)

    def stop(self, within_s: float) -> None:
        """Ask it to end, and kill it when it has not after so many seconds."""
        if self._id is None or not self._is_running():
            return
        os.kill(self._id, signal.SIGTERM)
        end = time.monotonic() + within_s
        while self._is_running():
            if time.monotonic() > end:
                os.kill(self._id, signal.SIGKILL)
                end += within_s
            time.sleep(0.05)

    def _is_running(self) -> bool:
        if self._id is None:
            return False
        try:
            ended, _ = os.waitpid(self._id, os.WNOHANG)
        except ChildProcessError:  # somebody else has seen its end
            return False
        return ended == 0

    def _run(self, parent_id: int) -> None:
        status = 1
        try:
            end_with_parent(parent_id)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells all; the parent tells us
            self._prepare()
            self._work()
            status = 0
        except Exception:
            logger.exception("the %s process failed", self._name)
        finally:
            logging.shutdown()
            os._exit(status)


class KeyValueFormatter(logging.Formatter):
    """Lines that people can read and programs can split: ``key=value``, quoted where there are spaces."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback is in it with its ends of lines escaped."""
        fields = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": str(record.process),
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return " ".join(f"{name}={_quoted(value)}" for name, value in fields.items())


def configure_logging(level: str) -> None:
    """Write structured lines to standard error, in place of whatever was set up before."""
    handler = logging.StreamHandler()
    handler.setFormatter(KeyValueFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("pymorphy3").setLevel(logging.WARNING)  # it tells of each dictionary


def _quoted(value: str) -> str:
    return value if value.isascii() and value.isprintable() and not set(value) & set(' "=') else (
        '"' + value.translate(ESCAPES) + '"'
    )  # fmt: skip
