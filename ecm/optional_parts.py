"""What the machine may have installed beside us, and what is not done where it is missing."""

from __future__ import annotations

import ctypes.util
import logging
from dataclasses import dataclass

from ecm.drawing.office import find_office
from ecm.extraction.tesseract import LANGUAGES, installed_languages

logger = logging.getLogger(__name__)

_NAMES_OF_LANGUAGES = {"ukr": "Ukrainian", "rus": "Russian", "eng": "English"}


@dataclass(frozen=True, slots=True)
class Part:
    """A library or a program. `purpose` is what needs it, `packages` are Debian's names of what brings it."""

    name: str
    is_there: bool
    purpose: str
    packages: str


def find_parts() -> tuple[Part, ...]:
    """Look for all of them, anew with each call. Takes a tenth of a second: programs are asked."""
    languages = installed_languages()
    recognition = [
        Part(
            f"tesseract, {_NAMES_OF_LANGUAGES[language]}",
            language in languages,
            f"to read {_NAMES_OF_LANGUAGES[language]} text in photos and scans",
            f"tesseract-ocr tesseract-ocr-{language}",
        )
        for language in LANGUAGES
    ]
    office = "libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"
    return (
        Part(
            "libarchive",
            ctypes.util.find_library("archive") is not None,
            "to read files in archives",
            "libarchive13",
        ),
        *recognition,
        Part("LibreOffice", find_office() is not None, "to show pages of office documents", office),
    )


def warn_of_missing_parts() -> None:
    """Log a warning for each part that is missing, so that its lack is known before a file needs it."""
    for part in find_parts():
        if not part.is_there:
            logger.warning("%s is missing, %s (Debian: %s)", part.name, part.purpose, part.packages)
