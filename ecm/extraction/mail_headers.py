"""Header fields of mail as people read them, however they were written.

Old programs write letters outside of ASCII as they are; some cut encoded words in the middle of a letter, or
leave the blank between them out. All are read here.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from email.message import Message

from .encodings import codec_of, decode

# https://www.rfc-editor.org/rfc/rfc2047#section-2, with blanks in the text, which programs leave there.
_ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
_FIELD_CHARS = 20_000


def field(message: Message, name: str) -> str:
    """Return a header field as text on one line; of fields that are written twice the first, "" if none."""
    for each, value in message.raw_items():
        if each.lower() == name:
            return decode_field(str(value))
    return ""


def decode_field(value: str) -> str:
    """Return the value of a field, as the standard library's parser gives it raw, as text on one line."""
    text = _decode_raw(value[:_FIELD_CHARS])
    decoded: list[str] = []
    run: tuple[str, bytes] | None = (
        None  # words that follow each other in one charset, to be decoded together
    )
    end = 0
    for word in _ENCODED_WORD.finditer(text):
        between = text[end : word.start()]
        charset, data = word[1].partition("*")[0].lower(), _decode_word(word)
        end = word.end()
        if run and not between.strip() and run[0] == charset:
            run = charset, run[1] + data
            continue
        decoded += _decode_run(run)
        if not run or between.strip():  # blanks between two encoded words are no part of the text
            decoded.append(between)
        run = charset, data
    decoded += [*_decode_run(run), text[end:]]
    return " ".join("".join(decoded).split())


def parameter(message: Message, header: str, name: str) -> str:
    """Return a parameter of a field, such as a file name, as text; "" if there is none."""
    raw = next((str(value) for each, value in message.raw_items() if each.lower() == header), "")
    carrier = Message()
    # Letters outside of ASCII would be lost in the standard library's own way to parameters.
    carrier[header] = _decode_raw(" ".join(raw[:_FIELD_CHARS].split()))
    value = carrier.get_param(name, "", header)
    if isinstance(value, tuple):  # RFC 2231: the charset, the language, the value as Latin letters
        charset, _, encoded = value
        return decode(encoded.encode("latin-1", "replace"), declared=codec_of(charset or ""))
    return decode_field(str(value))


def _decode_raw(value: str) -> str:
    if value.isascii():
        return value
    return decode(value.encode("utf-8", "surrogateescape"))


def _decode_word(word: re.Match[str]) -> bytes:
    encoded = word[3].encode("utf-8", "replace")
    if word[2] in "qQ":
        return quopri.decodestring(encoded, header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", encoded)
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:
        return base64.b64decode(letters[: len(letters) // 4 * 4])


def _decode_run(run: tuple[str, bytes] | None) -> Iterator[str]:
    if run:
        yield decode(run[1], declared=codec_of(run[0]))
