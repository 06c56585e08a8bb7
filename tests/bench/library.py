"""The library under measure: open, migrated, with a company that has no limit, in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ecm
from ecm import Ecm
from tests.firms import Firm, make_firm

MIB = 1024 * 1024


@contextmanager
def opened(folder: Path, database: str | None = None) -> Iterator[Ecm]:
    """The library on a database, by default SQLite, with all of its files in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with ecm.open(
        database=database or f"sqlite:///{folder}/ecm.db",
        storage=f"file:{folder}/files",
        search=f"whoosh:{folder}/index",
    ) as app:
        app.migrate()
        yield app


def unlimited_firm(app: Ecm) -> Firm:
    """A company on the tariff that counts and never refuses."""
    return make_firm(app, "Альфа", tariff="extended")
