"""How the tables of this room came to be: a chain of its own, `alembic_version_queues`."""
