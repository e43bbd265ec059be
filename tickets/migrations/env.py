"""Alembic's door: runs the migrations on the connection that tickets/database.py hands over."""

from __future__ import annotations

import importlib
import pkgutil

from alembic import context

import tickets
from tickets.models import Base

for module in pkgutil.iter_modules(tickets.__path__):  # every tables module belongs to the same metadata
    if module.name.endswith("_tables"):
        importlib.import_module(f"tickets.{module.name}")

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
