"""Return visits as rows: one a ticket and round, never two calls to one person, and what was said moves the ticket once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ivr.revisits import Revisits
from tests.tickets.test_moves import MONDAY, RULES, Clock
from tickets import revisit_book, revisit_words, revisits
from tickets.case import Cases, Said, Who
from tickets.case_edits import Edits
from tickets.models import Ticket
from tickets.rates import Rates, Visit, rates
from tickets.revisit_tables import Revisit
from tickets.revisits import Line
from tickets.store import Store

RULE = Revisits(enabled=True, after_minutes=60, again_minutes=(30, 240))
STAFF = Who("supervisor", "s")
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


class Play:
    def __init__(self, store: Store) -> None:
        self.store, self.clock = store, Clock()
        self.cases = Cases(store.database, lambda: RULES, self.clock)
        self.allows: Callable[[str], bool] = lambda number: number.startswith("1")

    def answered(self, caller: str = "13800001234", **edits: Any) -> Ticket:
        """A matter that was answered at once."""
        linkedid = f"{caller}.{self.store.last_event()}"
        self.store.open_draft(linkedid, "complaint", "12345-1-1", caller, "12345", "1001")
        ticket = self.store.finish_draft(linkedid)
        assert ticket
        if edits:
            Edits(self.cases).edit(ticket.number, STAFF, edits)
        return self.cases.move(ticket.number, "answer", STAFF, Said(reply="好的"))

    def gather(self) -> int:
        return revisits.gather(self.cases, RULE, self.allows)

    def due(self, room: int = 5) -> list[str]:
        return [call.ticket for call in revisits.due(self.cases, room)]

    def later(self, minutes: int) -> None:
        self.clock.moment += timedelta(minutes=minutes)

    def log(self, ticket: Ticket, *lines: str) -> Revisit:
        """What Asterisk writes: `dial`, `unreached NOANSWER`, `said revisit-1 revisit-1-3 hangup`."""
        visit = self.of(ticket)
        told = [Line(self.clock(), (visit.id, *line.split(" "))) for line in lines]
        with self.store.database.writes() as session:
            revisits.follow(session, told, {}, RULE)
        revisits.settle(self.cases)
        return self.of(ticket)

    def of(self, ticket: Ticket) -> Revisit:
        with self.store.database.reads() as session:
            return session.query(Revisit).where(Revisit.ticket_id == ticket.id).order_by(Revisit.round.desc()).first()  # type: ignore[return-value]

    def stage(self, ticket: Ticket) -> str:
        return self.store.ticket(ticket.number).stage


@pytest.fixture
def play(store: Store) -> Play:
    return Play(store)


def test_an_hour_after_completion_it_is_due_and_stands_as_to_be_visited(play: Play) -> None:
    ticket = play.answered()
    assert play.gather() == 1 and play.gather() == 0
    assert play.stage(ticket) == "to_revisit"
    assert play.due() == []
    play.later(61)
    assert play.due() == [ticket.number]
    assert play.due() == [], "it is being called"


def test_not_satisfied_reopens_with_a_reason(play: Play) -> None:
    ticket = play.answered()
    play.gather()
    visit = play.log(ticket, "dial", "talks", "said revisit-3-3 revisit-3-3-8 voicemail")
    assert (visit.state, visit.solved, visit.satisfied, visit.settled) == ("done", "no", "dissatisfied", True)
    assert play.stage(ticket) == "dispatched"
    moves = [line.detail["move"] for line in play.store.history(ticket_id=ticket.id) if line.event == "moved"]
    assert moves == ["answer", "revisit", "rate", "reopen"]
    play.log(ticket, "said revisit-3-3 revisit-3-3-8 voicemail")
    assert revisits.settle(play.cases) == 0 and play.store.ticket(ticket.number).reopened == 1, "the same lines again move nothing"


@ON_SQLITE
def test_what_was_said_before_hanging_up_counts(play: Play) -> None:
    ticket = play.answered()
    play.gather()
    visit = play.log(ticket, "dial", "talks", "said revisit-1-1  ")
    assert (visit.solved, visit.satisfied, play.stage(ticket)) == ("yes", "satisfied", "rated")


@ON_SQLITE
@pytest.mark.parametrize(
    ("said", "state", "reason", "stage"),
    [
        ("said revisit revisit-9 hangup", "done", "would not be asked", "rated"),
        ("said revisit  ", "done", "would not be asked", "rated"),
        ("said revisit-1 revisit-quiet hangup", "done", "hung up before saying how satisfied", "rated"),
        ("said revisit-3 revisit-quiet hangup", "task", "not solved, and said no more", "to_revisit"),
        ("said revisit-3 revisit-3-9 hangup", "task", "not solved, and said no more", "to_revisit"),
        ("said revisit-1 revisit-1-9 hangup", "done", "would not be asked", "rated"),
        ("said revisit-1 revisit-1-0 queue", "task", "asked for a person", "to_revisit"),
        ("said revisit revisit-quiet hangup", "waiting", "no key was pressed", "to_revisit"),
        ("unreached NUMBER", "task", "this number may not be called", "to_revisit"),
    ],
)
def test_every_other_end(play: Play, said: str, state: str, reason: str, stage: str) -> None:
    ticket = play.answered()
    play.gather()
    visit = play.log(ticket, "dial", "talks", said)
    assert (visit.state, visit.reason, play.stage(ticket)) == (state, reason, stage)


def test_nobody_there_is_called_again_at_set_times_and_then_a_person_asks(play: Play) -> None:
    ticket = play.answered()
    play.gather()
    play.later(61)
    for pause in (30, 240):
        assert play.due() == [ticket.number]
        play.log(ticket, "dial", "unreached NOANSWER")
        play.later(pause - 1)
        assert play.due() == []
        play.later(2)
    assert play.due() == [ticket.number]
    visit = play.log(ticket, "dial", "unreached BUSY")
    assert (visit.state, visit.reason) == ("task", "not reached in 3 tries, at last: busy")
    play.cases.move(ticket.number, "rate", STAFF, Said(rating="fair"))
    revisits.settle(play.cases)
    assert (play.of(ticket).state, play.of(ticket).satisfied) == ("done", "fair")


@ON_SQLITE
def test_one_telephone_is_called_once_at_a_time_and_no_more_lines_are_taken_than_there_are(play: Play) -> None:
    first, second, other = play.answered(), play.answered(), play.answered("13900000000")
    play.gather()
    play.later(61)
    assert play.due(1) == [first.number]
    assert play.due(2) == [other.number], "the second matter of the first caller waits"
    play.log(first, "dial", "talks", "said revisit-1-1  ")
    assert play.due() == [second.number]


@ON_SQLITE
@pytest.mark.parametrize(
    ("edits", "caller", "reason"),
    [
        ({"confidential": True}, "13800001234", "the ticket is confidential"),
        ({"reply_wanted": False}, "13800001234", "they want no reply"),
        ({}, "", "no number is known"),
        ({}, "0086105551234", "this number may not be called"),
    ],
)
def test_whom_the_hotline_does_not_call_by_itself(play: Play, edits: dict[str, Any], caller: str, reason: str) -> None:
    ticket = play.answered(caller, **edits)
    play.gather()
    play.later(61)
    assert play.due() == []
    assert (play.of(ticket).state, play.of(ticket).reason) == ("task", reason)


@ON_SQLITE
def test_a_call_whose_end_was_not_written_is_a_try_and_comes_again(play: Play) -> None:
    ticket = play.answered()
    play.gather()
    play.later(61)
    play.due()
    play.log(ticket, "dial")
    revisits.lost(play.store.database, frozenset((play.of(ticket).id,)), RULE, play.clock() + timedelta(minutes=5))
    assert play.of(ticket).state == "dialling", "its leg stands"
    revisits.lost(play.store.database, frozenset(), RULE, play.clock() + timedelta(minutes=5))
    assert (play.of(ticket).state, play.of(ticket).tries) == ("waiting", 1)


@ON_SQLITE
def test_killed_between_move_and_row_the_visit_is_made_all_the_same(play: Play) -> None:
    ticket = play.answered()
    play.cases.move(ticket.number, "revisit", STAFF)
    assert play.gather() == 1 and play.of(ticket).state == "waiting"


@ON_SQLITE
def test_a_person_who_was_quicker_is_not_overruled(play: Play) -> None:
    ticket = play.answered()
    play.gather()
    play.cases.move(ticket.number, "rate", STAFF, Said(rating="satisfied"))
    play.later(61)
    assert play.due() == [] and play.of(ticket).state == "done"
    assert play.stage(ticket) == "rated"


@ON_SQLITE
def test_each_round_has_its_own_visit(play: Play) -> None:
    ticket = play.answered()
    play.gather()
    play.log(ticket, "dial", "talks", "said revisit-3-3  ")
    for move, said in (("take_up", Said()), ("reply", Said(reply="已修好")), ("complete", Said())):
        play.cases.move(ticket.number, move, STAFF, said)
    assert play.gather() == 1
    assert (play.of(ticket).round, play.of(ticket).in_time) == (1, True)


@ON_SQLITE
def test_what_was_spoken_is_a_note_with_its_recording(play: Play) -> None:
    ticket = play.answered()
    play.gather()
    visit = play.of(ticket)
    for _ in range(2):
        attached = revisit_words.attach(play.store.database, visit.id, "recordings/x.wav", 2.0, play.clock())
        assert attached and attached.id == ticket.id
    assert revisit_words.attach(play.store.database, visit.id, "recordings/another.wav", 2.0, play.clock()) is None
    assert revisit_words.begin_words(play.store.database) == (visit.id, "recordings/x.wav")
    revisit_words.words(play.store.database, visit.id, "还是很吵", play.clock())
    assert revisit_words.begin_words(play.store.database) is None
    assert [note.text for note in Edits(play.cases).notes(ticket.number)][-1].endswith("还是很吵")  # type: ignore[union-attr]
    assert [line.event for line in play.store.history(ticket_id=ticket.id)].count("revisit_message") == 1


def test_the_three_rates_leave_out_what_was_not_said() -> None:
    visits = [Visit(True, "yes", "satisfied"), Visit(True, "partly", "fair"), Visit(False, "no", "dissatisfied"), Visit(None, "", ""), Visit(True, "yes", "")]
    assert rates(visits) == Rates(5, 0.75, 4, 0.5, 4, 2 / 3, 3)
    assert rates([]) == Rates(0, None, 0, None, 0, None, 0)


@ON_SQLITE
def test_rates_of_a_time(play: Play) -> None:
    ticket = play.answered()
    play.gather()
    play.log(ticket, "dial", "talks", "said revisit-1-2  ")
    found = revisit_book.rates_of(play.store.database, MONDAY - timedelta(days=1), MONDAY + timedelta(days=1))
    assert (found.response, found.solution, found.satisfaction) == (1.0, 1.0, 1.0)
    assert revisit_book.rates_of(play.store.database, MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)).visits == 0
