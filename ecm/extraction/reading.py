"""What a guarded process does: read the files that it is told to, and answer with their text."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import limits, wire
from .cleaning import clean
from .interface import Extractor, Unreadable
from .readers import make_extractors

_REQUEST_LIMIT_BYTES = 1024 * 1024


def serve(descriptor: int, parent_pid: int, memory_limit_bytes: int, output_limit_chars: int) -> None:
    """Limit this process, then answer requests on the socket ``descriptor`` until it closes."""
    limits.limit_this_process(memory_limit_bytes, parent_pid)
    by_media_type = {name: extractor for extractor in make_extractors() for name in extractor.media_types}
    with socket.socket(fileno=descriptor) as connection:
        while True:
            try:
                request = wire.receive(connection, limit_bytes=_REQUEST_LIMIT_BYTES)
            except wire.PeerGone:
                return
            limits.allow_processor_time(request["time_limit_s"])
            extractor = by_media_type.get(request["media_type"])
            wire.send(connection, read_file(extractor, request, output_limit_chars))


def read_file(
    extractor: Extractor | None, request: dict[str, Any], output_limit_chars: int
) -> dict[str, str]:
    """Read one file and return the fields of an `Extraction`; raises nothing that a file can cause."""
    if extractor is None:
        return _answer("unsupported", "", "unsupported", "text is not read from files of this type")
    pieces: list[str] = []
    reason, detail = "", ""
    try:
        chunks = extractor.extract(Path(request["path"]), request["media_type"], request["filename"])
        if _gather(chunks, pieces, output_limit_chars):
            reason, detail = "truncated", f"only the first {output_limit_chars} characters are kept"
    except Unreadable as refusal:
        reason, detail = refusal.reason, refusal.detail
    except MemoryError:
        pieces.clear()
        reason, detail = "memory_limit", "reading the file takes more memory than is allowed"
    except Exception as error:  # noqa: BLE001 - whatever a damaged file makes a library raise
        reason, detail = "damaged", f"the file is damaged ({type(error).__name__})"
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what Rust code raises, outside Exception
            raise
        reason, detail = "damaged", "the file is damaged (its reader gave up)"
    text = clean("".join(pieces))
    return _answer("done" if text else "failed" if reason else "empty", text, reason, detail)


def _gather(chunks: Iterable[str], pieces: list[str], limit_chars: int) -> bool:
    """Append chunks until the limit; return whether there was more."""
    left = limit_chars
    for chunk in chunks:
        pieces.append(chunk[:left])
        left -= len(chunk)
        if left < 0:
            return True
    return False


def _answer(state: str, text: str, reason: str, detail: str) -> dict[str, str]:
    return {"state": state, "text": text, "reason": reason, "detail": detail}
