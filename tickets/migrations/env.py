"""Alembic's door: runs the migrations on the connection that tickets/database.py hands over."""

from __future__ import annotations

from alembic import context

from tickets import tables  # noqa: F401 - all of them belong to the same metadata
from tickets.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
