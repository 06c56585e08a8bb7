"""What a drawing process does: draw the pages that it is told to, and answer what came of it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ecm.extraction import limits, wire

from .interface import Box, Renderer, Undrawable
from .network import forbid_network
from .pictures import write_pictures
from .renderers import make_renderers

_REQUEST_LIMIT_BYTES = 1024 * 1024


def serve(descriptor: int, parent_pid: int, memory_limit_bytes: int, _unused: int) -> None:
    """Limit this process, then answer requests on the socket ``descriptor`` until it closes."""
    limits.limit_this_process(memory_limit_bytes, parent_pid)
    forbid_network()
    by_media_type = {name: renderer for renderer in make_renderers() for name in renderer.media_types}
    with socket.socket(fileno=descriptor) as connection:
        while True:
            try:
                request = wire.receive(connection, limit_bytes=_REQUEST_LIMIT_BYTES)
            except wire.PeerGone:
                return
            limits.allow_processor_time(request["time_limit_s"])
            wire.send(connection, draw_file(by_media_type.get(request["media_type"]), request))


def draw_file(renderer: Renderer | None, request: dict[str, Any]) -> dict[str, Any]:
    """Draw one page of a file and return the fields of a `Drawing`; raises nothing that a file can cause."""
    if renderer is None:
        return _refusal("unsupported", "unsupported", "files of this type are not drawn")
    try:
        pages = _draw(renderer, request, request["widths"])
    except Undrawable as refusal:
        return _refusal("failed", refusal.reason, refusal.detail)
    except MemoryError:
        return _refusal("failed", "memory_limit", "drawing the page takes more memory than is allowed")
    except Exception as error:  # noqa: BLE001 - whatever a damaged file makes a library raise
        return _refusal("failed", "damaged", f"the file is damaged ({type(error).__name__})")
    return {"state": "done", "pages": pages, "reason": "", "detail": ""}


def _draw(renderer: Renderer, request: dict[str, Any], widths: Sequence[int]) -> int:
    box = Box.of_width(max(widths))
    drawn = renderer.draw(Path(request["path"]), request["media_type"], request["page"], box)
    if drawn.image is not None:
        write_pictures(drawn.image, widths, Path(request["folder"]))
    return drawn.pages


def _refusal(state: str, reason: str, detail: str) -> dict[str, Any]:
    return {"state": state, "pages": 0, "reason": reason, "detail": detail}
