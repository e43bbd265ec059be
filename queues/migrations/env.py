"""Alembic's door: runs the migrations on the connection that is handed over."""

from __future__ import annotations

from alembic import context

from queues.tables import VERSION_TABLE, Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
