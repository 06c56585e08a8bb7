"""A quick HTTP client: the least that there is between a socket and a figure. For servers of ours alone.

`python -m tests.bench.client` uploads small bodies for a while, as told by a line of JSON on standard input.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

BUFFER_BYTES = 1024 * 1024
PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; of a body that was to be dropped only its size is known."""

    status: int
    headers: dict[str, str]
    size_bytes: int
    body: bytes

    def json(self) -> dict[str, object]:
        """The body, which is a JSON object. RuntimeError when the answer is no success."""
        if self.status >= 300:
            raise RuntimeError(f"{self.status}: {self.body[:500]!r}")
        value: dict[str, object] = json.loads(self.body)
        return value


class Client:
    """One connection to a server on the loopback."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(BUFFER_BYTES)

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | BinaryIO = b"",
        *,
        keep: bool = True,
    ) -> Answer:
        """Send a request and take the answer. The body may be an open file; what comes back is kept, or
        dropped as it comes."""
        size = len(body) if isinstance(body, bytes) else os.fstat(body.fileno()).st_size
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Content-Length: {size}",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
        ]
        head = "\r\n".join([*lines, "", ""]).encode()
        if isinstance(body, bytes):
            self._socket.sendall(head + body)
        else:
            self._socket.sendall(head)
            self._socket.sendfile(body)
        return self._answer(keep)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self, keep: bool) -> Answer:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, start = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", 0))
        chunks = [start]
        missing = size - len(start)
        while missing > 0:
            if keep:
                chunks.append(self._receive())
                missing -= len(chunks[-1])
            else:
                missing -= self._drop()
        return Answer(int(first.split()[1]), headers, size, b"".join(chunks) if keep else b"")

    def _receive(self) -> bytes:
        data = self._socket.recv(BUFFER_BYTES)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data

    def _drop(self) -> int:
        count = self._socket.recv_into(self._buffer)
        if not count:
            raise ConnectionError("the server closed the connection")
        return count


def bodies(template: bytes) -> Iterator[bytes]:
    """The template again and again, each time with other bytes at its start."""
    while True:
        yield os.urandom(12).hex().encode() + template[24:]


def main() -> None:
    """Upload one body after another for some seconds, and print how long each took."""
    job = json.loads(sys.stdin.readline())
    template = Path(job["template"]).read_bytes()
    latencies_s: list[float] = []
    with Client(job["port"]) as client:
        print("ready", flush=True)
        sys.stdin.readline()
        end = time.monotonic() + job["for_s"]
        for body in bodies(template):
            started = time.perf_counter()
            if time.monotonic() >= end:
                break
            answer = client.ask("POST", job["path"], job["headers"], body)
            latencies_s.append(time.perf_counter() - started)
            if answer.status != 201:
                raise RuntimeError(f"{answer.status}: {answer.body[:500]!r}")
    print(json.dumps(latencies_s), flush=True)


if __name__ == "__main__":
    main()
