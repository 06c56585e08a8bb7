"""The API over an open library, on each database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecm import Actor, Ecm
from ecm.api.application import Application, put_library
from tests.ecm.api.clients import Api
from tests.firms import Firm, Founded
from tests.servers.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def founded(request: pytest.FixtureRequest) -> Founded:
    """Two companies, to be copied from one database and then from the other."""
    companies: Founded = request.getfixturevalue(
        "founded_sqlite" if request.param == "sqlite" else "founded_postgres"
    )
    return companies


@pytest.fixture
def migrated_database_url(request: pytest.FixtureRequest, founded: Founded, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of the test's own, with our tables and two companies in it."""
    if Path(founded.database).is_absolute():
        shutil.copyfile(founded.database, tmp_path / "ecm.db")
        yield f"sqlite:///{tmp_path / 'ecm.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database(template=founded.database)
    yield url
    server.drop_database(url)


@pytest.fixture
def alfa(founded: Founded) -> Firm:
    """A company on the free tariff, in the copied database."""
    return founded.firms()[0]


@pytest.fixture
def beta(founded: Founded) -> Firm:
    """Another company, which must never learn of the first."""
    return founded.firms()[1]


@pytest.fixture
def api(app: Ecm, alfa: Firm, beta: Firm, application: Application) -> Api:
    """The application, with a company on the free tariff, another one, and an operator."""
    with app.begin() as tx:
        operator = Actor.of(tx.users.add(beta.company, "operator@example.org", role="operator"))
        people = [alfa.admin, alfa.olena, alfa.petro, beta.admin, beta.olena, operator]
        tokens = {actor.user_id: tx.tokens.add(tx.users.get(actor.user_id)) for actor in people}
    put_library(application, app, secret_key="test")
    return Api(app, application, alfa, beta, operator, tokens)
