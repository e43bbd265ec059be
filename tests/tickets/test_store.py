"""What the city keeps of a caller, told on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, DBAPIError

from tickets import models
from tickets.life import WrongChange, become
from tickets.numbers import next_number
from tickets.spool import Item
from tickets.store import Audio, Document, NoSuchTicket, Store, Transcript
from tickets.tokens import NoSuchToken

ITEM = Item(
    item="01HZZ0000000000000000000AA", kind="voicemail", linkedid="1700000000.1", caller="13800001234", called="12345",
    path="12345-1-1", type="complaint", opened_at="2026-11-22T09:00:00+08:00", closed_at="2026-11-22T09:00:10+08:00",
)  # fmt: skip
AUDIO = Audio("recordings/2026/11/22/a.wav", "ab" * 32, 10.0)
HEARD = Transcript("路灯坏了", "路 灯 坏 了", "vosk", "small-cn", 0.9, "confidence")


def events(store: Store) -> list[str]:
    return [line.event for line in store.history()]


def test_an_answer_told_again_after_the_conversation_is_the_same_ticket(store: Store) -> None:
    opened = store.open_draft("1700000000.9", "complaint", "12345-1-1", "13800001234", "12345", "1001")
    store.finish_draft("1700000000.9")
    again = store.open_draft("1700000000.9", "complaint", "12345-1-1", "13800001234", "12345", "1001")
    assert (again.number, again.status) == (opened.number, models.OPEN)


def test_the_ticket_is_open_while_the_agent_talks_and_handed_over_afterwards(store: Store) -> None:
    draft = store.open_draft("1.1", "complaint", "12345-1-1", "13800001234", "12345", "1001")
    assert (draft.status, draft.channel, draft.agent) == ("draft", "voice", "1001")
    assert store.open_draft("1.1", "complaint", "12345-1-1", "13800001234", "12345", "1001").id == draft.id
    assert store.outbox.waiting() == []
    done = store.finish_draft("1.1")
    assert done is not None
    assert (done.id, done.status) == (draft.id, "open")
    assert [d.ticket_id for d in store.outbox.waiting()] == [draft.id]
    assert store.finish_draft("1.1") is None, "the call ends once"
    assert events(store) == ["draft_opened", "draft_finished"]


def test_a_call_passed_to_a_sub_centre_keeps_its_ticket_and_tells_each_line_once(store: Store) -> None:
    opened = store.open_draft("1.1", "consultation", "12366", "13800001234", "12366", "12366", category="tax", reference="TX-7")
    for _ in range(2):  # whatever reads queue_log may tell a thing twice
        store.note_pass("1.1", "passed_on", "12366", at="t1")
        store.note_pass("1.1", "accepted", "12366", at="t2")
        store.note_pass("1.1", "pass_ended", "12366", result="answered", at="t3")
    store.note_pass("1.1", "passed_on", "12333", at="t4")
    assert (opened.category, opened.reference) == ("tax", "TX-7")
    assert events(store) == ["draft_opened", "passed_on", "accepted", "pass_ended", "passed_on"]
    assert store.history()[3].detail == {"to": "12366", "result": "answered", "at": "t3"}
    assert store.note_pass("9.9", "accepted", "12366") is None, "a call that has no ticket of ours"


def test_a_call_passed_to_a_colleague_keeps_its_ticket(store: Store) -> None:
    first = store.open_draft("1.1", "help", "12345-1", "", "12345", "1001")
    second = store.open_draft("1.1", "help", "12345-1", "", "12345", "1002")
    assert (second.id, second.agent) == (first.id, "1001"), "the one who opened it; the history names the others"
    assert store.history()[-1].detail == {"from": "1001", "to": "1002"}
    for agent in ("1001", "1002"):  # told again after a restart
        store.open_draft("1.1", "help", "12345-1", "", "12345", agent)
    assert events(store) == ["draft_opened", "agent_changed"]


def test_a_caller_who_waited_again_and_reached_a_colleague_has_one_ticket_that_names_both(store: Store) -> None:
    """Its first part may be with the case system already, under the first agent's name."""
    store.open_draft("1.1", "help", "12345-1", "", "12345", "1001")
    store.finish_draft("1.1")
    again = store.open_draft("1.1", "help", "12345-1", "", "12345", "1002")
    assert (again.agent, again.status) == ("1001", models.OPEN)
    assert [(line.event, line.actor) for line in store.history()] == [
        ("draft_opened", "1001"), ("draft_finished", "1001"), ("agent_changed", "1002"),
    ]  # fmt: skip
    assert (store.count(), len(store.outbox.waiting())) == (1, 1)


