"""The database as files and back: SQLite by its own online backup, PostgreSQL table by table with COPY in one snapshot.

Not pg_dump: it must be of the server's version and is seldom where the hotline runs. Rows only, for the tables are
made by the migrations; so a PostgreSQL copy goes back into the same revision of them, and says so otherwise.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import MetaData, create_engine, inspect

from hotline.register import open_register
from queues import tables
from tickets.database import address
from tickets.jobs import system_url
from tickets.models import Base

SQLITE, POSTGRESQL = "sqlite", "postgresql"
SQLITE_FILE = "hotline.sqlite3"
TABLES_FILE = "tables.json"
JOBS_SCHEMA = "dbos"
JOBS_MIGRATIONS = "dbos_migrations"
STATEMENT_SECONDS = 3600
CONNECT_SECONDS = 10


class CopyError(Exception):
    """The database could not be copied; the message says why."""


def kind(url: str) -> str:
    return address(url).get_backend_name()


def files(url: str) -> set[Path]:
    """The files a SQLite database lives in; copying them while it is used would tear it."""
    if kind(url) != SQLITE:
        return set()
    path = Path(address(url).database or "").resolve()
    return {path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))}


def copy_out(url: str, folder: Path) -> None:
    """Writes the database as it is at one moment into an empty folder. Raises CopyError."""
    try:
        if kind(url) == SQLITE:
            _sqlite_out(Path(address(url).database or ""), folder / SQLITE_FILE)
        else:
            _postgresql_out(url, folder)
    except (sqlite3.Error, psycopg.Error) as error:
        raise CopyError(f"the database: {str(error).strip()}") from error


def copy_in(url: str, folder: Path) -> None:
    """Fills a database that has nothing yet. Raises CopyError."""
    try:
        if kind(url) == SQLITE:
            _sqlite_in(folder / SQLITE_FILE, Path(address(url).database or ""))
        else:
            _postgresql_in(url, folder)
    except (sqlite3.Error, psycopg.Error, KeyError, ValueError) as error:
        raise CopyError(f"the database: {str(error).strip()}") from error


def is_empty(url: str) -> bool:
    """Nothing would be overwritten. Raises CopyError."""
    if kind(url) == SQLITE:
        return not Path(address(url).database or "").exists()
    try:
        with _connected(url) as connection:
            return not any(_has_rows(connection, table) for table in ("tickets", "tokens", "agents"))
    except psycopg.Error as error:
        raise CopyError(f"the database: {str(error).strip()}") from error


def _sqlite_out(source: Path, target: Path) -> None:
    if not source.is_file():
        return  # never started: there is nothing to keep
    with (
        contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as live,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
    target.chmod(0o600)


def _sqlite_in(source: Path, target: Path) -> None:
    if not source.is_file():
        return
    with contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as copy:
        [[verdict]] = copy.execute("PRAGMA integrity_check(1)").fetchall()
    if verdict != "ok":
        raise CopyError(f"the database in the archive is damaged: {verdict}")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o600)


def _postgresql_out(url: str, folder: Path) -> None:
    with _connected(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        copied = []
        for number, (schema, table) in enumerate(_tables(url)):
            columns = _columns(connection, schema, table)
            copied.append({"schema": schema, "table": table, "columns": columns, "file": f"{number:03}.copy"})
            statement = sql.SQL("COPY {} ({}) TO STDOUT").format(_name(schema, table), _names(columns))
            with (folder / f"{number:03}.copy").open("wb") as file, connection.cursor().copy(statement) as rows:
                for data in rows:
                    file.write(data)
        about = {"revisions": _revisions(connection), "tables": copied}
    (folder / TABLES_FILE).write_text(json.dumps(about))


def _postgresql_in(url: str, folder: Path) -> None:
    about = json.loads((folder / TABLES_FILE).read_text())
    open_register(url).close()  # makes the tables
    known = set(_tables(url))
    with _connected(url) as connection:
        here = _revisions(connection)
        for chain, revision in about["revisions"].items():
            if revision != here.get(chain):
                raise CopyError(f"the archive holds revision {revision} of the tables ({chain}), this program makes {here.get(chain)}: restore with the program that made it")
        for schema, table in reversed(_tables(url)):
            if schema == JOBS_SCHEMA or _has_rows(connection, table):  # what a migration put there is in the archive too
                connection.execute(sql.SQL("DELETE FROM {}").format(_name(schema, table)))
        for part in about["tables"]:
            if (part["schema"], part["table"]) not in known:
                raise CopyError(f"the archive holds a table {part['schema']}.{part['table']} that this program does not know")
            _rows_in(connection, part["schema"], part["table"], part["columns"], folder / Path(part["file"]).name)


def _rows_in(connection: psycopg.Connection[Any], schema: str, table: str, columns: list[str], file: Path) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(_name(schema, table), _names(columns))
    with file.open("rb") as source, connection.cursor().copy(statement) as rows:
        while data := source.read(1 << 20):
            rows.write(data)
    for column in columns:  # numbers given out go on after the last one
        qualified = _name(schema, table).as_string(connection)
        found = connection.execute("SELECT pg_get_serial_sequence(%s, %s)", (qualified, column)).fetchone()
        if found and found[0]:
            last = sql.SQL("SELECT setval(%s, (SELECT COALESCE(MAX({}), 0) + 1 FROM {}), false)")
            connection.execute(last.format(sql.Identifier(column), _name(schema, table)), (found[0],))


@contextlib.contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    options = f"-c statement_timeout={STATEMENT_SECONDS * 1000} -c timezone=UTC"
    with psycopg.connect(system_url(url), connect_timeout=CONNECT_SECONDS, options=options) as connection:
        yield connection


def _tables(url: str) -> list[tuple[str, str]]:
    """Ours that are there, and those of the jobs, each after those it refers to."""
    engine = create_engine(address(url))
    jobs = MetaData(schema=JOBS_SCHEMA)
    try:
        jobs.reflect(engine)
        there = set(inspect(engine).get_table_names("public"))
    finally:
        engine.dispose()
    ours = [*Base.metadata.sorted_tables, *tables.Base.metadata.sorted_tables]
    return [("public", table.name) for table in ours if table.name in there] + [
        (JOBS_SCHEMA, table.name) for table in jobs.sorted_tables if table.name != JOBS_MIGRATIONS
    ]


def _columns(connection: psycopg.Connection[Any], schema: str, table: str) -> list[str]:
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        " AND is_generated = 'NEVER' ORDER BY ordinal_position",
        (schema, table),
    )
    return [name for (name,) in found]


def _revisions(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Of each room's chain of migrations, as far as the hotline has run with it."""
    chains = ("alembic_version", tables.VERSION_TABLE)
    return {chain: _head(connection, chain) for chain in chains if _exists(connection, chain)}


def _has_rows(connection: psycopg.Connection[Any], table: str) -> bool:
    if not _exists(connection, table):
        return False
    rows = connection.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))).fetchone()
    return bool(rows and rows[0])


def _exists(connection: psycopg.Connection[Any], table: str) -> bool:
    found = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (f"public.{table}",)).fetchone()
    return bool(found and found[0])


def _head(connection: psycopg.Connection[Any], table: str) -> str:
    found = connection.execute(sql.SQL("SELECT version_num FROM {}").format(sql.Identifier(table))).fetchone()
    return str(found[0]) if found else ""


def _name(schema: str, table: str) -> sql.Identifier:
    return sql.Identifier(schema, table)


def _names(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
