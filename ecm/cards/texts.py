"""What people type into the fields of cards: short lines, long texts, days."""

from __future__ import annotations

from datetime import date

from ecm.errors import Invalid
from ecm.texts import clean_line, clean_text

URL_MOST_CHARS = 2000


def clean_short(field: str, value: str | None, most_chars: int) -> str | None:
    """One line of so many characters, or None for an empty one. Invalid."""
    if value is None or not value.strip():
        return None
    line = clean_line(field, value)
    if len(line) > most_chars:
        raise Invalid(field, f"{most_chars} characters at most")
    return line


def clean_long(field: str, value: str | None, most_chars: int) -> str | None:
    """A text of several lines, of so many characters, or None for an empty one. Invalid."""
    return None if value is None or not value.strip() else clean_text(field, value, most_chars)


def parse_day(field: str, value: date | str | None) -> date | None:
    """A day, as ISO 8601 has it; None for an empty one. Invalid."""
    if value is None or isinstance(value, date):
        return value
    if not value.strip():
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise Invalid(field, "a day such as 2026-01-31") from None


def clean_url(url: str | None) -> str | None:
    """The address that leads back to an application; None for an empty one. Invalid."""
    if not url:
        return None
    if not url.startswith(("https://", "http://")) or len(url) > URL_MOST_CHARS or not url.isprintable():
        raise Invalid("url", f"an http or https address of {URL_MOST_CHARS} characters at most")
    return url