def test_what_the_database_refuses_does_not_tell_what_callers_said(store: Store) -> None:
    """Its error is logged with its traceback."""
    with pytest.raises(DBAPIError) as refused, store.database.writes() as session:
        session.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": "文化路88号"})
    assert "文化路88号" not in str(refused.value)


def test_a_message_is_a_ticket_at_once_and_its_words_follow(store: Store) -> None:
    ticket = store.adopt(ITEM, AUDIO)
    assert re.fullmatch(r"\d{8}-\d{6}", ticket.number)
    assert (ticket.transcript_state, ticket.path, ticket.type) == ("pending", "12345-1-1", "complaint")
    assert store.pending_transcripts() == [ticket.id]
    assert store.outbox.waiting() == [], "handed over when the words are known"
    store.record_transcript(ticket.id, HEARD)
    kept = store.ticket(ticket.number)
    assert (kept.transcript, kept.transcript_state, kept.transcript_score) == ("路灯坏了", "done", 0.9)
    assert len(store.outbox.waiting()) == 1


def test_the_same_item_adopted_twice_is_one_ticket(store: Store) -> None:
    assert store.adopt(ITEM, AUDIO).id == store.adopt(ITEM, AUDIO).id
    assert store.count() == 1


def test_two_adoptions_at_the_same_moment_are_one_ticket(store: Store) -> None:
    with ThreadPoolExecutor(8) as crowd:
        ids = {ticket.id for ticket in crowd.map(lambda _: store.adopt(ITEM, AUDIO), range(8))}
    assert len(ids) == 1


def test_an_empty_recording_is_a_ticket_that_says_so(store: Store) -> None:
    ticket = store.adopt(ITEM, Audio("recordings/a.wav", "", 0.0))
    assert (ticket.transcript_state, ticket.transcript_error) == ("no_speech", "nothing was recorded")
    assert len(store.outbox.waiting()) == 1


def test_silence_and_failure_are_named_and_handed_over(store: Store) -> None:
    silent = store.adopt(ITEM, AUDIO)
    store.record_no_speech(silent.id, "nobody spoke")
    broken = store.adopt(Item(item="B", kind="voicemail"), AUDIO)
    store.record_failure(broken.id, "no recogniser")
    store.record_transcript(broken.id, HEARD)
    assert [store.ticket(t.id).transcript_state for t in (silent, broken)] == ["no_speech", "failed"], "the first result counts"
    assert len(store.outbox.waiting()) == 2


def test_a_fax_without_pages_is_a_ticket_with_the_failure_named(store: Store) -> None:
    ticket = store.adopt(Item(item="F", kind="fax"), document=Document(pages=0, error="no page arrived (FAILED: dropped)"))
    assert (ticket.channel, ticket.transcript_state, ticket.document_pages) == ("fax", "none", 0)
    assert "dropped" in str(ticket.document_error)


def test_a_message_that_ends_its_worker_three_times_is_set_aside(store: Store) -> None:
    ticket = store.adopt(ITEM, AUDIO)
    assert [store.begin_transcription(ticket.id) is not None for _ in range(4)] == [True, True, True, False]
    kept = store.ticket(ticket.id)
    assert (kept.transcript_state, kept.transcript_error) == ("failed", "ended 3 attempts")
    assert events(store)[-1] == "transcription_set_aside"
    assert len(store.outbox.waiting()) == 1


def test_numbers_have_no_gap_and_no_double_under_concurrency(store: Store) -> None:
    def one(n: int) -> str:
        return store.adopt(Item(item=f"I{n}", kind="fax"), document=Document(0)).number

    with ThreadPoolExecutor(8) as crowd:
        numbers = sorted(crowd.map(one, range(40)))
    assert [int(number[9:]) for number in numbers] == list(range(1, 41))


def test_a_number_belongs_to_the_day_in_shanghai(store: Store) -> None:
    with store.database.writes() as session:
        assert next_number(session, datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC)) == "20261121-000001"
        assert next_number(session, datetime(2026, 11, 21, 16, 0, 0, tzinfo=UTC)) == "20261122-000001"


