"""Outlook's own packing of letters and attachments, which others know as winmail.dat (TNEF).

The format: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxtnef, 2.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .encodings import decode
from .interface import Piece, Unreadable
from .message_properties import ATTACHED, SUBJECT, attachment_pieces, message_text
from .ole_package import code_page_codec

_SIZE_LIMIT_BYTES = 160 * 1024 * 1024
_PROPERTIES_LIMIT = 10_000
_SIGNATURE = 0x223E9F78
_SIGNED = struct.Struct("<IH")  # and a key that counts for nothing
_ATTRIBUTE = struct.Struct("<BII")
_CHECKSUM_BYTES = 2

_SUBJECT_TEXT, _BODY_TEXT, _CODE_PAGE = 0x00018004, 0x0002800C, 0x00069007
_MESSAGE_PROPERTIES, _RECIPIENTS = 0x00069003, 0x00069004
_ATTACHMENT_BEGINS, _ATTACHMENT_PROPERTIES = 0x00069002, 0x00069005
_ATTACHMENT_TITLE, _ATTACHMENT_DATA = 0x00018010, 0x0006800F

_MANY = 0x1000  # of a type: not one value, but any number
_BYTES, _UNICODE, _OBJECT, _BINARY = 0x001E, 0x001F, 0x000D, 0x0102
_FIXED_BYTES = {
    **dict.fromkeys((0x0001, 0x0002, 0x0003, 0x0004, 0x000A, 0x000B), 4),
    **dict.fromkeys((0x0005, 0x0006, 0x0007, 0x0014, 0x0040), 8),
    0x0048: 16,
}
_NAMED = 0x8000
_CLASS_BYTES = 16  # before an object: what kind of thing it is
_BODY = 0x1000


class TnefExtractor:
    """Files winmail.dat, which mostly come in mails."""

    media_types = frozenset({"application/vnd.ms-tnef", "application/ms-tnef"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[Piece]:
        """Yield subject, sender, recipients, the letter, and attachments. A letter attached is a member."""
        if path.stat().st_size > _SIZE_LIMIT_BYTES:
            raise Unreadable("too_large", "the file is too large to be read")
        letter = _Letter()
        damage: Unreadable | None = None
        try:
            letter.read(path.read_bytes())
        except (struct.error, ValueError) as error:
            damage = Unreadable("damaged", "the file is cut short, or is no packed letter")
            damage.__cause__ = error
        yield from message_text(letter.message, letter.recipients)
        for attachment in letter.attachments:
            # Of a letter attached, the simple attribute says no more than that there is one.
            content = attachment.binary(ATTACHED) or attachment.content
            yield from attachment_pieces(attachment, content, attachment.title)
        if damage is not None:
            raise damage


@dataclass
class _Properties:
    """The properties of the letter, of a recipient or of an attachment, as their bytes and their types."""

    codec: str | None = None
    values: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    content: bytes = b""
    title: str = ""

    def text(self, name: int) -> str:
        """Return a property of text, empty if there is none."""
        kind, value = self.values.get(name, (0, b""))
        if kind == _UNICODE:
            return value.decode("utf-16-le", "replace").rstrip("\0")
        return _decoded(value, self.codec) if kind == _BYTES else ""

    def binary(self, name: int) -> bytes:
        """Return a property of bytes, empty if there is none; of an object, what is in it."""
        kind, value = self.values.get(name, (0, b""))
        if kind == _OBJECT:
            return value[_CLASS_BYTES:]
        return value if kind == _BINARY else b""


class _Letter:
    """What the attributes of the file say. What stands before damage is kept."""

    def __init__(self) -> None:
        self.message = _Properties()
        self.recipients: list[_Properties] = []
        self.attachments: list[_Properties] = []
        self._codec: str | None = None

    def read(self, data: bytes) -> None:
        """Take all attributes in. Raises ValueError or struct.error where the file is damaged."""
        signature, _ = _SIGNED.unpack_from(data)
        if signature != _SIGNATURE:
            raise ValueError("the file does not begin as its format asks")
        place = _SIGNED.size
        while place + _ATTRIBUTE.size <= len(data):  # mail programs add a line end
            _, name, size = _ATTRIBUTE.unpack_from(data, place)
            place += _ATTRIBUTE.size
            if place + size > len(data):
                raise ValueError("an attribute is cut short")
            self._take(name, data[place : place + size])
            place += size + _CHECKSUM_BYTES

    def _take(self, name: int, value: bytes) -> None:
        if name == _CODE_PAGE:
            self._codec = self.message.codec = code_page_codec(struct.unpack_from("<I", value)[0])
        elif name == _SUBJECT_TEXT:
            self.message.values.setdefault(SUBJECT, (_BYTES, value))
        elif name == _BODY_TEXT:
            self.message.values.setdefault(_BODY, (_BYTES, value))
        elif name == _MESSAGE_PROPERTIES:
            _Reader(value).read_into(self.message)
        elif name == _RECIPIENTS:
            self._take_recipients(value)
        elif name == _ATTACHMENT_BEGINS or (_is_of_attachment(name) and not self.attachments):
            self.attachments.append(_Properties(self._codec))
        if name == _ATTACHMENT_TITLE:
            self.attachments[-1].title = _decoded(value, self._codec)
        elif name == _ATTACHMENT_DATA:
            self.attachments[-1].content = value
        elif name == _ATTACHMENT_PROPERTIES:
            _Reader(value).read_into(self.attachments[-1])

    def _take_recipients(self, value: bytes) -> None:
        reader = _Reader(value)
        for _ in range(min(reader.number(), _PROPERTIES_LIMIT)):
            recipient = _Properties(self._codec)
            self.recipients.append(recipient)
            reader.read_into(recipient)


class _Reader:
    """Reads lists of properties out of an attribute. ValueError and struct.error tell of damage."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def number(self) -> int:
        """The next four bytes as a number."""
        (number,) = struct.unpack_from("<I", self._data, self._place)
        self._place += 4
        return int(number)

    def read_into(self, properties: _Properties) -> None:
        """Read one list. Of a property with many values, none is kept: they are not text for people."""
        count = self.number()
        if count > _PROPERTIES_LIMIT:
            raise ValueError("there are too many properties")
        for _ in range(count):
            kind, name = struct.unpack_from("<HH", self._data, self._place)
            self._place += 4
            if name >= _NAMED:
                self._skip_name()
            values = list(self._values(kind))
            if values and not kind & _MANY:
                properties.values[name] = (kind, values[0])

    def _values(self, kind: int) -> Iterator[bytes]:
        size = _FIXED_BYTES.get(kind & ~_MANY)
        has_count = size is None or kind & _MANY
        for _ in range(self.number() if has_count else 1):
            yield self._bytes(self.number() if size is None else size)

    def _bytes(self, size: int) -> bytes:
        """The next bytes, and past what fills them up to a multiple of four."""
        found = self._data[self._place : self._place + size]
        if len(found) < size:
            raise ValueError("a property is cut short")
        self._place += size + -size % 4
        return found

    def _skip_name(self) -> None:
        self._place += _CLASS_BYTES
        if self.number():  # it is a word; else a number
            self._bytes(self.number())
        else:
            self.number()


def _is_of_attachment(name: int) -> bool:
    return name in (_ATTACHMENT_TITLE, _ATTACHMENT_DATA, _ATTACHMENT_PROPERTIES)


def _decoded(value: bytes, codec: str | None) -> str:
    return decode(value.rstrip(b"\0"), declared=codec)
