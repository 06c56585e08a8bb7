"""Messages between the pool and its children: a length of four bytes, then JSON."""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

_LENGTH = struct.Struct("!I")


class PeerGone(Exception):
    """The other side closed the connection, or sent what is no message."""


def send(connection: socket.socket, message: dict[str, Any], *, deadline: float | None = None) -> None:
    """Send one message. Raises `PeerGone`, and TimeoutError when ``deadline`` (of time.monotonic) passes."""
    body = json.dumps(message, ensure_ascii=False).encode()
    connection.settimeout(_left(deadline))
    try:
        connection.sendall(_LENGTH.pack(len(body)) + body)
    except TimeoutError:
        raise
    except OSError as error:
        raise PeerGone("the connection was closed") from error


def receive(connection: socket.socket, *, limit_bytes: int, deadline: float | None = None) -> dict[str, Any]:
    """Receive one message of ``limit_bytes`` at most. Raises `PeerGone`, and TimeoutError at the deadline."""
    (length,) = _LENGTH.unpack(_receive_exactly(connection, _LENGTH.size, deadline))
    if length > limit_bytes:
        raise PeerGone(f"a message of {length} bytes, more than the {limit_bytes} allowed")
    try:
        message = json.loads(_receive_exactly(connection, length, deadline))
    except ValueError as error:
        raise PeerGone("a message that is not JSON") from error
    if not isinstance(message, dict):
        raise PeerGone("a message that is no object")
    return message


def _receive_exactly(connection: socket.socket, size: int, deadline: float | None) -> bytearray:
    received = bytearray()
    while len(received) < size:
        connection.settimeout(_left(deadline))
        try:
            chunk = connection.recv(min(size - len(received), 1 << 20))
        except TimeoutError:
            raise
        except OSError as error:
            raise PeerGone("the connection was closed") from error
        if not chunk:
            raise PeerGone("the connection was closed")
        received += chunk
    return received


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
