"""An open library on each database, with two companies in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ecm
from ecm import Ecm
from ecm.passwords import Passwords
from ecm.search.analysis import Analyzer
from ecm.wiring import ChildPools
from tests.firms import Firm, Founded, found, make_firm
from tests.servers.postgres import PostgresServer

if TYPE_CHECKING:
    from ecm.api.application import Application


@pytest.fixture(scope="session")
def application() -> Application:
    """The API and the pages, for one test's library after another: to build them takes long.

    It has none of its own: `put_library` puts the test's behind it.
    """
    from ecm.api.application import build_application  # most tests need no Flask

    return build_application()


@pytest.fixture(scope="session")
def founded_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Founded:
    """Two companies on SQLite, to be copied."""
    folder = tmp_path_factory.mktemp("founded")
    shutil.copyfile(migrated_sqlite, folder / "ecm.db")
    return found(f"sqlite:///{folder / 'ecm.db'}", folder)


@pytest.fixture(scope="session")
def founded_postgres(
    postgres_server: PostgresServer, migrated_postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Founded:
    """Two companies on PostgreSQL, to be copied."""
    url = postgres_server.create_database(template=migrated_postgres)
    return found(url, tmp_path_factory.mktemp("founded"))


@pytest.fixture
def open_library(
    tmp_path: Path,
    migrated_database_url: str,
    analyzer: Analyzer,
    child_pools: ChildPools,
    passwords: Passwords,
) -> Iterator[Callable[..., Ecm]]:
    """Opens the library on the test's database, as often as the test likes, and closes it at the end."""
    opened: list[Ecm] = []

    def open_it(**options: object) -> Ecm:
        where = {
            "database": migrated_database_url,
            "storage": f"file:{tmp_path / 'files'}",
            "search": f"whoosh:{tmp_path / 'index'}",
            "analyzer": analyzer,
            "child_pools": child_pools,
            "passwords": passwords,
        }
        app = ecm.open(**(where | options))  # type: ignore[arg-type]
        opened.append(app)
        return app

    yield open_it
    for app in opened:
        app.close()


@pytest.fixture
def app(open_library: Callable[..., Ecm]) -> Ecm:
    """The library, open on an empty database."""
    return open_library()


@pytest.fixture
def alfa(app: Ecm) -> Firm:
    """A company on the free tariff."""
    return make_firm(app, "Альфа")


@pytest.fixture
def beta(app: Ecm) -> Firm:
    """Another company, which must never learn of the first."""
    return make_firm(app, "Бета")
