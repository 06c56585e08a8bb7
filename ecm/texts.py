"""Short texts that people type: titles, names, tags, file names. Kept as they came, but for what harms."""

from __future__ import annotations

import re
import unicodedata

from ecm.errors import Invalid

LINE_MOST = 300
FILENAME_MOST_BYTES = 255

# Control characters, and those that turn the direction of writing and so can disguise an ending.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def clean_line(field: str, value: str) -> str:
    """One line of text, without harmful characters and outer spaces. Invalid when nothing is left of it,
    or it is longer than LINE_MOST characters."""
    line = _HARMFUL.sub(" ", unicodedata.normalize("NFC", value)).strip()
    if not line:
        raise Invalid(field, "some text")
    if len(line) > LINE_MOST:
        raise Invalid(field, f"{LINE_MOST} characters at most")
    return line


def clean_title(value: str) -> str:
    """A title made of any text, such as a file's name: cut instead of refused."""
    line = _HARMFUL.sub(" ", unicodedata.normalize("NFC", value)).strip()
    return line[:LINE_MOST].strip() or "—"


def clean_filename(value: str) -> str:
    """A file's name that is safe to hand back: no path separators or harmful characters, 255 bytes of UTF-8
    at most. When it must be cut, its ending stays."""
    name = re.sub(r"[/\\]", "_", unicodedata.normalize("NFC", _HARMFUL.sub("", value))).strip()
    if not name.strip("._ "):
        return "file"
    if len(name.encode()) <= FILENAME_MOST_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    suffix = f".{ending}" if dot and stem and len(ending.encode()) <= 20 else ""
    body = (stem if suffix else name).encode()[: FILENAME_MOST_BYTES - len(suffix.encode())]
    return body.decode(errors="ignore").rstrip() + suffix


def clean_text(field: str, value: str, most_chars: int) -> str:
    """A text of one or several lines, without harmful characters but tabs and line breaks. Invalid when
    nothing is left of it, or it is longer than `most_chars` characters."""
    lines = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    text = "\n".join(
        "\t".join(_HARMFUL.sub(" ", part) for part in line.split("\t")) for line in lines
    ).strip()
    if not text:
        raise Invalid(field, "some text")
    if len(text) > most_chars:
        raise Invalid(field, f"{most_chars} characters at most")
    return text


def has_nul(path: str, query: bytes) -> bool:
    """Whether an address (its path decoded, its query not) has a NUL character: no database takes one."""
    return "\0" in path or b"%00" in query
