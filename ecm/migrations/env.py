"""Alembic runs this: on the connection that `ecm.migrating` hands in, for our tables alone."""

from __future__ import annotations

from alembic import context

from ecm.migrating import VERSION_TABLE
from ecm.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    include_name=lambda name, kind, parents: kind != "table" or str(name).startswith("ecm_"),
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
