"""Rich text as mail programs pack it.

The format: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxrtfcp, 2.1 and 3.1.
"""

from __future__ import annotations

import struct

from .interface import Unreadable

_PACKED, _PLAIN = b"LZFu", b"MELA"
_WINDOW_BYTES = 4096
_LIMIT_BYTES = 64 * 1024 * 1024
# What the window holds before the first byte: words that most texts begin with.
_KNOWN = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}"
    rb"{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier"
    rb"{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def unpacked(data: bytes) -> bytes:
    """Return the rich text; of damaged data, what stands before the damage. Raises `Unreadable`."""
    if len(data) < 16:
        raise Unreadable("damaged", "the text of the message is damaged")
    packed_bytes, plain_bytes, kind = struct.unpack_from("<II4s", data)
    if kind == _PLAIN:
        return data[16 : 16 + plain_bytes]
    if kind != _PACKED:
        raise Unreadable("damaged", "the text of the message is damaged")
    return _unpacked(data[16 : 4 + packed_bytes], min(plain_bytes, _LIMIT_BYTES))


def _unpacked(data: bytes, limit_bytes: int) -> bytes:
    """Undo the packing: of each eight pieces a byte says which are bytes, and which places in the window.

    The window is what came out last, so what came out is all that has to be kept.
    """
    out = bytearray(_KNOWN.rjust(_WINDOW_BYTES, b"\x00"))
    # Places are counted round the window from its begin, where the known words stand.
    begin = _WINDOW_BYTES - len(_KNOWN)
    place = 0
    while place < len(data) and len(out) - _WINDOW_BYTES < limit_bytes:
        control = data[place]
        place += 1
        for bit in range(8):
            if place >= len(data):
                break
            if not control >> bit & 1:
                out.append(data[place])
                place += 1
                continue
            reference = int.from_bytes(data[place : place + 2], "big")
            place += 2
            back = (len(out) - begin - (reference >> 4)) % _WINDOW_BYTES
            if back == 0:
                return bytes(out[_WINDOW_BYTES:])  # the mark of the end
            for _ in range((reference & 0xF) + 2):
                out.append(out[-back])
    return bytes(out[_WINDOW_BYTES:])
