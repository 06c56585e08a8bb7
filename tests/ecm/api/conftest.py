"""The API over an open library, on each database."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecm import Actor, Ecm, Settings
from ecm.api.application import create_app
from tests.ecm.api.clients import Api
from tests.firms import Firm


@pytest.fixture
def api(app: Ecm, alfa: Firm, beta: Firm, tmp_path: Path) -> Api:
    """The application, with a company on the free tariff, another one, and an operator."""
    with app.begin() as tx:
        operator = Actor.of(tx.users.add(beta.company, "operator@example.org", role="operator"))
        people = [alfa.admin, alfa.olena, alfa.petro, beta.admin, beta.olena, operator]
        tokens = {actor.user_id: tx.tokens.add(tx.users.get(actor.user_id)) for actor in people}
    settings = Settings(
        data_dir=tmp_path,
        database_url=str(app.database.engine.url),
        storage_url=f"file:{tmp_path / 'files'}",
        search_url=f"whoosh:{tmp_path / 'index'}",
        secret_key="test",
    )
    return Api(app, create_app(settings, library=app), alfa, beta, operator, tokens)
