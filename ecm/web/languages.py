"""In which language, and by whose clock, the person who asks is answered."""

from __future__ import annotations

from pathlib import Path

from babel.dates import get_timezone
from flask import Flask, request
from flask_babel import Babel

LANGUAGES = {"uk": "Українська", "en": "English"}
LANGUAGE_COOKIE, TIMEZONE_COOKIE = "ecm_language", "ecm_timezone"
YEAR_S = 365 * 86400
TRANSLATIONS = Path(__file__).parent / "translations"


def set_up(app: Flask) -> None:
    """Have the pages of an application speak the languages that we have."""
    Babel(
        app,
        default_locale="en",
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=choose_language,
        timezone_selector=choose_timezone,
    )


def choose_language() -> str:
    """The language that was chosen on a page, else the best that the browser asks for."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


def choose_timezone() -> object:
    """The time zone that a script of ours told by a cookie; UTC before it could."""
    try:
        return get_timezone(request.cookies.get(TIMEZONE_COOKIE, "UTC")[:60])
    except (LookupError, ValueError):
        return get_timezone("UTC")
