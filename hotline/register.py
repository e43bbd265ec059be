"""The register as every process of the hotline opens it: tickets with their durable jobs, and the floor's own tables."""

from __future__ import annotations

from contextlib import ExitStack

from queues import callback_tables, record_tables, recording_rows  # noqa: F401 - their tables belong to the register, wherever all are listed
from queues.storage import MIGRATIONS
from tickets import jobs, tables  # noqa: F401 - the same
from tickets.store import Store


def open_register(url: str) -> Store:
    """All tables of all rooms up to date. `.database` is what queues' functions take."""
    store = jobs.open_store(url)
    with ExitStack() as failing:
        failing.callback(store.close)
        store.database.migrate(MIGRATIONS)
        failing.pop_all()
    return store