def test_a_failed_transaction_gives_its_number_back(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.database.writes() as session:
        next_number(session, datetime.now(UTC))
        raise ZeroDivisionError
    assert store.adopt(ITEM, AUDIO).number.endswith("-000001")


@pytest.mark.parametrize("change", ["UPDATE history SET event = 'x'", "DELETE FROM history"])
def test_history_cannot_be_rewritten(store: Store, change: str) -> None:
    store.adopt(ITEM, AUDIO)
    with pytest.raises(DatabaseError, match="append-only"), store.database.writes() as session:
        session.execute(text(change))


def test_lines_of_history_are_seen_in_the_order_of_their_ids(store: Store) -> None:
    """A reader that resumes after the last id it saw must not miss a line committed late."""
    stop, seen, missed = threading.Event(), [0], []

    def watch() -> None:
        known: set[int] = set()
        while True:
            ended = stop.is_set()
            now = {line.id for line in store.history(limit=1000)}
            missed.extend(i for i in now - known if i < max(known, default=0))
            known = now
            seen[0] = len(known)
            if ended:
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(6) as crowd:
        list(crowd.map(lambda n: store.adopt(Item(item=f"H{n}", kind="voicemail"), AUDIO), range(40)))
    stop.set()
    watcher.join(30)
    assert (seen[0], missed) == (40, [])


def test_times_keep_their_moment(store: Store) -> None:
    ticket = store.ticket(store.adopt(ITEM, AUDIO).id)
    assert ticket.began_at == datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    assert ticket.began_at.tzinfo is not None


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    store.open_draft("1.1", "", "", "", "", "1001")
    with pytest.raises(Exception, match="without a zone"):
        store.finish_draft("1.1", datetime(2026, 1, 1))


def test_pages_of_tickets_follow_each_other(store: Store) -> None:
    numbers = [store.adopt(Item(item=f"P{n}", kind="voicemail"), AUDIO).number for n in range(5)]
    first = store.tickets(limit=3)
    rest = store.tickets(limit=3, before=first[-1].id)
    assert {t.number for t in [*first, *rest]} == set(numbers)
    assert store.tickets(status="draft") == []


def test_hostile_text_of_a_caller_is_kept_as_plain_text(store: Store) -> None:
    evil = Item(item="E", kind="voicemail", caller="'; DROP TABLE tickets;--\r\n\0", caller_name="<script>" * 100, type="root")
    ticket = store.ticket(store.adopt(evil, AUDIO).id)
    assert ticket.caller == "'; DROP TABLE tickets;--"
    assert len(ticket.caller_name) == 256
    assert ticket.type == ""


def test_what_is_not_kept_is_said_to_be_missing(store: Store) -> None:
    with pytest.raises(NoSuchTicket):
        store.ticket("20260101-000001")
    with pytest.raises(NoSuchToken):
        store.tokens.revoke("nothing")


def test_a_status_follows_only_where_it_may(store: Store) -> None:
    ticket = store.adopt(ITEM, AUDIO)
    with pytest.raises(WrongChange, match="open cannot become draft"):
        become(ticket, models.DRAFT)


def test_a_tokens_secret_is_shown_once_and_can_be_revoked(store: Store) -> None:
    token, secret = store.tokens.create("agent", "desk 1")
    assert store.tokens.find(secret) is not None
    assert secret not in repr([vars(t) for t in store.tokens.all()])
    store.tokens.revoke(token.id)
    assert store.tokens.find(secret) is None
    with pytest.raises(ValueError, match="'king' is no role"):
        store.tokens.create("king")


@pytest.fixture
def fresh(empty_url: str) -> Iterator[list[Store]]:
    stores = [Store(empty_url) for _ in range(4)]
    yield stores
    for store in stores:
        store.close()


def test_the_migrations_make_what_the_models_say(fresh: list[Store]) -> None:
    store = fresh[0]
    store.migrate()
    with store.database.engine.connect() as connection:
        ours = {"include_name": lambda name, *_: not str(name).startswith("fts_")}  # FTS5's and GIN's are in no model
        differences = compare_metadata(MigrationContext.configure(connection, opts=ours), models.Base.metadata)
    assert differences == []


def test_processes_that_start_together_may_all_migrate(fresh: list[Store]) -> None:
    with ThreadPoolExecutor(4) as crowd:
        list(crowd.map(lambda store: store.migrate(), fresh))
    assert fresh[0].adopt(ITEM, AUDIO).number


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="neither SQLite nor PostgreSQL"):
        Store("mysql://x/y")


def test_a_line_of_a_ticket_is_written_once_however_often_it_is_told(store: Store) -> None:
    ticket = store.open_draft("h-1.1", "complaint", "12345-1-1", "13800138000", "12345", "li")
    for _ in range(2):
        store.note_on(ticket.number, "called_out", "wang", phone="wang", at="2026-11-22T06:00:00+00:00")
        store.note_on("20000101-000001", "called_out", "wang", phone="wang")
    assert [line.event for line in store.history(ticket_id=ticket.id)] == ["draft_opened", "called_out"]
