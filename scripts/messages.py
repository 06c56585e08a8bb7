"""Keeps the pages' texts and their translations together: ``.venv/bin/python -m scripts.messages``.

Collects the English texts of code and templates into each ``messages.po``, where new ones stand without a
translation until somebody writes it, and compiles the ``messages.mo`` that the pages read.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "ecm/web"
TRANSLATIONS = WEB / "translations"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"encoding": "utf-8", "silent": "false"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None}


def main() -> None:
    texts = collect()
    for file in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")):
        catalog = read(file)
        texts.creation_date = catalog.creation_date  # what did not change should not look changed
        catalog.update(texts, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        file.write_bytes(as_po(catalog))
        file.with_suffix(".mo").write_bytes(as_mo(catalog))
        missing = [message.id for message in catalog if message.id and not is_translated(message.string)]
        print(f"{catalog.locale}: {len(catalog)} texts, {len(missing)} without a translation")
        for text in missing:
            print(f"  {text}")


def collect() -> Catalog:
    """The English texts of the pages."""
    texts = Catalog(charset="utf-8")
    for _file, _line, message, _comments, context in extract_from_dir(
        WEB, METHODS, OPTIONS, keywords=KEYWORDS
    ):
        texts.add(message, context=context)
    return texts


def read(file: Path) -> Catalog:
    """The catalog that a ``messages.po`` holds."""
    locale = file.parent.parent.name
    with file.open("rb") as opened:
        return read_po(opened, locale=locale)


def as_po(catalog: Catalog) -> bytes:
    """A catalog as the file that translators write in, in the order of the texts."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=110, no_location=True, sort_output=True)
    return buffer.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    """A catalog as the file that the pages read."""
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def is_translated(string: object) -> bool:
    """Whether a text has its translation, in every plural form."""
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    main()
