"""Workers that are killed, stopped and replaced: every message is transcribed, none is lost. Told on both databases."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from structlog.testing import capture_logs

from tests.tickets.stage import Stage, page, until
from tickets import recovery
from tickets.adopt import Adoption
from tickets.jobs import DELIVER, TRANSCRIBE
from tickets.life import now
from tickets.models import Lease, Ticket
from tickets.runner import Runner
from tickets.spool import Item, Spool
from tickets.store import Audio, Store
from tickets.transcriber import NoSpeech, RecogniserAway, RecogniserDied, RecognitionFailed, Transcript
from tickets.vault import Vault
from tickets.wanted_jobs import JobsLater
from tickets.worker import Worker, slot

AUDIO = Audio("recordings/x.wav", "", 1.0)


def test_the_number_is_there_when_the_caller_hangs_up_and_the_words_follow(stage: Stage) -> None:
    early = stage.message()
    worker = stage.worker()
    until(lambda: stage.state(early) == "done", "a message left while no worker ran")
    late = stage.message()
    fax = stage.fax([page("one")])
    until(lambda: stage.ticket(late) is not None and stage.ticket(fax) is not None, "the tickets")
    until(lambda: stage.state(late) == "done", "the words")
    ticket = stage.ticket(late)
    assert ticket is not None
    assert ticket.ended_at is not None
    assert (ticket.created_at - ticket.ended_at).total_seconds() < 1.0
    assert ticket.transcript == "路灯坏了"
    worker.terminate()
    assert stage.ended(worker) == 0, stage.log()


def test_a_worker_killed_in_the_middle_is_replaced_and_the_message_transcribed(stage: Stage) -> None:
    stage.recogniser("waits")
    item = stage.message()
    worker = stage.worker()
    until(lambda: len(stage.heard()) == 1, "the recogniser to begin")
    stage.kill(worker)
    assert stage.state(item) == "pending"
    stage.recogniser("words")
    stage.worker()
    until(lambda: stage.state(item) == "done", "the second worker")
    assert len(stage.heard()) == 2
    assert len(stage.store.outbox.waiting()) == 1, "handed over once"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_message_that_kills_its_worker_three_times_is_set_aside_and_the_next_one_goes_on(stage: Stage) -> None:
    stage.recogniser("kills")
    deadly = stage.message()
    for _ in range(3):
        assert stage.ended(stage.worker()) == -9
    worker = stage.worker()
    until(lambda: stage.state(deadly) == "failed", "the message to be set aside")
    assert len(stage.heard()) == 3
    stage.recogniser("words")
    healthy = stage.message()
    until(lambda: stage.state(healthy) == "done", "the next message")
    assert worker.is_alive()
    assert len(stage.store.outbox.waiting()) == 2, "the one set aside is handed over with its audio"


HEARD = Transcript("路灯坏了", "路 灯 坏 了", "play", "none")


@pytest.mark.parametrize(("ends", "state", "why", "attempts"), [
    ([NoSpeech("nobody spoke")], "no_speech", "nobody spoke", 1),
    ([NoSpeech()], "no_speech", "nobody spoke", 1),
    ([RecognitionFailed("not a word understood")], "failed", "not a word understood", 1),
    ([FileNotFoundError(2, "No such file", "a.wav")], "failed", "[Errno 2] No such file: 'a.wav'", 1),
    ([RecogniserDied("killed by signal 11")] * 3, "failed", "ended 3 attempts", 3),
    ([RecogniserDied("hung")], "done", None, 2),
])  # fmt: skip
def test_how_a_recogniser_ends_is_what_the_ticket_says(
    store: Store, tmp_path: Path, ends: list[Exception], state: str, why: str | None, attempts: int
) -> None:
    endings, calls = iter(ends), []

    def hear(path: Path) -> Transcript:
        calls.append(path)
        for ending in endings:
            raise ending
        return HEARD

    ticket = store.adopt(Item(item="M", kind="voicemail"), AUDIO)
    runner = Runner(store, tmp_path, hear, "here:worker:0")
    runner.transcribe(ticket.id)
    runner.transcribe(ticket.id)  # a job may run twice; it finds nothing left to do
    kept = store.ticket(ticket.id)
    assert (kept.transcript_state, kept.transcript_error, len(calls)) == (state, why, attempts)
    assert len(store.outbox.waiting()) == 1


def test_a_recogniser_that_is_away_costs_no_attempt_and_is_asked_again(stage: Stage) -> None:
    """It is away whenever the hotline stops in the middle of a message, however often."""
    def hear(path: Path) -> Transcript:
        raise RecogniserAway("the recognisers are stopped")

    ticket = stage.store.adopt(Item(item="M", kind="voicemail"), AUDIO)
    for _ in range(4):
        Runner(stage.store, stage.home, hear, "here:worker:0").transcribe(ticket.id)
    kept = stage.store.ticket(ticket.id)
    assert (kept.transcript_state, kept.transcript_attempts) == ("pending", 0)
    _pretend(stage, "SUCCESS")
    assert recovery.requeue_lost_rows(stage.store, stage.jobs) == 1


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_workers_told_to_end_in_the_middle_of_a_message_leave_it_all_its_attempts(stage: Stage) -> None:
    stage.recogniser("ends with its worker")
    item = stage.message()
    for begun in range(1, 4):
        worker = stage.worker()
        until(lambda: len(stage.heard()) == begun, "the recogniser to begin")  # noqa: B023 - asked at once
        worker.terminate()
        assert stage.ended(worker) == 0, stage.log()
    ticket = stage.ticket(item)
    assert ticket is not None and (ticket.transcript_state, ticket.transcript_attempts) == ("pending", 0)
    stage.recogniser("words")
    stage.worker()
    until(lambda: stage.state(item) == "done", "the fourth worker")


def test_rows_that_nobody_works_on_are_found(stage: Stage) -> None:
    """A process without jobs of its own (or an engine that lost one) leaves the row: the row is the truth."""
    stage.store.jobs, durable = JobsLater(), stage.jobs
    conversation = stage.store.open_draft("9.9", "help", "12345", "", "12345", "1001")
    stage.store.finish_draft("9.9")
    message = stage.store.adopt(Item(item="M", kind="voicemail"), AUDIO)
    assert (durable.live(TRANSCRIBE), durable.live(DELIVER)) == (set(), set())
    assert recovery.requeue_lost_rows(stage.store, durable) == 2
    assert durable.live(TRANSCRIBE) == {message.id}
    assert durable.live(DELIVER) == {stage.store.outbox.of_ticket(conversation.id)[0].id}
    assert recovery.requeue_lost_rows(stage.store, durable) == 0, "found once"


def test_the_jobs_of_a_dead_machine_are_taken_over_and_those_of_the_living_are_not(stage: Stage) -> None:
    ticket = stage.store.adopt(Item(item="M", kind="voicemail"), AUDIO)
    _pretend(stage, "PENDING", "far:worker:0")
    recovery.renew_lease(stage.store, "far:worker:0")
    assert recovery.take_over_lost_jobs(stage.store, stage.jobs, "here:worker:0") == 0
    with stage.store.database.writes() as session:
        session.get_one(Lease, "far:worker:0").renewed_at = now() - timedelta(minutes=2)
    assert recovery.take_over_lost_jobs(stage.store, stage.jobs, "here:worker:0") == 1
    assert recovery.take_over_lost_jobs(stage.store, stage.jobs, "here:worker:0") == 0
    assert stage.jobs.live(TRANSCRIBE) == {ticket.id}


def test_jobs_that_ended_are_forgotten_after_a_while(stage: Stage) -> None:
    stage.store.adopt(Item(item="M", kind="voicemail"), AUDIO)
    assert stage.jobs.prune(timedelta(seconds=-60)) == 0, "it has not ended"
    _pretend(stage, "SUCCESS")
    assert stage.jobs.prune(timedelta(days=1)) == 0
    assert stage.jobs.prune(timedelta(seconds=-60)) == 1


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_two_workers_over_one_spool_make_one_ticket_of_each_item(stage: Stage) -> None:
    items = [stage.message() for _ in range(10)]
    for _ in range(2):
        stage.worker()
    items += [stage.message() for _ in range(10)]
    until(lambda: all(stage.state(item) == "done" for item in items), "all words")
    assert (stage.store.count(), len(stage.heard()), stage.spool.waiting()) == (20, 20, [])
    vault = Vault(stage.home, stage.store.database)
    assert all(vault.sha256(stage.home / str(t.audio_path)) == t.audio_sha256 for t in stage.store.tickets())


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_poisoned_item_does_not_keep_the_others_from_their_tickets(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said once, and then rarely: the spool is looked at every three seconds."""
    poisoned, healthy = stage.message(), stage.message()
    sound = Adoption.adopt
    monkeypatch.setattr(Adoption, "adopt", lambda self, item: sound(self, item) if item.item == healthy.item else 1 / 0)
    runner = Runner(stage.store, stage.home, lambda _: HEARD, "here:worker:0")
    worker = Worker(stage.home, stage.spool, stage.store, stage.jobs, runner)
    with structlog.testing.capture_logs() as said:
        assert [worker.adopt_all() for _ in range(3)] == [1, 0, 0]
    assert [item.item for item in stage.spool.waiting()] == [poisoned.item]
    assert [line["item"] for line in said if line["log_level"] == "error"] == [poisoned.item]


