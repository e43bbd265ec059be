"""Call records in the database, on SQLite and PostgreSQL: stored again and again they are there once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from queues import record_store
from queues.agent_time import Spell, SpellKind
from queues.call_record import CallRecord, Outcome
from queues.record_store import Wanted
from tests.queues.logs_of import whole
from tickets.database import Database


@pytest.fixture
def records(tmp_path: Path) -> list[CallRecord]:
    found = whole("simple", tmp_path / "logs").records.values()
    return sorted(found, key=lambda record: record.began_at, reverse=True)


def test_what_is_stored_twice_is_there_once(database: Database, records: list[CallRecord]) -> None:
    record_store.store(database, [replace(record, outcome=Outcome.OPEN, segments=()) for record in records])
    for _ in range(2):
        record_store.store(database, records)
    assert record_store.calls(database, Wanted()) == records


def test_a_call_that_joined_another_is_no_call_of_its_own(database: Database, records: list[CallRecord]) -> None:
    record_store.store(database, records)
    record_store.store(database, [], [records[0].linkedid])
    assert record_store.calls(database, Wanted()) == records[1:]


def test_pages_and_filters(database: Database, records: list[CallRecord]) -> None:
    record_store.store(database, records)
    first = record_store.calls(database, Wanted(), limit=2)
    rest = record_store.calls(database, Wanted(), before=(first[-1].began_at, first[-1].linkedid))
    assert first + rest == records
    assert [call.caller for call in record_store.calls(database, Wanted(agent="agent-1001"))] == ["13800000002", "13800000001"]
    assert len(record_store.calls(database, Wanted(queue="complaints"))) == 4
    assert record_store.calls(database, Wanted(queue="complaints' OR 1=1 --")) == []
    assert [call.outcome for call in record_store.calls(database, Wanted(outcome="abandoned", begin=0, end=2e9))] == [Outcome.ABANDONED]
    assert len(record_store.during(database, records[-1].began_at, records[0].began_at + 1)) == 5


def test_after_call_work_belongs_to_the_conversation_before_it(database: Database, records: list[CallRecord]) -> None:
    ended = records[-1].talks[0].ended_at or 0.0
    record_store.store(database, records, spells=[Spell("agent-1001", SpellKind.WRAPUP, ended + 0.5)])
    assert record_store.calls(database, Wanted(linkedid=records[-1].linkedid))[0].talks[0].wrapup_seconds == 0
    record_store.store(database, [], spells=[Spell("agent-1001", SpellKind.WRAPUP, ended + 0.5, ended + 20.5)])
    assert record_store.calls(database, Wanted(linkedid=records[-1].linkedid))[0].talks[0].wrapup_seconds == 20
    assert len(record_store.spells(database, ended, ended + 60)) == 1
