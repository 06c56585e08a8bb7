"""The words that people read in place of codes. A code without a word here is shown as it is: companies
name stages and tariffs of their own."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from ecm.models import Pipeline, Stage, Version
from ecm.web.texts import gettext as _

KINDS = {
    "contract": _l("Contract"),
    "invoice": _l("Invoice"),
    "act": _l("Acceptance act"),
    "offer": _l("Offer"),
    "letter": _l("Letter"),
    "drawing": _l("Drawing"),
    "photo": _l("Photo"),
    "other": _l("Other"),
}
ROLES = {"member": _l("Employee"), "admin": _l("Administrator"), "operator": _l("Platform operator")}
PIPELINES = {"Sales": _l("Sales"), "Leads": _l("Leads")}
STAGE_NAMES = {
    "New": _l("New"),
    "Offer": _l("Offer"),
    "Negotiation": _l("Negotiation"),
    "Contract": _l("Contract"),
    "Won": _l("Won"),
    "Lost": _l("Lost"),
    "Contacted": _l("Contacted"),
    "Quality": _l("Quality"),
    "Junk": _l("Junk"),
}
CURRENCIES = ("UAH", "EUR", "USD", "PLN", "GBP")
TARIFFS = {"free": _l("Free"), "standard": _l("Standard"), "extended": _l("Extended")}
SCOPES = {
    "company": _l("for the whole company together"),
    "user": _l("for each employee separately"),
    "unlimited": _l("without a limit"),
}
SORTS = {"relevance": _l("Best match"), "newest": _l("Newest first"), "oldest": _l("Oldest first")}
TEXT_STATES = {
    "pending": _l("Text is being read"),
    "recognizing": _l("The scan is being read"),
    "done": _l("Searchable"),
    "empty": _l("No text in it"),
    "unsupported": _l("Text is not read from this format"),
    "failed": _l("Text was not read"),
}
TEXT_REASONS = {
    "missing": _l("the file was not there"),
    "truncated": _l("only the beginning, the text is very long"),
    "unsupported": _l("the format is not known"),
    "encrypted": _l("the file is protected by a password"),
    "damaged": _l("the file is damaged"),
    "too_large": _l("the file is too large"),
    "time_limit": _l("reading took too long"),
    "memory_limit": _l("reading took too much memory"),
    "crashed": _l("the reader failed"),
    "no_recognizer": _l("it is a scan, and the server has no program to read scans"),
}
PREVIEW_REASONS = {
    "missing": _l("There is no picture: the file was not there."),
    "unsupported": _l("Files of this format are not shown here. Download the file to open it."),
    "office_missing": _l("To see such files here, LibreOffice must be installed on the server."),
    "not_converted": _l("There is no picture: the file is damaged, or protected by a password."),
    "encrypted": _l("There is no picture: the file is protected by a password."),
    "damaged": _l("There is no picture: the file is damaged."),
    "empty": _l("There is no picture: nothing is in the file."),
    "too_large": _l("There is no picture: the file is too large to be shown."),
    "time_limit": _l("There is no picture: making it took too long."),
    "memory_limit": _l("There is no picture: making it took too much memory."),
    "crashed": _l("There is no picture: it could not be made."),
}

FORMATS = (  # what a media type holds, the word for such files, their icon
    ("application/pdf", "PDF", "pdf"),
    ("wordprocessingml", "Word", "word"),
    ("application/msword", "Word", "word"),
    ("opendocument.text", "OpenDocument", "word"),
    ("spreadsheetml", "Excel", "excel"),
    ("ms-excel", "Excel", "excel"),
    ("opendocument.spreadsheet", "OpenDocument", "excel"),
    ("text/csv", "CSV", "excel"),
    ("presentationml", "PowerPoint", "slides"),
    ("ms-powerpoint", "PowerPoint", "slides"),
    ("opendocument.presentation", "OpenDocument", "slides"),
    ("image/", _l("Picture"), "image"),
    ("application/zip", "ZIP", "zip"),
    ("compressed", _l("Archive"), "zip"),
    ("text/html", "HTML", "text"),
    ("rtf", "RTF", "text"),
    ("message/rfc822", _l("E-mail"), "text"),
    ("text/", _l("Text"), "text"),
)


def word(words: dict[str, object], code: str) -> str:
    """The word for a code, or the code."""
    return str(words.get(code, code))


def stage(each: Stage) -> str:
    """A stage's name; of one that every company begins with, in the reader's language."""
    return word(STAGE_NAMES, each.name)


def pipeline(each: Pipeline) -> str:
    """A pipeline's name; of one that every company begins with, in the reader's language."""
    return word(PIPELINES, each.name)


def text_state(version: Version) -> str:
    """What became of a version's text, and why."""
    state = word(TEXT_STATES, version.text_state)
    if not version.text_reason or version.text_state == "unsupported":
        return state
    return _("%(state)s: %(reason)s", state=state, reason=word(TEXT_REASONS, version.text_reason))


def preview_reason(version: Version) -> str:
    """Why there are no pictures of a version's pages."""
    return word(PREVIEW_REASONS, version.preview_reason or "unsupported")


def format_word(media_type: str) -> str:
    """What people call files of a media type; the type itself where they have no word for it."""
    return next((str(word) for part, word, _icon in FORMATS if part in media_type), media_type)


def format_icon(media_type: str) -> str:
    """The name of the icon for files of a media type."""
    return next(
        (f"file-earmark-{icon}" for part, _word, icon in FORMATS if part in media_type), "file-earmark"
    )