@pytest.fixture
def idle(stage: Stage) -> Worker:
    """A worker of this process, none of whose threads run."""
    stage.spool.prepare()
    return Worker(stage.home, stage.spool, stage.store, stage.jobs, Runner(stage.store, stage.home, lambda _: HEARD, "here:worker:0"))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_message_does_not_wait_for_a_long_fax_nor_is_the_wait_an_error(stage: Stage, idle: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a long fax readable takes longer than anyone may wait for a lock."""
    fax, message = stage.fax([page("one")]), stage.message()
    sound, begun, end = Adoption.adopt, threading.Event(), threading.Event()

    def slow(self: Adoption, item: Item) -> Ticket:
        if item.item == fax.item:
            begun.set()
            assert end.wait(30)
        return sound(self, item)

    monkeypatch.setattr(Adoption, "adopt", slow)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(idle.adopt_all)
        assert begun.wait(30)
        before = time.monotonic()
        with capture_logs() as logs:
            assert idle.adopt_all() == 1
        assert time.monotonic() - before < 3
        assert stage.ticket(message) is not None
        assert [entry["event"] for entry in logs] == ["ticket"]
        end.set()
        assert first.result(30) == 1
    assert (stage.store.count(), stage.spool.waiting()) == (2, [])


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_full_disk_is_said_when_it_fills_then_rarely_and_when_it_is_over(idle: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    room, clock = [True], [1000.0]
    monkeypatch.setattr(Spool, "has_room", lambda self: room[0])
    monkeypatch.setattr("tickets.worker.monotonic", lambda: clock[0])

    def said(seconds: int) -> list[str]:
        with capture_logs() as logs:
            for _ in range(0, seconds, 3):
                idle._look_at_the_disk()
                clock[0] += 3
        return [entry["log_level"] for entry in logs]

    assert said(60) == []
    room[0] = False
    assert said(1800) == ["error", "error", "error"]
    room[0] = True
    assert said(60) == ["info"]


def test_two_workers_on_one_machine_never_share_a_name(tmp_path: Path) -> None:
    with slot(tmp_path) as first:
        with slot(tmp_path) as second:
            assert first != second
        with slot(tmp_path) as third:
            assert third == second, "a slot set free is used again"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_what_cannot_be_stored_now_waits_in_the_spool(stage: Stage) -> None:
    item = stage.message()
    (stage.home / "recordings").write_text("in the way: nothing can be stored below it")
    stage.worker()
    until(lambda: "the item stays in the spool" in stage.log(), "the complaint")
    assert stage.ticket(item) is None
    (stage.home / "recordings").unlink()
    until(lambda: stage.state(item) == "done", "the next scan")


def _pretend(stage: Stage, status: str, executor: str = "") -> None:
    """As if a worker elsewhere had begun or ended every job."""
    table = "workflow_status" if stage.store.database.is_sqlite else "dbos.workflow_status"
    with stage.store.database.writes() as session:
        session.execute(text(f"UPDATE {table} SET status = :status, executor_id = :executor"), {"status": status, "executor": executor})


def test_what_is_done_every_morning_is_made_up_for_when_a_worker_starts(stage: Stage) -> None:
    stage.worker()
    until((stage.home / "mornings").exists, "the reports of what is over")
