"""RAR archives, written by hand: what they hold is stored, not compressed.

No free program writes RAR. RAR 5 as at https://www.rarlab.com/technote.htm; the older kind as `unrar`'s
own technote.txt describes it (blocks with 16 bits of a CRC-32 before them).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from zlib import crc32

_HAS_EXTRA, _HAS_DATA, _HAS_CRC = 0x1, 0x2, 0x4
_MAIN, _FILE, _LOCK, _END = 1, 2, 4, 5
_OLD_MAIN, _OLD_FILE, _OLD_END = 0x73, 0x74, 0x7B
_OLD_LOCKED_NAMES, _OLD_UNICODE, _OLD_HAS_DATA = 0x80, 0x200, 0x8000
_STORED = 0x30


def rar_5(files: Mapping[str, bytes], *, locked: bool = False, locked_names: bool = False) -> bytes:
    """An archive of RAR 5. `locked` files are said to be encrypted; behind locked names there is noise."""
    archive = b"Rar!\x1a\x07\x01\x00"
    if locked_names:
        keys = _number(0) + _number(0) + b"\x0f" + bytes(16)
        return archive + _header(_number(_LOCK) + _number(0) + keys) + bytes(range(256))
    archive += _header(_number(_MAIN) + _number(0) + _number(0))
    for name, content in files.items():
        lock = _number(1) + _number(0) + _number(0) + b"\x0f" + bytes(32) if locked else b""
        extra = _number(len(lock)) + lock if locked else b""
        fields = _number(_FILE) + _number(_HAS_DATA | (_HAS_EXTRA if locked else 0))
        fields += _number(len(extra)) if locked else b""
        fields += _number(len(content)) + _number(_HAS_CRC) + _number(len(content)) + _number(0o100644)
        fields += struct.pack("<I", crc32(content)) + _number(0) + _number(1)
        fields += _number(len(name.encode())) + name.encode() + extra
        archive += _header(fields) + content
    return archive + _header(_number(_END) + _number(0) + _number(0))


def rar_4(files: Mapping[str, bytes], *, locked_names: bool = False) -> bytes:
    """An archive of the kind before RAR 5."""
    flags = _OLD_LOCKED_NAMES if locked_names else 0
    archive = b"Rar!\x1a\x07\x00" + _block(_OLD_MAIN, flags, bytes(6))
    if locked_names:
        return archive + bytes(range(256))
    for name, content in files.items():
        encoded = name.encode()
        fields = struct.pack("<IIB", len(content), len(content), 3)
        fields += struct.pack("<IIBBHI", crc32(content), 0x58AE_6000, 29, _STORED, len(encoded), 0o100644)
        archive += _block(_OLD_FILE, _OLD_HAS_DATA | _OLD_UNICODE, fields + encoded) + content
    return archive + _block(_OLD_END, 0x4000, b"")


def _number(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def _header(fields: bytes) -> bytes:
    sized = _number(len(fields)) + fields
    return struct.pack("<I", crc32(sized)) + sized


def _block(kind: int, flags: int, fields: bytes) -> bytes:
    block = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
    return struct.pack("<H", crc32(block) & 0xFFFF) + block
