"""Calendars and contacts (iCalendar, RFC 5545; vCard, RFC 6350 and 2.1): what people put into them."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from pathlib import Path

from .encodings import codec_of, decode

_SIZE_LIMIT_BYTES = 16 * 1024 * 1024
_FOLD = re.compile(r"\r?\n[ \t]")
_SOFT_BREAK = re.compile(r"=\r?\n(?=[^\r\n]*)")
_LINE = re.compile(r"(?:[\w-]+\.)?([A-Za-z-]+)((?:;(?:[^:;\"]|\"[^\"]*\")*)*):(.*)")
_NAME_OF_PERSON = re.compile(r";CN=(?:\"([^\"]*)\"|([^;:]*))", re.IGNORECASE)
_CHARSET = re.compile(r";CHARSET=\"?([^;:\"]+)", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")
_OF_EVENTS = ("SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CATEGORIES", "CONTACT", "DTSTART", "DUE")
_OF_PEOPLE = ("FN", "N", "NICKNAME", "ORG", "TITLE", "ROLE", "EMAIL", "TEL", "ADR", "LABEL", "NOTE", "BDAY")
_TEXTS = frozenset({*_OF_EVENTS, *_OF_PEOPLE, "URL"})
_PERSONS = frozenset({"ORGANIZER", "ATTENDEE"})
_STRUCTURED = frozenset({"N", "ADR", "ORG"})


class ContentLinesExtractor:
    """Calendars and contacts."""

    media_types = frozenset({"text/calendar", "text/vcard", "text/x-vcard"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield names, places, times, addresses and notes, a line each."""
        with path.open("rb") as file:
            text = decode(file.read(_SIZE_LIMIT_BYTES))
        if "QUOTED-PRINTABLE" in text.upper():
            text = _SOFT_BREAK.sub("", text)
        for line in _FOLD.sub("", text).splitlines():
            if parts := _LINE.fullmatch(line):
                yield from _value(parts[1].upper(), parts[2], parts[3])


def _value(name: str, parameters: str, value: str) -> Iterator[str]:
    if name in _PERSONS:
        person = _NAME_OF_PERSON.search(parameters)
        who = (person[1] or person[2]) if person else ""
        yield f"{who} {re.sub('^mailto:', '', value, flags=re.IGNORECASE)}\n"
    elif name in _TEXTS:
        if "QUOTED-PRINTABLE" in parameters.upper():
            charset = _CHARSET.search(parameters)
            data = quopri.decodestring(value.encode("utf-8", "replace"))
            value = decode(data, declared=codec_of(charset[1]) if charset else None)
        if name in _STRUCTURED:
            value = " ".join(part for part in re.split(r"(?<!\\);", value) if part)
        yield _ESCAPED.sub(lambda sign: "\n" if sign[1] in "nN" else sign[1], value) + "\n"
