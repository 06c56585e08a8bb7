"""Mailboxes: the messages of a folder, one after another in one file (RFC 4155)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .interface import Member, Piece

_MESSAGE_BYTES = 160 * 1024 * 1024
_LINE_BYTES = 1024 * 1024
# The line before a message: an address or any word, and a date with its time.
_START = re.compile(rb"From \S.*\d\d:\d\d")
_QUOTED_START = re.compile(rb">+From ")


class MailboxExtractor:
    """Mailboxes as Thunderbird, Google Takeout and mail servers write them."""

    media_types = frozenset({"application/mbox"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[Piece]:
        """Yield the messages in their order."""
        for number, message in enumerate(_messages(path), 1):
            yield Member(f"{number}.eml", partial(iter, [message]))


def _messages(path: Path) -> Iterator[bytes]:
    lines: list[bytes] = []
    size_bytes = 0
    after_blank = True
    with path.open("rb") as file:
        while line := file.readline(_LINE_BYTES):
            if after_blank and _START.match(line):
                if lines:
                    yield b"".join(lines)
                lines, size_bytes = [], 0
            elif size_bytes < _MESSAGE_BYTES:
                lines.append(line[1:] if _QUOTED_START.match(line) else line)
                size_bytes += len(line)
            after_blank = not line.strip()
    if lines:
        yield b"".join(lines)
