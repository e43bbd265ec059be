"""The tables of this room: the same on SQLite and PostgreSQL, beside the tickets', and an audit nobody can rewrite."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from queues import audit, tables
from queues.actor import SUPERVISOR, Actor
from queues.audit import Line
from queues.storage import MIGRATIONS, Rows
from tickets.database import Database

BOSS = Actor(SUPERVISOR, token="T2")


def test_the_migrations_are_one_chain() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    chain = ScriptDirectory.from_config(config)
    assert len(chain.get_heads()) == 1
    assert [script.revision for script in reversed(list(chain.walk_revisions()))] == sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("0*.py"))


def test_the_migrations_make_the_tables_the_program_uses(database: Database) -> None:
    database.migrate(MIGRATIONS)  # a second time is harmless
    names = set(tables.Base.metadata.tables)
    with database.engine.connect() as connection:
        options = {"version_table": tables.VERSION_TABLE, "include_name": lambda name, kind, parents: kind != "table" or name in names}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), tables.Base.metadata)
    assert differences == []


def test_the_audit_is_read_newest_first_and_never_rewritten(database: Database) -> None:
    for target in ("li", "wang"):
        audit.write(database, Line(BOSS, "agent.logout", target, audit.REFUSED, "no such agent"))
    newest, oldest = audit.lines(database)
    assert (newest.target, newest.actor, newest.role, newest.outcome, newest.reason) == ("wang", "token T2", "supervisor", "refused", "no such agent")
    assert newest.at.tzinfo is not None and [line.target for line in audit.lines(database, before=newest.id)] == ["li"]
    for change in ("UPDATE audit SET outcome = 'done'", "DELETE FROM audit"):
        with pytest.raises(DatabaseError, match="append-only"), database.writes() as session:
            session.execute(text(change))
    assert len(audit.lines(database)) == 2 and oldest.id < newest.id


async def test_a_database_that_is_away_is_opened_again_the_next_time(database: Database) -> None:
    away = [True]

    async def opened() -> Database:
        if away.pop():
            raise ConnectionError("away")
        return database

    rows = Rows(opened)
    with pytest.raises(ConnectionError):
        await rows.do(audit.lines)
    away.append(False)
    await rows.do(audit.write, Line(BOSS, "x", "y"))
    away.append(False)
    assert len(await rows.do(audit.lines, limit=5)) == 1
