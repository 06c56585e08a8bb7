"""Migrations make exactly the tables that the models say, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from ecm.database import open_engine
from ecm.migrating import VERSION_TABLE, migrate, pending_migrations
from ecm.models import Base


def test_an_empty_database_becomes_what_the_models_say(database_url: str) -> None:
    engine = open_engine(database_url)
    assert pending_migrations(engine)
    migrate(engine)
    migrate(engine)
    assert not pending_migrations(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, Base.metadata) == []
        tables = inspect(connection).get_table_names()
    assert all(name.startswith("ecm_") for name in tables)
    engine.dispose()
