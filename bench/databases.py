"""An empty database of each kind, for whatever is measured on both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from tests.tickets import postgres

Kind = Literal["SQLite", "PostgreSQL"]
KINDS: tuple[Kind, ...] = ("SQLite", "PostgreSQL")


@contextmanager
def opened(kind: Kind, folder: Path) -> Iterator[str]:
    """Its URL; PostgreSQL's server ends with the block, and everything in it is gone."""
    if kind == "SQLite":
        folder.mkdir(parents=True, exist_ok=True)
        yield f"sqlite:///{folder / 'hotline.sqlite3'}"
        return
    with postgres.running() as server, server.database() as url:
        yield url
