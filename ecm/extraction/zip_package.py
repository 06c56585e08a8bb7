"""A zip file of XML parts, read with bounds and without trust: the form of office documents."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, Self

from lxml import etree

from .interface import Unreadable

_PART_LIMIT_BYTES = 256 * 1024 * 1024
_PACKAGE_LIMIT_BYTES = 512 * 1024 * 1024
_PARTS_LIMIT = 20_000
_CHUNK_BYTES = 64 * 1024
_ENCRYPTED_FLAG = 0x1


class TextTarget(Protocol):
    """Receives the elements of one part and says what of them is text."""

    def start(self, tag: str, attributes: dict[str, str]) -> None: ...

    def data(self, characters: str) -> None: ...

    def end(self, tag: str) -> None: ...

    def take(self) -> str:
        """Return the text since the last call."""
        ...


class ZipPackage:
    """The parts of a zip file. Use it as a context manager.

    Raises `Unreadable` from any method: damaged, encrypted, or too large. Sizes are counted as bytes come
    out; what the file declares about itself only makes the refusal earlier.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Unreadable("damaged", "the file is cut short, or is no document of its format") from error
        self.names = self._zip.namelist()
        self._read_bytes = 0
        if len(self.names) > _PARTS_LIMIT:
            self._zip.close()
            raise Unreadable("too_large", f"the file has more than {_PARTS_LIMIT} parts")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a part."""
        info = self._zip.getinfo(name)
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise Unreadable("encrypted", "the file is protected by a password")
        if info.file_size > _PART_LIMIT_BYTES:
            raise _too_large()
        part_bytes = 0
        try:
            with self._zip.open(info) as part:
                while chunk := part.read(_CHUNK_BYTES):
                    part_bytes += len(chunk)
                    self._read_bytes += len(chunk)
                    if part_bytes > _PART_LIMIT_BYTES or self._read_bytes > _PACKAGE_LIMIT_BYTES:
                        raise _too_large()
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise Unreadable("damaged", "a part of the file is damaged") from error

    def text(self, name: str, target: TextTarget) -> Iterator[str]:
        """Yield the text that the target finds in an XML part, as it is found."""
        return parse(self.chunks(name), target)


def parse(chunks: Iterator[bytes], target: TextTarget) -> Iterator[str]:
    """Yield the text that the target finds in XML, as it is found.

    No document type (and so no entities), no network, and libxml2's own limits on depth and length. Raises
    `Unreadable`.
    """
    parser = etree.XMLParser(
        target=_NoDoctype(target), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        for chunk in chunks:
            parser.feed(chunk)
            if found := target.take():
                yield found
        parser.close()
    except etree.XMLSyntaxError as error:
        yield target.take()
        raise Unreadable("damaged", "a part of the file is no well-formed XML") from error
    yield target.take()


class _NoDoctype:
    """A parser's target that refuses a document type; no format that is read here has one."""

    def __init__(self, target: TextTarget) -> None:
        self.start = target.start
        self.end = target.end
        self.data = target.data

    def doctype(self, *_: str | None) -> None:
        raise Unreadable("damaged", "the file defines XML entities, as documents do not")

    def close(self) -> None:
        """Nothing is kept here; the parser asks for this method."""


def _too_large() -> Unreadable:
    return Unreadable("too_large", "unpacked, the file is too large to be read")
