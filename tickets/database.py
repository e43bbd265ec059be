"""One way to reach the database: SQLite (WAL, one writer) or PostgreSQL, and the migrations of both.

Every call is synchronous, thread-safe and one transaction. From an event loop use `asyncio.to_thread`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 30
STATEMENT_SECONDS = 30
PLANS = "-c plan_cache_mode=force_custom_plan -c jit=off"  # one plan for rare and common values alike is wrong for one of them
WRITE_LOCK = 12345001  # PostgreSQL advisory locks
MIGRATION_LOCK = 12345002


class Database:
    """Opens connections; `reads()` and `writes()` are the only ways in."""

    def __init__(self, url: str) -> None:
        self.url = address(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._one_writer = threading.Lock()
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgresql(self.url)

    @contextlib.contextmanager
    def reads(self) -> Iterator[Session]:
        """A session that sees one moment of the database and changes nothing."""
        with self.engine.connect() as connection, Session(connection, expire_on_commit=False) as session:
            yield session

    @contextlib.contextmanager
    def writes(self) -> Iterator[Session]:
        """A session that commits at the end, or leaves no trace.

        One at a time, on PostgreSQL too: so history lines are committed in the order of their ids, and nothing
        deadlocks. A hotline writes some rows a second; each takes milliseconds.
        """
        turn = self._one_writer if self.is_sqlite else contextlib.nullcontext()
        with (
            turn,
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
            Session(connection, expire_on_commit=False) as session,
        ):
            if not self.is_sqlite:
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})
            yield session
            session.flush()
            session.expunge_all()

    def migrate(self, scripts: Path = MIGRATIONS) -> None:
        """Brings the tables to the newest form; harmless when they are, and when two processes do it at once.

        `scripts`: the chain of migrations; another room's has a version table of its own.
        """
        turn = self._one_writer if self.is_sqlite else contextlib.nullcontext()
        with turn, self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            command.upgrade(_alembic(connection, scripts), "head")

    def close(self) -> None:
        self.engine.dispose()


def address(url: str) -> URL:
    """The URL with the driver we ship: postgresql:// means psycopg."""
    parsed = make_url(url)
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(f"{parsed.get_backend_name()}: neither SQLite nor PostgreSQL")
    return parsed


def _alembic(connection: Connection, scripts: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.attributes["connection"] = connection
    return config


def _sqlite(url: URL) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)  # its errors are logged

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # BEGIN is ours, below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # a ticket number given out survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # what was erased is not in the file any more
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=BUSY_SECONDS,
        connect_args={
            "connect_timeout": 10,
            "options": f"-c statement_timeout={STATEMENT_SECONDS * 1000} -c idle_in_transaction_session_timeout=60000 -c timezone=UTC {PLANS}",
        },
    )
