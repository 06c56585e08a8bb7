"""A file of the older Office: streams in a compound file (OLE), read with bounds and without trust."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import olefile

from .interface import Unreadable

_STREAM_LIMIT_BYTES = 256 * 1024 * 1024
_SUMMARY = "\x05SummaryInformation"
# Property ids of the summary: https://learn.microsoft.com/openspecs/windows_protocols/ms-oleps, 3.1
_CODE_PAGE = 1
_SAID_OF_THE_DOCUMENT = (2, 3, 5)  # title, subject, keywords


class OlePackage:
    """The streams of a compound file. Use it as a context manager.

    Raises `Unreadable`: damaged, or too large. What a damaged file makes olefile raise besides is taken for
    damage by whoever reads files. Chains of sectors can't go round: olefile follows a chain for as many
    sectors as the stream's size needs, and the file has.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._ole = olefile.OleFileIO(str(path))
        except OSError as error:
            raise Unreadable("damaged", "the file is cut short, or is no document of its format") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ole.close()

    def has(self, name: str) -> bool:
        """Say whether there is a stream of this name."""
        return bool(self._ole.exists(name))

    def read(self, name: str) -> bytes:
        """Return the bytes of a stream, as many as the file still has; none if there is no such stream."""
        if not self.has(name):
            return b""
        if self._ole.get_size(name) > _STREAM_LIMIT_BYTES:
            raise Unreadable("too_large", "a part of the file is too large to be read")
        return bytes(self._ole.openstream(name).read())

    def summary(self) -> Iterator[str]:
        """Yield title, subject and keywords, each on a line."""
        if not self.has(_SUMMARY):
            return
        properties = self._ole.getproperties(_SUMMARY)
        codec = code_page_codec(properties.get(_CODE_PAGE, 0) & 0xFFFF)
        for number in _SAID_OF_THE_DOCUMENT:
            words = properties.get(number, "")
            if isinstance(words, bytes):
                words = words.decode(codec, "replace")
            if isinstance(words, str) and (told := words.partition("\x00")[0]):
                yield told + "\n"


def code_page_codec(number: int) -> str:
    """Return Python's codec of a Windows code page; cp1252 for one that is unknown."""
    name = _CODE_PAGES.get(number, f"cp{number}")
    try:
        b"a".decode(name, "replace")
    except LookupError:
        return "cp1252"
    return name


_CODE_PAGES = {
    1200: "utf-16-le",
    10000: "mac_roman",
    10007: "mac_cyrillic",
    10017: "mac_cyrillic",
    20127: "ascii",
    20866: "koi8_r",
    21866: "koi8_u",
    28595: "iso8859_5",
    32768: "mac_roman",  # so written by Excel
    32769: "cp1252",
    65001: "utf-8",
}
