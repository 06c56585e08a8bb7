"""What a guarded process does: read the files that it is told to, and answer with their text."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import limits, wire
from .cleaning import clean
from .interface import Found, Scan, Unreadable
from .nested import Readers, Unpacking
from .ocr import Recognizer
from .readers import make_extractors
from .refusals import refusal_of

_REQUEST_LIMIT_BYTES = 1024 * 1024


def serve(descriptor: int, parent_pid: int, memory_limit_bytes: int, output_limit_chars: int) -> None:
    """Limit this process, then answer requests on the socket ``descriptor`` until it closes."""
    limits.limit_this_process(memory_limit_bytes, parent_pid)
    readers = Readers(make_extractors())
    with socket.socket(fileno=descriptor) as connection:
        while True:
            try:
                request = wire.receive(connection, limit_bytes=_REQUEST_LIMIT_BYTES)
            except wire.PeerGone:
                return
            limits.allow_processor_time(request["time_limit_s"])
            wire.send(connection, read_file(readers, request, output_limit_chars))


def read_file(readers: Readers, request: dict[str, Any], output_limit_chars: int) -> dict[str, Any]:
    """Read one file and return the fields of an `Extraction`; raises nothing that a file can cause."""
    path, media_type = Path(request["path"]), request["media_type"]
    extractor = readers.of(media_type)
    if extractor is None:
        return _answer("unsupported", "", "unsupported", "text is not read from files of this type")
    gathering = _Gathering(output_limit_chars, _recognizer(request))
    try:
        unpacking = Unpacking(readers, path, request["time_limit_s"])
        gathering.take(unpacking.resolve(extractor.extract(path, media_type, request["filename"])))
        if unpacking.refusal:
            gathering.note(unpacking.refusal)
    except MemoryError as error:
        refusal = refusal_of(error)
        return _answer("failed", "", refusal.reason, refusal.detail)
    except BaseException as error:  # noqa: BLE001 - what a file can't cause is raised again
        gathering.note(refusal_of(error))
    return gathering.answer()


def _recognizer(request: dict[str, Any]) -> Recognizer | None:
    # Begun pictures must end before the pool's own patience does, so that what was read is kept.
    return Recognizer(0.9 * request["time_limit_s"]) if request["recognize"] else None


class _Gathering:
    """What was read of one file so far."""

    def __init__(self, limit_chars: int, recognizer: Recognizer | None) -> None:
        self._limit_chars = limit_chars
        self._left_chars = limit_chars
        self._recognizer = recognizer
        self._pieces: list[str] = []
        self._refusal: Unreadable | None = None
        self._has_scans = False

    def take(self, pieces: Iterable[Found]) -> None:
        """Gather text until the limit, and read the scans, if they are to be read now."""
        for piece in pieces:
            text = self._read(piece) if isinstance(piece, Scan) else piece
            self._pieces.append(text[: self._left_chars])
            self._left_chars -= len(text)
            if self._left_chars < 0:
                detail = f"only the first {self._limit_chars} characters are kept"
                return self.note(Unreadable("truncated", detail))

    def note(self, refusal: Unreadable) -> None:
        """Keep why there is no more text; the first reason stands."""
        self._refusal = self._refusal or refusal

    def answer(self) -> dict[str, Any]:
        """Return the fields of an `Extraction`."""
        text = clean("".join(self._pieces))
        reason = self._refusal.reason if self._refusal else ""
        detail = self._refusal.detail if self._refusal else ""
        state = "done" if text else _STATES_WITHOUT_TEXT.get(reason, "failed")
        return _answer(state, text, reason, detail, self._has_scans)

    def _read(self, scan: Scan) -> str:
        if self._recognizer:
            try:
                return self._recognizer.read(scan) + "\n"
            except Exception as error:  # noqa: BLE001 - one bad picture; the others and the text stand
                self.note(refusal_of(error))
        self._has_scans = True
        return ""


_STATES_WITHOUT_TEXT = {
    "": "empty",
    "truncated": "empty",
    "no_recognizer": "unsupported",
    "unsupported": "unsupported",
}


def _answer(state: str, text: str, reason: str, detail: str, has_scans: bool = False) -> dict[str, Any]:
    return {"state": state, "text": text, "reason": reason, "detail": detail, "has_scans": has_scans}
