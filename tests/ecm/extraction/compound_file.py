"""A compound file (OLE) written from the specification alone: MS-CFB, 2.2 to 2.6."""

from __future__ import annotations

import struct

_SECTOR_BYTES = 512
_SMALLEST_STREAM_BYTES = 4096  # smaller ones would need a second allocation table
_END, _FREE, _TABLE, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF


def compound_file(streams: dict[str, bytes]) -> bytes:
    """Return a file with these streams at the top; each is filled up with zeros to 4096 bytes."""
    table: list[int] = []
    sectors: list[bytes] = []
    entries = [_entry("Root Entry", 5, child=1 if streams else _NONE)]
    for number, (name, content) in enumerate(streams.items(), start=1):
        content = content.ljust(_SMALLEST_STREAM_BYTES, b"\x00")
        following = number + 1 if number < len(streams) else _NONE
        entries.append(_entry(name, 2, right=following, first=len(sectors), size=len(content)))
        _append(content, sectors, table)
    directory = len(sectors)
    _append(b"".join(entries), sectors, table)
    tables = -(-(len(table) + 1) // (_SECTOR_BYTES // 4 - 1))
    places = range(len(sectors), len(sectors) + tables)
    table += [_TABLE] * tables
    table += [_FREE] * (tables * _SECTOR_BYTES // 4 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack(
        "<HHHHH6xIIIIIIIII", 62, 3, 0xFFFE, 9, 6, 0, tables, directory, 0, 4096, _END, 0, _END, 0
    )
    header += struct.pack("<109I", *places, *[_FREE] * (109 - tables))
    return header + b"".join(sectors) + struct.pack(f"<{len(table)}I", *table)


def _append(content: bytes, sectors: list[bytes], table: list[int]) -> None:
    number = -(-len(content) // _SECTOR_BYTES)
    first = len(sectors)
    for index in range(number):
        sectors.append(
            content[index * _SECTOR_BYTES : (index + 1) * _SECTOR_BYTES].ljust(_SECTOR_BYTES, b"\x00")
        )
        table.append(first + index + 1 if index + 1 < number else _END)


def _entry(
    name: str, kind: int, *, right: int = _NONE, child: int = _NONE, first: int = 0, size: int = 0
) -> bytes:
    encoded = name.encode("utf-16-le")
    entry = encoded.ljust(64, b"\x00") + struct.pack("<HBB", len(encoded) + 2, kind, 1)
    return entry + struct.pack("<III36xIQ", _NONE, right, child, first, size)
