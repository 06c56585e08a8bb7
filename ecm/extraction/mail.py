"""Mail: header fields, the letter itself, forwarded letters, and attachments."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from functools import partial
from pathlib import Path
from typing import cast

from .encodings import codec_of, decode
from .html import read_page
from .interface import Member, Piece, Unreadable
from .mail_headers import field, parameter

_SIZE_LIMIT_BYTES = 160 * 1024 * 1024
_HEADER_BYTES = 256 * 1024
_FIELDS = ("From", "To", "Cc", "Bcc", "Subject", "Date")
_LETTERS_IN_LETTERS = 20
_MULTIPARTS = 500
_MULTIPART = re.compile(rb"^content-type:\s*(?:multipart/|message/)", re.IGNORECASE | re.MULTILINE)
_SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_ORNAMENT_BYTES = 32 * 1024  # pictures inside of the letter's own HTML, up to this size: logos and lines
_HTML = "text/html"


class MailExtractor:
    """Messages as mail programs save them (RFC 5322)."""

    media_types = frozenset({"message/rfc822", "message/news"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[Piece]:
        """Yield From, To, Cc, Bcc, Subject and Date, the letter, and its attachments in their order."""
        with path.open("rb") as file:
            data = file.read(_SIZE_LIMIT_BYTES)
            more = bool(file.read(1))
        if len(_MULTIPART.findall(data)) > _MULTIPARTS:
            yield from _fields(BytesHeaderParser(policy=policy.compat32).parsebytes(data[:_HEADER_BYTES]))
            raise _too_deep()
        yield from _letter(BytesParser(policy=policy.compat32).parsebytes(data), 0)
        if more:
            raise Unreadable("too_large", "the message is too large to be read to its end")


def _letter(message: Message, depth: int) -> Iterator[Piece]:
    if depth > _LETTERS_IN_LETTERS:
        raise _too_deep()
    yield from _fields(message)
    yield "\n"
    yield from _part(message, depth)


def _fields(message: Message) -> Iterator[str]:
    for name in _FIELDS:
        if value := field(message, name.lower()):
            yield f"{name}: {value}\n"


def _part(part: Message, depth: int) -> Iterator[Piece]:
    kind = part.get_content_type()
    if not part.is_multipart():
        yield from _leaf(part, kind)
        return
    inside = cast("list[Message]", part.get_payload())
    if kind == "message/rfc822":
        yield from _attached_letter(part, inside[0], depth)
    elif kind == "message/delivery-status":
        for block in inside:
            yield "".join(f"{name}: {field(block, name.lower())}\n" for name, _ in block.raw_items())
    elif kind == "multipart/alternative":
        yield from _alternative(inside, depth)
    else:
        for each in inside:
            yield from _part(each, depth)


def _alternative(parts: list[Message], depth: int) -> Iterator[Piece]:
    """Of the same letter in several forms read one: the richest that has text, and what is attached to it."""
    calendars = [part for part in parts if part.get_content_type() == "text/calendar"]
    letters = [part for part in parts if part.get_content_type() != "text/calendar"]
    for number, part in enumerate(reversed(letters), 1):
        pieces = list(_part(part, depth))
        if number == len(letters) or any(isinstance(piece, str) and piece.strip() for piece in pieces):
            yield from pieces
            break
    for part in calendars:
        yield from _leaf(part, "text/calendar")


def _attached_letter(part: Message, letter: Message, depth: int) -> Iterator[Piece]:
    name = _filename(part) or f"{field(letter, 'subject') or 'message'}.eml"
    if part.get("content-transfer-encoding", "").strip().lower() in ("base64", "quoted-printable"):
        # The standards forbid it, and programs do it: what the parser took for the letter is its code.
        del letter["content-transfer-encoding"]
        letter["Content-Transfer-Encoding"] = part["content-transfer-encoding"]
        yield Member(name, partial(_content, letter))
        return
    yield f"\n{name}\n"
    yield from _letter(letter, depth + 1)
    yield "\n"


def _leaf(part: Message, kind: str) -> Iterator[Piece]:
    name = _filename(part)
    if not name and kind in ("text/plain", _HTML, "text/enriched", "text/rfc822-headers"):
        (data,) = _content(part)
        text = decode(data, declared=codec_of(parameter(part, "content-type", "charset")))
        yield from read_page(text) if kind == _HTML else [text]
        yield "\n"
    elif kind not in _SIGNATURES and not _is_ornament(part, kind):
        main, _, sub = kind.partition("/")
        yield Member(name or main + (mimetypes.guess_extension(kind) or f".{sub}"), partial(_content, part))


def _is_ornament(part: Message, kind: str) -> bool:
    if not kind.startswith("image/") or "content-id" not in part:
        return False
    return len(str(part.get_payload())) * 3 // 4 < _ORNAMENT_BYTES


def _content(part: Message) -> tuple[bytes]:
    """Return the bytes of a part, its transfer encoding undone as far as it goes."""
    data = part.get_payload(decode=True)
    return (data if isinstance(data, bytes) else b"",)


def _filename(part: Message) -> str:
    return parameter(part, "content-disposition", "filename") or parameter(part, "content-type", "name")


def _too_deep() -> Unreadable:
    return Unreadable("too_large", "letters and parts of the message are nested too deeply to be read")
