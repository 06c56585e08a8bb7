"""The API over an open library, on each database."""

from __future__ import annotations

import pytest

from ecm import Actor, Ecm
from ecm.api.application import Application, put_library
from tests.ecm.api.clients import Api
from tests.firms import Firm


@pytest.fixture
def api(app: Ecm, alfa: Firm, beta: Firm, application: Application) -> Api:
    """The application, with a company on the free tariff, another one, and an operator."""
    with app.begin() as tx:
        operator = Actor.of(tx.users.add(beta.company, "operator@example.org", role="operator"))
        people = [alfa.admin, alfa.olena, alfa.petro, beta.admin, beta.olena, operator]
        tokens = {actor.user_id: tx.tokens.add(tx.users.get(actor.user_id)) for actor in people}
    put_library(application, app, secret_key="test")
    return Api(app, application, alfa, beta, operator, tokens)
