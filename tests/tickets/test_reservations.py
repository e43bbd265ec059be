"""Numbers told before the beep: each once, each a ticket or void with a reason, whoever is killed and whatever is down."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.tickets.stage import CALL, speak
from tickets.adopt import Adoption
from tickets.life import now
from tickets.models import Ticket
from tickets.number_pool import NumberPool, Told, day_of
from tickets.progress import Asker, Progress, Standing
from tickets.progress_tables import POOLED, USED, VOID, Reservation
from tickets.reservations import Reserving
from tickets.spool import Spool
from tickets.store import Store

KEY = b"a key that is not in the database"
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


class Play:
    def __init__(self, home: Path, store: Store) -> None:
        self.home, self.store, self.spool = home, store, Spool(home / "spool")
        self.pool = NumberPool.of(self.spool.root)
        self.reserving = Reserving(store.database, self.pool, KEY)

    def message(self, number: str, seconds: float = 1.0) -> Ticket:
        item = self.spool.open("voicemail", {**CALL, "number": number})
        if seconds:
            speak(self.spool.media(item), seconds)
        self.spool.close(item.item, hangup=True)
        return Adoption(self.home, self.spool, self.store).adopt(self.spool.waiting()[0])

    def states(self) -> dict[str, str]:
        with self.store.database.reads() as session:
            return {row.number: row.state for row in session.query(Reservation).all()}

    def row(self, number: str) -> Reservation:
        with self.store.database.reads() as session:
            return session.get_one(Reservation, number)


@pytest.fixture
def play(store: Store, tmp_path: Path) -> Play:
    return Play(tmp_path, store)


def test_what_a_caller_was_told_is_their_tickets_number_and_opens_it(play: Play) -> None:
    number = play.reserving.one_more(now())
    told = play.pool.take("call-1")
    assert told and told.number == number
    ticket = play.message(told.number)
    assert ticket.number == number
    assert play.states() == {number: USED}
    assert isinstance(Progress(play.store.database, KEY).check(number, told.pin, Asker("phone", "1")), Standing)
    assert play.row(number).hash == ""


@ON_SQLITE
def test_whoever_hangs_up_before_speaking_leaves_a_ticket_all_the_same(play: Play) -> None:
    number = play.reserving.one_more(now())
    ticket = play.message(number, seconds=0)
    assert (ticket.number, ticket.transcript_state) == (number, "no_speech")


@ON_SQLITE
def test_a_number_is_told_once_however_many_take_at_once(play: Play) -> None:
    made = {play.reserving.one_more(now()) for _ in range(8)}
    found: list[Told | None] = []
    takers = [threading.Thread(target=lambda n=n: found.append(play.pool.take(f"call-{n}"))) for n in range(12)]  # type: ignore[misc]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join(20)
    assert sorted(told.number for told in found if told) == sorted(made)
    assert found.count(None) == 4


@ON_SQLITE
def test_one_number_is_not_the_ticket_of_two_messages(play: Play) -> None:
    number = play.reserving.one_more(now())
    first, second = play.message(number), play.message(number)
    assert first.number == number != second.number
    assert [line.detail.get("told") for line in play.store.history(ticket_id=second.id)] == [number]


@ON_SQLITE
def test_a_number_that_nobody_reserved_is_not_taken_from_the_spool(play: Play) -> None:
    ticket = play.message("20260101-000001")
    assert ticket.number != "20260101-000001"
    assert play.store.history(ticket_id=ticket.id)[0].detail["told"] == "20260101-000001"


@ON_SQLITE
def test_the_pin_is_gone_from_the_disk_once_it_was_told_and_others_cannot_read_it_before(play: Play) -> None:
    number = play.reserving.one_more(now())
    assert (play.pool.root / number).stat().st_mode & 0o077 == 0
    told = play.pool.take("call-1")
    assert told
    for path in play.pool.root.rglob("*"):
        assert not path.is_file() or told.pin not in path.read_text()


@ON_SQLITE
def test_todays_numbers_are_told_first_and_tomorrows_not_before_tomorrow(play: Play) -> None:
    noon = datetime.fromisoformat("2026-11-22T12:00:00+08:00")
    tomorrow = play.reserving.one_more(noon + timedelta(days=1))
    yesterday, today = play.reserving.one_more(noon - timedelta(days=1)), play.reserving.one_more(noon)
    assert [told.number for told in iter(lambda: play.pool.take("c", noon.timestamp()), None) if told] == [today, yesterday]
    assert play.pool.waiting() == [tomorrow]


@ON_SQLITE
def test_what_came_to_nothing_is_void_with_a_reason_and_nothing_else_is(play: Play) -> None:
    at = now()
    told, lies, today = play.reserving.one_more(at - timedelta(days=2)), play.reserving.one_more(at - timedelta(days=2)), play.reserving.one_more(at)
    taken = play.pool.take("c", (at - timedelta(days=2)).timestamp())
    assert taken and taken.number == told
    play.reserving.tidy(at)
    assert play.states() == {told: POOLED, lies: VOID, today: POOLED}, "the message may still be spoken"
    assert "its day is over" in play.row(lies).reason
    play.reserving.tidy(at + timedelta(hours=25))
    assert play.states()[told] == VOID and "no message came of it" in play.row(told).reason


@ON_SQLITE
def test_a_number_of_a_database_that_is_no_more_is_told_to_nobody(play: Play) -> None:
    play.pool.put("20260101-000009", "123457")
    play.reserving.tidy(now())
    assert play.pool.take("c") is None


@ON_SQLITE
def test_killed_between_row_and_file_the_number_is_void_in_the_end(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(_number: str, _pin: str) -> None:
        raise OSError("killed")

    monkeypatch.setattr(NumberPool, "put", lambda self, number, pin: dies(number, pin))
    with pytest.raises(OSError, match="killed"):
        play.reserving.one_more(now())
    monkeypatch.undo()
    [number] = play.states()
    play.reserving.tidy(now() + timedelta(days=2))
    assert play.states() == {number: VOID}
    assert play.store.backlog().tickets == 0, "a number that is no ticket is not counted as one"


def test_reserved_and_other_numbers_come_from_one_counter(play: Play) -> None:
    reserved = play.reserving.one_more(now())
    play.store.open_draft("1.1", "", "", "", "", "1001")
    [ticket] = play.store.tickets()
    assert int(ticket.number[9:]) == int(reserved[9:]) + 1
    assert ticket.number[:8] == day_of(now().timestamp())
