"""Text as it is kept: no control characters, one kind of line end, no padding."""

from __future__ import annotations

import re

_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
# Not line ends or tabs, and no use to a reader: controls, soft hyphens, zero-width spaces, byte order marks,
# bidirectional overrides (they make a snippet read as what it is not), lone surrogates (not storable as
# UTF-8).
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f"
    "\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_BLANKS = re.compile(
    r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]{2,}|[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"
)
_LINE_MARGINS = re.compile(r"[ \t]*\n[ \t]*")
_BLANK_LINES = re.compile(r"\n{3,}")


def _blank(match: re.Match[str]) -> str:
    return "\t" if "\t" in match.group() else " "


def clean(text: str) -> str:
    """Return the text without control characters, with ``\\n`` line ends and single blanks.

    Paragraphs are kept, and a tab stays a tab, since it parts the cells of tables. The result can be encoded
    as UTF-8 and stored in any database (no NUL). Cleaning twice changes nothing.
    """
    text = _DROPPED.sub("", _LINE_ENDS.sub("\n", text))
    text = _LINE_MARGINS.sub("\n", _BLANKS.sub(_blank, text))
    return _BLANK_LINES.sub("\n\n", text).strip()
