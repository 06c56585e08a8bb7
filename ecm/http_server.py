"""The web server: gunicorn with one process of many threads, and what it takes to move large bodies well.

* A body is asked for (``100 Continue``) when it is first read, so that a refusal comes before it.
* After an answer to a body that was not read to its end, the connection is closed so that the answer
  arrives: a plain close would make the system reset the connection and with it lose the answer.
* A client that stands still is given up, instead of holding a thread for good.
* Real files are sent by the system, from where they stand.
"""

from __future__ import annotations

import io
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.http.errors import ParseException
from gunicorn.http.wsgi import Response
from gunicorn.workers.gthread import ThreadWorker

from ecm.serving import Child, end_with_parent

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

GRACEFUL_S = 30
KEEP_ALIVE_S = 30
CONNECTIONS = 1000
LINE_MOST_BYTES = 8190
FIELD_MOST_BYTES = 8190
FIELDS_MOST = 100
LINGER_IDLE_S, LINGER_S = 2.0, 30.0
"""How long a client may send what nobody reads, after its answer: without a pause of so long, and in all."""
LINGER_READ_BYTES = 256 * 1024
UNREAD_MOST_BYTES = 48 * 1024
"""A shorter rest of a body is read away by the server (as it is below 64 KiB), and the connection kept."""


class HttpServer(BaseApplication):  # type: ignore[misc]
    """Serves what `factory` makes on a listening socket, with `background` in a process beside.

    `factory` is called in the web process. A client that sends or takes nothing for `stall_s` seconds is
    given up.
    """

    def __init__(
        self,
        factory: Callable[[], WSGIApplication],
        listener: socket.socket,
        *,
        threads: int,
        stall_s: float,
        background: Callable[[], None],
    ) -> None:
        self._factory = factory
        self._listener = listener
        self._threads = threads
        self._stall_s = stall_s
        self._background = background
        super().__init__()

    def load_config(self) -> None:
        """What differs from gunicorn's defaults. Neither its files nor its variables are read."""
        options = {
            "bind": f"fd://{self._listener.detach()}",  # the server takes it over
            "workers": 1,
            "worker_class": WebWorker,
            "threads": self._threads,
            "worker_connections": max(CONNECTIONS, 2 * self._threads),
            "keepalive": KEEP_ALIVE_S,
            "graceful_timeout": GRACEFUL_S,
            "limit_request_line": LINE_MOST_BYTES,
            "limit_request_field_size": FIELD_MOST_BYTES,
            "limit_request_fields": FIELDS_MOST,
            "control_socket_disable": True,
            "logger_class": ServerLog,
            "pre_request": delay_continue,
            "post_fork": follow_server,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        """The application, made in the web process."""
        return Front(self._factory(), stall_s=self._stall_s)

    def run(self) -> None:
        """Serve until told to stop. Does not return."""
        Supervisor(self, self._background).run()


class Supervisor(Arbiter):  # type: ignore[misc]
    """Keeps the web process and the background process running, and stops both gracefully."""

    SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)

    def __init__(self, app: HttpServer, background: Callable[[], None]) -> None:
        super().__init__(app)
        self._background = Child("background", background, self._let_go)

    def manage_workers(self) -> None:
        """Called about every second, and when a child has ended."""
        super().manage_workers()
        self._background.keep_running()

    def stop(self, graceful: bool = True) -> None:
        """Stop the web process first: what it accepted may leave work behind, which waits in the database."""
        super().stop(graceful)
        self._background.stop(within_s=GRACEFUL_S if graceful else 1)

    def handle_int(self) -> None:
        """Ctrl-C is a graceful end, and so is the end of the terminal."""
        raise StopIteration

    handle_hup = handle_int

    def _let_go(self) -> None:
        for number in self.SIGNALS:
            if number != signal.SIGINT:
                signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for listener in self.LISTENERS:
            listener.close()
        for worker in self.WORKERS.values():
            worker.tmp.close()


