"""The first sheet of an Excel workbook, read in a process that a hostile file may ruin."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

from ecm.errors import Invalid
from ecm.extraction import wire
from ecm.extraction.child_process import ChildProcess

TIME_LIMIT_S: Final = 60
MEMORY_LIMIT_BYTES: Final = 1024**3
ANSWER_LIMIT_BYTES: Final = 256 * 1024 * 1024


class _Reader(ChildProcess):
    child_file = Path(__file__).with_name("child.py")


def read_workbook(path: Path, *, rows_most: int) -> list[list[str]]:
    """The rows of the first sheet, up to so many and one more. Invalid: it can't be read, or takes too much
    time or memory; ExtractionUnavailable when no process can be started now."""
    reader = _Reader(memory_limit_bytes=MEMORY_LIMIT_BYTES)
    try:
        answer: dict[str, Any] = reader.ask(
            {"path": str(path.absolute()), "rows_most": rows_most},
            deadline=time.monotonic() + TIME_LIMIT_S,
            limit_bytes=ANSWER_LIMIT_BYTES,
        )
    except (TimeoutError, wire.PeerGone):
        raise Invalid("file", "a workbook that can be read: this one is too large, or damaged") from None
    finally:
        reader.stop()
    if answer["detail"]:
        raise Invalid("file", f"an Excel workbook (.xlsx) or a CSV file: {answer['detail']}")
    rows: list[list[str]] = answer["rows"]
    return rows
