"""What a database still holds of rows that were emptied or deleted: taken out of its files.

SQLite zeroes what it frees (`secure_delete`), and yet three things keep words: its log, until it is cut; the full text's index, which notes
that words went and drops them only when its parts are merged; and gaps in pages whose rows were moved, until the file is written anew.
PostgreSQL keeps dead rows until they are vacuumed.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import cast

import structlog
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from tickets.database import Database

INDEX = "fts_ticket_words"
PAGES = 200  # of the index in one transaction: others write in between
log = structlog.get_logger("tickets.erasure")


def scrub(database: Database, *, anew: bool = False) -> bool:
    """Whether all of it has gone. `anew`: SQLite writes its whole file anew; nobody else writes meanwhile (ADR 0129)."""
    try:
        return _sqlite(database, anew) if database.is_sqlite else _postgresql(database)
    except (sqlite3.Error, SQLAlchemyError) as error:
        log.error("traces of what was deleted stay in the database's files", reason=type(error).__name__)
        return False


def _sqlite(database: Database, anew: bool) -> bool:
    with contextlib.closing(database.engine.raw_connection()) as connection:
        cursor = cast("sqlite3.Cursor", connection.cursor())
        _merge(cursor)
        if anew:
            cursor.execute("VACUUM")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            log.error("traces of what was deleted stay in the database's files", reason="somebody reads it all the time")
        return not busy


def _merge(cursor: sqlite3.Cursor) -> None:
    """Until nothing is left to merge (https://www.sqlite.org/fts5.html, 6.8: less than two changes)."""
    while True:
        [before] = cursor.execute("SELECT total_changes()").fetchone()
        cursor.execute(f"INSERT INTO {INDEX} ({INDEX}, rank) VALUES ('merge', -{PAGES})")
        [after] = cursor.execute("SELECT total_changes()").fetchone()
        if after - before < 2:
            return


def _postgresql(database: Database) -> bool:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        try:
            for table in inspect(connection).get_table_names():
                connection.exec_driver_sql(f'VACUUM "{table}"')
        finally:
            connection.exec_driver_sql("RESET statement_timeout")
    return True
