"""What libarchive does not see in RAR 5: that files are encrypted. It would give their bytes as they are.

The format is described at https://www.rarlab.com/technote.htm, "RAR 5.0 archive format".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

_SIGNATURE = b"Rar!\x1a\x07\x01\x00"
_HEADERS_LIMIT = 100_000
_HEADER_BYTES_LIMIT = 2 * 1024 * 1024  # as the format itself has it
_FILE = 2  # a type of header
_HAS_EXTRA, _HAS_DATA = 0x1, 0x2  # flags of a header
_ENCRYPTION = 1  # a record in the extra area of a file's header


def has_locked_files(path: Path) -> bool:
    """Say whether an archive is RAR 5 with an encrypted file in it."""
    with path.open("rb") as file:
        try:
            return file.read(len(_SIGNATURE)) == _SIGNATURE and any(map(_is_locked, _headers(file)))
        except (IndexError, OverflowError):
            return False  # a header cut short: libarchive says what is to be said


def _headers(file: IO[bytes]) -> Iterator[bytes]:
    for _ in range(_HEADERS_LIMIT):
        start = file.read(7)  # a checksum of four bytes, and the longest that a size can be
        if len(start) < 7:
            return
        size, place = _number(start, 4)
        if not 0 < size <= _HEADER_BYTES_LIMIT:
            return
        file.seek(place - len(start), 1)
        header = file.read(size)
        yield header
        _, place = _number(header, 0)
        flags, place = _number(header, place)
        if flags & _HAS_EXTRA:
            _, place = _number(header, place)
        if flags & _HAS_DATA:
            file.seek(_number(header, place)[0], 1)


def _is_locked(header: bytes) -> bool:
    kind, place = _number(header, 0)
    flags, place = _number(header, place)
    if kind != _FILE or not flags & _HAS_EXTRA:
        return False
    extra_bytes, _ = _number(header, place)
    place = len(header) - extra_bytes
    while 0 <= place < len(header):
        size, place = _number(header, place)
        if _number(header, place)[0] == _ENCRYPTION:
            return True
        place += max(size, 1)
    return False


def _number(data: bytes, place: int) -> tuple[int, int]:
    """Read a number of seven bits a byte, the lowest first; return it and the place behind it."""
    number = 0
    for shift in range(0, 70, 7):
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
    return number, place