class WebWorker(ThreadWorker):  # type: ignore[misc]
    """Closes connections in the thread that served them, where waiting for a client holds up nobody else."""

    def init_signals(self) -> None:
        """A terminal's Ctrl-C reaches all processes; the supervisor alone acts on it."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def set_accept_enabled(self, enabled: bool) -> None:
        """When stopping, refuse new connections at once: nobody would serve those in the queue."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                listener.close()

    def handle(self, connection: Any) -> Any:
        """Serve a request; False when the connection is to be closed."""
        kept = super().handle(connection)
        if kept is False:
            linger(connection.sock)
        return kept


class ServerLog(Logger):  # type: ignore[misc]
    """Sends what the server has to say to our own log, warnings and worse."""

    def setup(self, cfg: Any) -> None:
        """Leave handlers alone."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.loglevel = logging.WARNING
        self.error_log.setLevel(logging.WARNING)
        self.error_log.propagate = True


class Front:
    """The outermost layer around an application; see the module's page."""

    def __init__(self, application: WSGIApplication, *, stall_s: float) -> None:
        self._application = application
        self._stall_s = stall_s

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["gunicorn.socket"].settimeout(self._stall_s)
        environ["wsgi.file_wrapper"] = FileWrapper
        body = RequestBody(environ)
        environ["wsgi.input"] = body

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            response = getattr(start_response, "__self__", None)
            if isinstance(response, Response) and body.is_far_from_end:
                response.force_close()
            return start_response(status, headers, exc_info)

        return self._application(environ, start)


class RequestBody(io.BufferedIOBase):
    """A request's body, which is asked for when it is first read. OSError when it breaks off."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        length = environ.get("CONTENT_LENGTH") or None
        self._input = environ["wsgi.input"]
        self._socket: socket.socket = environ["gunicorn.socket"]
        self._is_chunked = length is None and "HTTP_TRANSFER_ENCODING" in environ
        self._rest_bytes = int(length or 0)
        self._is_awaited = (
            environ.get("HTTP_EXPECT", "").lower() == "100-continue"
            and environ.get("SERVER_PROTOCOL") != "HTTP/1.0"
        )

    @property
    def is_far_from_end(self) -> bool:
        """Whether more is to come than is worth reading for nothing."""
        return self._is_chunked or self._rest_bytes > (0 if self._is_awaited else UNREAD_MOST_BYTES)

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes, fewer only at the end."""
        if self._is_awaited:
            self._is_awaited = False
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            data: bytes = self._input.read(-1 if size is None else size)
        except ParseException as error:
            raise ConnectionError("the body's framing is broken") from error
        self._rest_bytes -= len(data)
        if not data and size != 0:
            self._is_chunked = False
        return data

    def read1(self, size: int = -1, /) -> bytes:
        """As `read`."""
        return self.read(size)


class FileWrapper:
    """A file as the body of a response, which can be wound to the start of a range; gunicorn's own can't."""

    def __init__(self, filelike: IO[bytes], blksize: int = 64 * 1024) -> None:
        self.filelike = filelike
        self.blksize = blksize

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        data = self.filelike.read(self.blksize)
        if not data:
            raise StopIteration
        return data

    def seekable(self) -> bool:
        """Whether `seek` works."""
        return self.filelike.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position."""
        return self.filelike.seek(offset, whence)

    def tell(self) -> int:
        """The position."""
        return self.filelike.tell()

    def close(self) -> None:
        """Close the file."""
        self.filelike.close()


def delay_continue(worker: ThreadWorker, request: Any) -> None:
    """Keep the server from asking for a body before anybody has looked at the request."""
    request._expected_100_continue = False


def follow_server(server: Arbiter, worker: ThreadWorker) -> None:
    """In a new web process: end with the server, however that ends."""
    end_with_parent(server.pid)


def linger(connection: socket.socket) -> None:
    """End our side of a connection, and read on until the client has ended its own (RFC 9112, 9.6)."""
    with suppress(OSError):  # it is closed or broken already
        connection.shutdown(socket.SHUT_WR)
        end = time.monotonic() + LINGER_S
        connection.settimeout(LINGER_IDLE_S)
        while time.monotonic() < end and connection.recv(LINGER_READ_BYTES):
            pass
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
