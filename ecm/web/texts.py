"""The pages' texts in the reader's language, typed."""

from __future__ import annotations

import flask_babel


def gettext(text: str, **values: object) -> str:
    """The text in the reader's language, with values in its places."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """The text for so many things, in the reader's language; ``%(num)s`` is the number."""
    return str(flask_babel.ngettext(one, many, number, **values))
