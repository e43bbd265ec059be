"""Every story about the store is told twice: on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tickets import postgres
from tests.tickets.stage import Stage
from tickets.store import Store


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    with postgres.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hotline.sqlite3'}"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    with server.database() as address:
        yield address


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    register = Store(url)
    register.migrate()
    yield register
    register.close()


@pytest.fixture
def stage(url: str, tmp_path: Path) -> Iterator[Stage]:
    play = Stage(tmp_path, url)
    yield play
    play.close()
