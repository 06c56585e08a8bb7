"""Bringing a database up to this release, by Alembic, beside whatever else stands in it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

VERSION_TABLE = "ecm_alembic_version"


def migrate(engine: Engine) -> None:
    """Create our tables, or upgrade them. Idempotent; what is not named ``ecm_*`` is not touched."""
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection) -> Config:
    """The configuration for Alembic's commands on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    return config


def pending_migrations(engine: Engine) -> bool:
    """Whether the database has to be brought up to this release first."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        head = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
        return context.get_current_revision() != head
