"""History as a chain: every change of a line is found and named, and what was there before is chained by the migration."""

from __future__ import annotations

import hashlib
import json

import pytest
from alembic import command
from sqlalchemy import text

from tests.tickets.test_moves import RULES, Clock, walk
from tickets.case import Cases
from tickets.chain import Verdict, verify
from tickets.database import MIGRATIONS, Database, _alembic
from tickets.spool import Item
from tickets.store import Document, Store


def verdict(store: Store, head: str = "") -> Verdict:
    with store.database.reads() as session:
        return verify(session, head)


@pytest.fixture
def lived(store: Store) -> Store:
    number = store.adopt(Item(item="F", kind="fax"), document=Document(pages=1)).number
    walk(Cases(store.database, lambda: RULES, Clock()), number, "accept", "dispatch", "take_up", "reply")
    return store


def tamper(store: Store, statement: str) -> None:
    """As somebody who owns the database can."""
    with store.database.engine.connect().execution_options(writes=True) as connection, connection.begin():
        if store.database.is_sqlite:
            for change in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS history_refuses_{change}"))
        else:
            connection.execute(text("ALTER TABLE history DISABLE TRIGGER history_is_append_only"))
        connection.execute(text(statement))


def test_a_whole_chain(lived: Store) -> None:
    whole = verdict(lived)
    assert (whole.lines, whole.broken) == (5, None)
    assert verdict(lived, whole.head).why == ""


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE history SET actor = 'agent li' WHERE id = 3", 3),
        ("UPDATE history SET at = '2020-01-01 00:00:00' WHERE id = 2", 2),
        ("DELETE FROM history WHERE id = 2", 3),
        ("UPDATE history SET hash = repeat('0', 64) WHERE id = 5", 5),
        ("UPDATE notes SET text = 'nothing was promised' WHERE kind = 'reply'", 5),
        ("DELETE FROM notes WHERE kind = 'reply'", 5),
    ],
)
def test_the_first_broken_line_is_named(lived: Store, statement: str, broken: int) -> None:
    tamper(lived, statement.replace("repeat('0', 64)", "'0'") if lived.database.is_sqlite else statement)
    assert verdict(lived).broken == broken


def test_lines_cut_off_the_end_are_missed_by_whoever_wrote_down_the_head(lived: Store) -> None:
    head = verdict(lived).head
    tamper(lived, "DELETE FROM history WHERE id = 5")
    assert verdict(lived).broken is None
    assert "cut off" in verdict(lived, head).why


@pytest.mark.parametrize(("status", "stage"), [("draft", "pending"), ("open", "pending"), ("refused", "pending"), ("handed_over", "dispatched")])
def test_what_was_there_before_gets_its_stage_and_is_chained(empty_url: str, status: str, stage: str) -> None:
    database = Database(empty_url)
    try:
        with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
            command.upgrade(_alembic(connection, MIGRATIONS), "0004")
        _old_rows(database, status)
        database.migrate()
        store = Store(empty_url)
        found = store.ticket("20261101-000001")
        assert (found.stage, found.due_told, found.helpers) == (stage, "" if status == "draft" else "unwatched", [])
        assert [line.detail for line in store.history()] == [{"attempts": 1}, {"attempts": 2, "error": "kept"}]
        assert verdict(store).broken is None
        sent = store.outbox.of_ticket("T")
        assert [(row.about, row.sequence, row.event, row.day) for row in sent] == [(found.number, n, "ticket", "2026-11-01") for n in (1, 2)]
        assert sent[0].body_sha256 == hashlib.sha256("{路灯}".encode()).hexdigest()
        with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
            command.downgrade(_alembic(connection, MIGRATIONS), "0004")
        store.close()
    finally:
        database.close()


def _old_rows(database: Database, status: str) -> None:
    at = "2026-11-01 00:00:00.000000" if database.is_sqlite else "2026-11-01 00:00:00+00:00"
    empty = ("type", "path", "caller", "caller_name", "called", "agent", "linkedid", "language", "menu_version", "reason", "category", "reference")
    with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
        values = ", ".join(["''"] * len(empty))
        connection.execute(
            text(
                "INSERT INTO tickets (id, number, channel, status, began_at, created_at, updated_at, truncated, transcript_state, transcript_attempts, "
                f"needs_review, {', '.join(empty)}) VALUES ('T', '20261101-000001', 'fax', :status, :at, :at, :at, false, 'none', 0, false, {values})"
            ),
            {"status": status, "at": at},
        )
        for name in ("D1", "D2"):
            connection.execute(
                text("INSERT INTO deliveries (id, ticket_id, idempotency_key, body, state, attempts, created_at, give_up_from) VALUES (:id, 'T', :key, '{路灯}', 'waiting', 0, :at, :at)"),
                {"id": name, "key": name, "at": at},
            )
        for event, detail in (("hand_over_refused", {"attempts": 1, "error": "王先生 13800001234"}), ("fax_received", {"attempts": 2, "error": "kept"})):
            connection.execute(
                text("INSERT INTO history (ticket_id, at, event, actor, detail) VALUES ('T', :at, :event, 'hotline', :detail)"),
                {"event": event, "detail": json.dumps(detail), "at": at},
            )
