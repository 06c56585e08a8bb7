"""Outlook's messages (msg): properties of the message, of its recipients and of its attachments.

The format: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxmsg, 2.1 and 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .encodings import decode
from .interface import Piece, Unreadable
from .message_properties import ATTACHED, attachment_pieces, message_text
from .ole_package import code_page_codec

if TYPE_CHECKING:
    from oxmsg.storage import Storage

_SIZE_LIMIT_BYTES = 160 * 1024 * 1024
_MESSAGES_LIMIT = 50
# Where the properties begin (MS-OXMSG, 2.4.1): of the message, of one inside of it, of all else.
_MESSAGE_HEADER, _INNER_HEADER, _OTHER_HEADER = 32, 24, 8
_UNICODE, _BYTES, _BINARY, _NUMBER = 0x001F, 0x001E, 0x0102, 0x0003

_CODE_PAGES = (0x3FDE, 0x3FFD)
_INNER_MESSAGE = "__substg1.0_3701000D"


class OutlookExtractor:
    """Messages as Outlook saves them."""

    media_types = frozenset({"application/vnd.ms-outlook"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[Piece]:
        """Yield subject, sender, recipients, the letter, and attachments, messages among them."""
        from olefile import OleFileIO
        from oxmsg.storage import Storage

        if path.stat().st_size > _SIZE_LIMIT_BYTES:
            raise Unreadable("too_large", "the message is too large to be read")
        try:
            with OleFileIO(str(path)) as ole:
                root = Storage.from_ole(ole)
        except OSError as error:
            raise Unreadable("damaged", "the file is cut short, or is no message") from error
        waiting = [(root, _MESSAGE_HEADER)]
        for _ in range(_MESSAGES_LIMIT):
            if not waiting:
                return
            storage, header_bytes = waiting.pop()
            recipients = (_Properties(each, _OTHER_HEADER) for each in storage.iter_recipient_storages())
            yield from message_text(_Properties(storage, header_bytes), recipients)
            for attachment in storage.iter_attachment_storages():
                inner = [each for each in attachment.storages if each.name == _INNER_MESSAGE]
                if inner:
                    waiting.append((inner[0], _INNER_HEADER))
                else:
                    attached = _Properties(attachment, _OTHER_HEADER)
                    yield from attachment_pieces(attached, attached.binary(ATTACHED))
        raise Unreadable("too_large", f"only the first {_MESSAGES_LIMIT} messages inside are read")


class _Properties:
    """The properties of a message, a recipient or an attachment."""

    def __init__(self, storage: Storage, header_bytes: int) -> None:
        self._values = {stream.name: stream.bytes_ for stream in storage.streams}
        fixed = self._values.get("__properties_version1.0", b"")[header_bytes:]
        self._numbers = {
            int.from_bytes(fixed[place + 2 : place + 4], "little"): fixed[place + 8 : place + 12]
            for place in range(0, len(fixed) - 15, 16)
            if int.from_bytes(fixed[place : place + 2], "little") == _NUMBER
        }

    def codec(self) -> str | None:
        """Return the codec that the message names for its text of bytes."""
        for name in _CODE_PAGES:
            if number := int.from_bytes(self._numbers.get(name, b""), "little"):
                return code_page_codec(number)
        return None

    def text(self, name: int) -> str:
        """Return a property of text, empty if there is none."""
        if wide := self._value(name, _UNICODE):
            return wide.decode("utf-16-le", "replace")
        narrow = self._value(name, _BYTES)
        return decode(narrow, declared=self.codec()) if narrow else ""

    def binary(self, name: int) -> bytes:
        """Return a property of bytes, empty if there is none."""
        return self._value(name, _BINARY)

    def _value(self, name: int, kind: int) -> bytes:
        return self._values.get(f"__substg1.0_{name:04X}{kind:04X}", b"")
