"""What Outlook knows of a message, in whatever form it is kept: properties by their numbers.

The numbers: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxprops, 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Protocol

from .html import decode_page, read_page
from .interface import Member, Piece
from .rich_text import rich_text
from .rich_text_packed import unpacked

SUBJECT = 0x0037
ATTACHED = 0x3701
_SENDER = (0x0C1A, 0x0C1F, 0x5D01)  # name, address, address of the Internet
_NAMES = (0x3001, 0x39FE, 0x3003)  # of a recipient: name, address of the Internet, address
_BODY, _HTML, _RICH_TEXT = 0x1000, 0x1013, 0x1009
_ATTACHED_NAMES = (0x3707, 0x3704, 0x3001)


class Properties(Protocol):
    """The properties of a message, a recipient or an attachment; empty where there is none."""

    def text(self, name: int) -> str: ...

    def binary(self, name: int) -> bytes: ...


def message_text(message: Properties, recipients: Iterable[Properties]) -> Iterator[str]:
    """Yield subject, sender, recipients and the letter. Raises `Unreadable`."""
    yield message.text(SUBJECT) + "\n"
    yield _told_once(message, _SENDER) + "\n"
    for recipient in recipients:
        yield _told_once(recipient, _NAMES) + "\n"
    yield "\n"
    yield from _letter(message)
    yield "\n"


def attachment_pieces(attachment: Properties, content: bytes, name: str = "") -> Iterator[Piece]:
    """Yield what is attached, or its name alone where its content is not in the message."""
    name = next(filter(None, map(attachment.text, _ATTACHED_NAMES)), name)
    if content:
        yield Member(name or "attachment", partial(_whole, content))
    elif name:
        yield name + "\n"


def _letter(message: Properties) -> Iterator[str]:
    """Yield the letter, of whose forms each holds all of it, from the one that is simplest to read."""
    if body := message.text(_BODY).strip():
        yield body + "\n"
    elif page := message.binary(_HTML) or message.text(_HTML).encode():
        yield from read_page(decode_page(page))
    elif packed := message.binary(_RICH_TEXT):
        yield from rich_text(unpacked(packed))


def _told_once(properties: Properties, names: Iterable[int]) -> str:
    return " ".join(dict.fromkeys(word for name in names if (word := properties.text(name))))


def _whole(content: bytes) -> Iterator[bytes]:
    yield content
