"""What commands work on: an open library, and who and what is named by their arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from ecm.access import Actor
from ecm.app import Ecm
from ecm.errors import EcmError
from ecm.migrating import pending_migrations
from ecm.models import Company
from ecm.settings import Settings
from ecm.wiring import open_settings


def with_library(command: Callable[..., None]) -> Callable[..., None]:
    """Hand the command an open library, whose database is up to date, as its first argument."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        with opened(click.get_current_context().find_object(Settings)) as app:
            command(app, *args, **kwargs)

    return run


@contextmanager
def opened(settings: Settings | None) -> Iterator[Ecm]:
    """An open library; EcmError when `ecm init` has to be run first."""
    assert settings is not None
    with open_settings(settings) as app:
        if pending_migrations(app.database.engine):
            raise EcmError("the database is not of this release: run `ecm init` first")
        yield app


def find_actor(app: Ecm, email: str) -> Actor:
    """The user with this e-mail, as an actor. NotFound."""
    with app.begin() as tx:
        return app.actor(tx.users.by_email(email))


def find_company(app: Ecm, company_id: str) -> Company:
    """The company with this id. NotFound."""
    with app.begin() as tx:
        return tx.companies.get(company_id)


def list_companies(app: Ecm, company_id: str | None) -> Iterator[Company]:
    """The company with this id, or all there are. NotFound."""
    if company_id is not None:
        yield find_company(app, company_id)
        return
    page = 1
    while True:
        with app.begin() as tx:
            batch = tx.companies.list(page=page, per_page=500).items
        yield from batch
        if len(batch) < 500:
            return
        page += 1
