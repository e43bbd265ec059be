"""Deadlines are watched: a warning, a breach, each told once, and by a worker that was away meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline.serve import worker
from queues.events import Events
from tests.tickets.stage import Stage, until
from tests.tickets.test_moves import MONDAY, RULES, Clock, walk
from tickets.case import Cases
from tickets.case_edits import Edits, Who
from tickets.connectors import Delivered
from tickets.life import now
from tickets.models import Ticket
from tickets.spool import Item
from tickets.store import Audio, Store
from tickets.watch import Told, late, look

ENDED = MONDAY - timedelta(minutes=1)


class Watch:
    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.heard = store, Clock(), list[Told]()
        self.cases = Cases(store.database, lambda: RULES, self.clock)

    def at(self, moment: datetime) -> list[tuple[str, str]]:
        """One look at this moment: which tickets are told of, and how."""
        self.clock.moment = moment
        return [(told.ticket, told.state) for told in look(self.cases, self.heard.append)]

    def events(self, ticket: Ticket) -> list[str]:
        return [line.event for line in self.store.history(ticket_id=ticket.id)][1:]


@pytest.fixture
def watch(store: Store) -> Watch:
    return Watch(store)


@pytest.fixture
def message(store: Store) -> Ticket:
    item = Item(item="M", kind="voicemail", type="complaint", opened_at=ENDED.isoformat(), closed_at=ENDED.isoformat())
    return store.adopt(item, Audio("recordings/m.wav", "0" * 64, 3.0))


def test_a_message_that_nobody_dispatches(watch: Watch, message: Ticket) -> None:
    number = message.number
    assert watch.at(ENDED + timedelta(minutes=6)) == []
    assert watch.store.ticket(number).due_at == ENDED + timedelta(minutes=10)
    assert watch.at(ENDED + timedelta(minutes=7)) == [(number, "near")]
    assert watch.at(ENDED + timedelta(minutes=8)) == []
    assert watch.at(ENDED + timedelta(minutes=10)) == []  # within ten minutes: to the last of them
    assert watch.at(ENDED + timedelta(minutes=10, seconds=1)) == [(number, "missed")]
    assert watch.at(ENDED + timedelta(days=1)) == []
    assert watch.events(message) == ["deadline_near", "deadline_missed"]
    assert [told.state for told in watch.heard] == ["near", "missed"]


def test_a_worker_that_was_away_tells_of_the_breach_only(watch: Watch, message: Ticket) -> None:
    assert watch.at(ENDED + timedelta(hours=9)) == [(message.number, "missed")]
    assert watch.events(message) == ["deadline_missed"]
    assert watch.store.backlog().overdue == 1
    assert late(watch.store.database, 50) == [(message.number, ENDED + timedelta(minutes=10))]
    assert late(watch.store.database, 0) == []
    walk(watch.cases, message.number, "answer")
    assert watch.store.backlog().overdue == 0 and late(watch.store.database, 50) == []


def test_acceptance_does_not_give_a_message_more_time(watch: Watch, message: Ticket) -> None:
    watch.clock.moment = ENDED + timedelta(minutes=5)
    assert walk(watch.cases, message.number, "accept").due_at == ENDED + timedelta(minutes=10)
    assert watch.at(ENDED + timedelta(minutes=10, seconds=1)) == [(message.number, "missed")]
    assert walk(watch.cases, message.number, "dispatch").due_told == ""
    assert watch.store.history(ticket_id=message.id)[-1].detail["late"] is True


def test_a_conversation_counts_from_its_acceptance_and_never_while_it_goes_on(watch: Watch) -> None:
    draft = watch.store.open_draft("1.1", "report", "12345-1", "13800001234", "12345", "wang")
    assert watch.at(now() + timedelta(hours=1)) == []
    watch.clock.moment = MONDAY
    assert walk(watch.cases, draft.number, "accept").due_at == MONDAY + timedelta(minutes=5)  # a report: sooner


def test_five_working_days_to_reply_with_a_warning_before(watch: Watch, message: Ticket) -> None:
    watch.clock.moment = MONDAY
    walk(watch.cases, message.number, "accept", "dispatch")
    due = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # midnight in Shanghai after the fifth working day
    assert watch.store.ticket(message.number).due_at == due
    assert watch.at(due - timedelta(days=4)) == []
    assert watch.at(due - timedelta(days=1)) == [(message.number, "near")]
    assert watch.at(due + timedelta(seconds=1)) == [(message.number, "missed")]


def test_what_is_replied_or_with_the_case_system_is_watched_no_more(watch: Watch, message: Ticket) -> None:
    walk(watch.cases, message.number, "accept", "dispatch", "take_up", "reply")
    other = watch.store.adopt(Item(item="N", kind="voicemail", closed_at=ENDED.isoformat()), Audio("n.wav", "0" * 64, 1.0))
    watch.store.record_no_speech(other.id, "silence")
    watch.store.outbox.delivered(watch.store.outbox.of_ticket(other.id)[0].id, Delivered(201))
    assert watch.store.ticket(other.number).stage == "dispatched"
    assert watch.at(MONDAY + timedelta(days=90)) == []


def test_a_matter_that_became_urgent_is_due_sooner(watch: Watch, message: Ticket) -> None:
    watch.at(MONDAY)
    shown = Edits(watch.cases).edit(message.number, Who("agent", "agent wang"), {"type": "report"})
    assert shown.due_at == ENDED + timedelta(minutes=5)


def test_a_running_worker_looks(stage: Stage) -> None:
    """The schedule is in the database: each worker that starts looks at once, and tells once."""
    ended = (now() - timedelta(hours=1)).isoformat()
    ticket = stage.store.adopt(Item(item="M", kind="voicemail", opened_at=ended, closed_at=ended), Audio("m.wav", "0" * 64, 1.0))
    stage.store.record_no_speech(ticket.id, "silence")

    def told() -> int:
        return sum(line.event == "deadline_missed" for line in stage.store.history(ticket_id=ticket.id))

    first = stage.worker()
    until(lambda: told() == 1, "the breach in the history")
    stage.kill(first)
    other = stage.store.adopt(Item(item="N", kind="voicemail", opened_at=ended, closed_at=ended), Audio("n.wav", "0" * 64, 1.0))
    stage.store.record_no_speech(other.id, "silence")
    stage.worker()
    until(lambda: any(line.event == "deadline_missed" for line in stage.store.history(ticket_id=other.id)), "the second worker's look")
    assert told() == 1


def test_the_floor_hears_of_it(tmp_path: Path) -> None:
    events = Events(tmp_path)
    worker.tell(events, Told("20261122-000001", "missed", "to_dispatch", "", ENDED))
    events.close()
    written = "".join(path.read_text() for path in (tmp_path / "run/events").iterdir())
    assert '"alarm":"deadline","state":"missed","ticket":"20261122-000001"' in written
