"""The pages over an open library. What databases differ in is not theirs: they are tested on one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask

from ecm import Ecm, web
from ecm.api.application import Application, put_library
from tests.ecm.web.site import Site
from tests.firms import Firm, Founded


@pytest.fixture
def migrated_database_url(founded_sqlite: Founded, tmp_path: Path) -> str:
    """The URL of an SQLite database of the test's own, with our tables and two companies in it."""
    copy = tmp_path / "ecm.db"
    shutil.copyfile(founded_sqlite.database, copy)
    return f"sqlite:///{copy}"


@pytest.fixture
def alfa(founded_sqlite: Founded) -> Firm:
    """A company on the free tariff, in the copied database."""
    return founded_sqlite.firms()[0]


@pytest.fixture
def beta(founded_sqlite: Founded) -> Firm:
    """Another company, which must never learn of the first."""
    return founded_sqlite.firms()[1]


@pytest.fixture
def site(app: Ecm, alfa: Firm, beta: Firm, application: Application) -> Site:
    """The application, with a company on the free tariff and another one."""
    put_library(application, app, secret_key="test")
    return Site(app, application, alfa, beta)


@pytest.fixture(scope="session")
def bare() -> Flask:
    """The pages without a library behind them: enough for what only writes words and figures."""
    application = Flask("bare", static_folder=None)
    for blueprint in web.blueprints():
        application.register_blueprint(blueprint)
    web.init_app(application)
    return application
