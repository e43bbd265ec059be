"""Every story about the store is told twice: on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tickets import postgres
from tests.tickets.stage import Stage
from tickets.jobs import open_store
from tickets.store import Store


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    with postgres.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind with all tables, copied from one that was migrated once."""
    if request.param == "sqlite":
        copy = tmp_path / "hotline.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), copy)
        yield f"sqlite:///{copy}"
        return
    server, template = request.getfixturevalue("postgres_template")
    with server.database(template) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    with server.database() as address:
        yield address


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "hotline.sqlite3"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.Server) -> Iterator[tuple[postgres.Server, str]]:
    with postgres_server.database() as address:
        open_store(address).close()
        yield postgres_server, postgres.name_of(address)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    register = Store(url)
    yield register
    register.close()


@pytest.fixture
def light_store(tmp_path: Path, sqlite_template: Path) -> Iterator[Store]:
    """On SQLite only: for stories in which the kind of database tells nothing."""
    shutil.copyfile(sqlite_template, tmp_path / "hotline.sqlite3")
    register = Store(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    yield register
    register.close()


@pytest.fixture
def stage(url: str, tmp_path: Path) -> Iterator[Stage]:
    play = Stage(tmp_path, url)
    yield play
    play.close()
