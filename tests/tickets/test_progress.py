"""A citizen asks with number and PIN: told where it stands, told nothing after too many tries, whoever they say they are."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from tests.tickets.test_moves import MONDAY, Clock
from tickets import pins
from tickets.case import Cases, Who
from tickets.case_edits import Edits
from tickets.models import Ticket
from tickets.progress import LOCK, LOCKED, ON_ONE_TICKET, RESTRICTED, WRONG, Asker, Progress, Refused, Standing, tidied
from tickets.progress_tables import Pin, Tried
from tickets.store import NoSuchTicket, Store

KEY = b"a key that is not in the database"
ME = Asker("phone", "13800001234")
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture
def ticket(store: Store) -> Ticket:
    store.open_draft("1.1", "complaint", "12345-1-1", "13800001234", "12345", "1001")
    ticket = store.finish_draft("1.1")
    assert ticket
    return ticket


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(store: Store, clock: Clock) -> Progress:
    return Progress(store.database, KEY, clock)


def wrong(pin: str, times: int = 1) -> str:
    """Another PIN."""
    return str((int(pin) - 100000 + times) % 900000 + 100000)


def test_number_and_pin_tell_the_stage_and_until_when(desk: Progress, ticket: Ticket, store: Store) -> None:
    pin = desk.issue_pin(ticket.number)
    typed = ticket.number.replace("-", "")
    told = desk.check(typed, pin, ME)
    assert told == Standing(ticket.number, "pending", "待受理", ticket.began_at, None)
    assert store.history(ticket_id=ticket.id)[-1].event == "pin_issued"
    assert store.history(ticket_id=ticket.id)[-1].detail == {}


@ON_SQLITE
def test_the_pin_is_nowhere_in_the_database_and_a_copy_of_the_rows_does_not_open(desk: Progress, ticket: Ticket, store: Store) -> None:
    pin = desk.issue_pin(ticket.number)
    with store.database.reads() as session:
        kept = session.get_one(Pin, ticket.id).hash
    assert pin not in kept and kept.startswith("scrypt$")
    assert pins.matches(pin, KEY, kept)
    assert not pins.matches(pin, b"another key, of whoever has a copy", kept)


@ON_SQLITE
def test_a_new_pin_ends_the_old_one(desk: Progress, ticket: Ticket) -> None:
    old = desk.issue_pin(ticket.number)
    new = desk.issue_pin(ticket.id)
    assert desk.check(ticket.number, old, ME) == Refused(WRONG)
    assert isinstance(desk.check(ticket.number, new, ME), Standing)


@ON_SQLITE
def test_a_wrong_number_and_a_wrong_pin_are_told_alike(desk: Progress, ticket: Ticket) -> None:
    pin = desk.issue_pin(ticket.number)
    for number, tried in ((ticket.number, wrong(pin)), ("20260101-000001", pin), ("' OR 1=1 --", pin), (ticket.number, ""), (ticket.number, "１２３４５６")):
        assert desk.check(number, tried, ME) == Refused(WRONG)


@ON_SQLITE
def test_a_ticket_without_a_pin_is_told_to_nobody(desk: Progress, ticket: Ticket) -> None:
    assert desk.check(ticket.number, "123456", ME) == Refused(WRONG)


@ON_SQLITE
def test_tries_are_counted_by_ticket_whoever_calls_and_the_lock_ends(desk: Progress, ticket: Ticket, clock: Clock) -> None:
    pin = desk.issue_pin(ticket.number)
    for caller in range(ON_ONE_TICKET):
        assert desk.check(ticket.number, wrong(pin), Asker("phone", f"1390000000{caller}")) == Refused(WRONG)
    assert desk.check(ticket.number, pin, ME) == Refused(LOCKED, MONDAY + LOCK)
    clock.moment = MONDAY + LOCK + timedelta(seconds=1)
    assert isinstance(desk.check(ticket.number, pin, ME), Standing)


@ON_SQLITE
def test_a_number_that_does_not_exist_is_locked_just_so(desk: Progress) -> None:
    for caller in range(ON_ONE_TICKET):
        assert desk.check("20260101-000001", "123457", Asker("web", f"192.0.2.{caller}")) == Refused(WRONG)
    assert desk.check("20260101-000001", "123457", ME) == Refused(LOCKED, MONDAY + LOCK)


@ON_SQLITE
def test_each_lock_in_a_row_lasts_longer_and_a_right_pin_ends_the_row(desk: Progress, ticket: Ticket, clock: Clock) -> None:
    pin = desk.issue_pin(ticket.number)
    for lasts in (LOCK, 2 * LOCK, 4 * LOCK):
        begins = clock.moment
        for caller in range(ON_ONE_TICKET):
            desk.check(ticket.number, wrong(pin), Asker("phone", f"{begins:%H%M}{caller}"))
        assert desk.check(ticket.number, pin, ME) == Refused(LOCKED, begins + lasts)
        clock.moment = begins + lasts + timedelta(seconds=1)
    assert isinstance(desk.check(ticket.number, pin, ME), Standing)
    begins = clock.moment
    for caller in range(ON_ONE_TICKET):
        desk.check(ticket.number, wrong(pin), Asker("phone", f"again {caller}"))
    assert desk.check(ticket.number, pin, ME) == Refused(LOCKED, begins + LOCK)


@ON_SQLITE
def test_tries_are_counted_by_caller_over_all_tickets_and_their_own_ticket_does_not_help(desk: Progress, ticket: Ticket, clock: Clock) -> None:
    pin = desk.issue_pin(ticket.number)
    for number in range(10):
        assert desk.check(f"20260101-{number:06}", "123457", ME) == Refused(WRONG)
        if number < 9:
            assert isinstance(desk.check(ticket.number, pin, ME), Standing)
    assert desk.check(ticket.number, pin, ME) == Refused(LOCKED, MONDAY + LOCK)
    assert isinstance(desk.check(ticket.number, pin, Asker("phone", "13900000000")), Standing)


@ON_SQLITE
def test_a_right_pin_at_the_last_try_is_no_wrong_one(desk: Progress, ticket: Ticket) -> None:
    pin = desk.issue_pin(ticket.number)
    for _ in range(ON_ONE_TICKET - 1):
        desk.check(ticket.number, wrong(pin), ME)
    assert isinstance(desk.check(ticket.number, pin, ME), Standing)
    assert desk.check(ticket.number, wrong(pin), ME) == Refused(WRONG)


@ON_SQLITE
def test_a_confidential_ticket_is_told_to_nobody_but_only_the_right_pin_learns_so(desk: Progress, ticket: Ticket, store: Store) -> None:
    pin = desk.issue_pin(ticket.number)
    Edits(Cases(store.database)).edit(ticket.number, Who("agent", "a"), {"confidential": True})
    assert desk.check(ticket.number, wrong(pin), ME) == Refused(WRONG)
    assert desk.check(ticket.number, pin, ME) == Refused(RESTRICTED)


def test_many_at_once_have_no_more_tries_than_one(desk: Progress, ticket: Ticket) -> None:
    pin, told = desk.issue_pin(ticket.number), list[object]()
    askers = [
        threading.Thread(target=lambda n=n: told.append(desk.check(ticket.number, wrong(pin, n + 1), Asker("web", f"192.0.2.{n}"))))  # type: ignore[misc]
        for n in range(12)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(30)
    assert told.count(Refused(WRONG)) == ON_ONE_TICKET
    assert len([one for one in told if one != Refused(WRONG)]) == 12 - ON_ONE_TICKET


@ON_SQLITE
def test_who_tried_is_not_readable_in_the_rows_and_old_tries_go(desk: Progress, store: Store, clock: Clock) -> None:
    desk.check("20260101-000001", "123457", ME)
    with store.database.reads() as session:
        rows = session.query(Tried).all()
    assert len(rows) == 2 and not any("138" in row.subject and len(row.subject) != 64 for row in rows)
    clock.moment = MONDAY + timedelta(days=3)
    assert desk.forget_old() == 2


@ON_SQLITE
def test_no_ticket_no_pin(desk: Progress) -> None:
    with pytest.raises(NoSuchTicket):
        desk.issue_pin("20260101-000001")
    with pytest.raises(ValueError, match="16 bytes"):
        Progress(desk.database, b"short")


def test_what_is_typed_is_one_number_however_it_is_typed() -> None:
    assert {tidied(typed) for typed in ("20261122000001", "20261122-000001", " 2026 1122 000001 ")} == {"20261122-000001"}
    assert len(tidied("9" * 10_000)) <= 40


def test_pins_are_six_digits_without_a_leading_zero_and_not_what_everybody_tries() -> None:
    made = {pins.new() for _ in range(2000)}
    assert all(pins.PIN.fullmatch(pin) for pin in made)
    assert len(made) > 1900
    assert not made & {"111111", "123456", "654321"}
