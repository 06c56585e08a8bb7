"""A photo and a drawing for the demo company."""

from __future__ import annotations

import struct
import zlib

_WIDTH, _HEIGHT = 640, 480
Color = tuple[int, int, int]


def make_photo() -> bytes:
    """A PNG picture of an electrical cabinet on a wall, as a fitter would send it."""
    rows = [_wall(y) for y in range(_HEIGHT)]
    _fill(rows, (150, 50, 490, 440), (196, 200, 204))
    _fill(rows, (162, 62, 478, 428), (226, 229, 232))
    for row in range(3):
        top = 92 + row * 110
        _fill(rows, (180, top + 26, 460, top + 38), (120, 124, 130))
        for number in range(9):
            left = 184 + number * 31
            _fill(rows, (left, top, left + 25, top + 66), (250, 250, 248))
            _fill(rows, (left + 7, top + 20, left + 18, top + 40), (52, 60, 72))
            on = (row * 9 + number) % 7 != 3
            _fill(rows, (left + 9, top + 48, left + 16, top + 54), (40, 167, 69) if on else (200, 52, 44))
    for number, color in enumerate(((176, 58, 46), (46, 64, 176), (222, 178, 30))):
        _fill(rows, (300 + number * 14, 440, 306 + number * 14, _HEIGHT), color)
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    header = struct.pack("!IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(raw, 9))
        + _chunk(b"IEND", b"")
    )


def _wall(y: int) -> bytearray:
    """A row of plaster that the light falls on from above."""
    shade = 208 - y * 60 // _HEIGHT
    return bytearray(
        min(255, max(0, shade + tint + (x * 7 + y * 13) % 5))
        for x in range(_WIDTH)
        for tint in (4, 0, -10)
    )  # fmt: skip


def _fill(rows: list[bytearray], box: tuple[int, int, int, int], color: Color) -> None:
    left, top, right, bottom = box
    stroke = bytes(color) * (right - left)
    for row in rows[top:bottom]:
        row[left * 3 : right * 3] = stroke


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


def make_floor_plan() -> bytes:
    """An SVG drawing of a warehouse floor with its detectors."""
    detectors = "".join(
        f'<circle cx="{x}" cy="{y}" r="9" fill="#fff" stroke="#b03a2e" stroke-width="3"/>'
        f'<text x="{x + 14}" y="{y + 5}" font-size="13">ДП-{number}</text>'
        for number, (x, y) in enumerate(((140, 130), (330, 130), (520, 130), (140, 330), (330, 330)), 1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 520"
 width="760" height="520" font-family="sans-serif">
<title>План розміщення сповіщувачів, склад № 2</title>
<rect width="760" height="520" fill="#fff"/>
<g fill="none" stroke="#222" stroke-width="4">
<path d="M40 40H640V430H40Z"/>
<path d="M440 230H640M440 230V300M440 350V430"/><path d="M40 230H250M300 230H360"/>
</g>
<g font-size="16" fill="#222"><text x="60" y="75">Зала зберігання, 412 м²</text>
<text x="60" y="265">Приймання, 96 м²</text><text x="470" y="270">Кабінет охорони</text></g>
{detectors}
<rect x="560" y="370" width="34" height="24" fill="#2e40b0"/><text x="500" y="412" font-size="13">ППК-1</text>
<text x="40" y="470" font-size="15">План розміщення сповіщувачів. Склад № 2, вул. Поліська, 14</text>
<text x="40" y="495" font-size="13">Аркуш 1 з 1. Масштаб 1:200. ДП: сповіщувач димовий</text>
</svg>
""".encode()
