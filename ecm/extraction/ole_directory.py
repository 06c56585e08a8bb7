"""What stands in a compound file (OLE): the names at the top of its directory, from as little as is at hand.

The format: https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb, 2.2 (header), 2.3 (sector chains)
and 2.6 (directory). olefile, which reads the streams, wants the whole file, sound.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

_HEADER_BYTES = 512
_ENTRY_BYTES = 128
_SECTORS_LIMIT = 4096  # of the directory, and of the list of the lists of chains
_LAST_SECTOR = 0xFFFFFFFA
_NONE = 0xFFFFFFFF

Read = Callable[[int, int], bytes]
"""Gives so many bytes from a place, or fewer where there are no more."""


def names_at_the_top(read: Read) -> frozenset[str]:
    """Return the names of streams and storages at the top; those found, where the file is cut short."""
    header = read(0, _HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return frozenset()
    (shift,) = struct.unpack_from("<H", header, 30)
    if shift not in (9, 12):
        return frozenset()
    directory = b"".join(_chain(read, header, 1 << shift))
    return frozenset(_top_of(directory))


def _chain(read: Read, header: bytes, sector_bytes: int) -> list[bytes]:
    """Return the sectors of the directory."""
    chains = _sectors_of_chains(read, header, sector_bytes)
    (sector,) = struct.unpack_from("<I", header, 48)
    found: list[bytes] = []
    seen: set[int] = set()
    while sector < _LAST_SECTOR and sector not in seen and len(found) < _SECTORS_LIMIT:
        seen.add(sector)
        found.append(read((sector + 1) * sector_bytes, sector_bytes))
        index, place = divmod(sector, sector_bytes // 4)
        if index >= len(chains):
            break
        link = read((chains[index] + 1) * sector_bytes + 4 * place, 4)
        sector = int.from_bytes(link, "little") if len(link) == 4 else _NONE
    return found


def _sectors_of_chains(read: Read, header: bytes, sector_bytes: int) -> list[int]:
    """Return which sectors tell the chains: the first 109 stand in the header, the others in a list."""
    chains = list(struct.unpack_from("<109I", header, 76))
    sector, number = struct.unpack_from("<II", header, 68)
    for _ in range(min(number, _SECTORS_LIMIT)):
        more = read((sector + 1) * sector_bytes, sector_bytes)
        if sector >= _LAST_SECTOR or len(more) < sector_bytes:
            break
        *links, sector = struct.unpack(f"<{sector_bytes // 4}I", more)
        chains.extend(links)
    return [each for each in chains if each < _LAST_SECTOR]


def _top_of(directory: bytes) -> list[str]:
    """Walk the tree of entries beside each other, from the root's child on."""
    names: list[str] = []
    waiting = [int.from_bytes(directory[76:80], "little")]
    seen: set[int] = set()
    while waiting:
        number = waiting.pop()
        entry = directory[number * _ENTRY_BYTES : (number + 1) * _ENTRY_BYTES]
        if number in seen or len(entry) < _ENTRY_BYTES:
            continue
        seen.add(number)
        name_bytes, left, right = struct.unpack_from("<H2xII", entry, 64)
        names.append(entry[: max(0, min(name_bytes, 64) - 2)].decode("utf-16-le", "replace"))
        waiting += [left, right]
    return names
