"""Citizens are told at each step, over the way they chose, and never twice of one, whoever is killed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from ivr.notices import Notices
from ivr.organisations import Organisation
from tickets import notices
from tickets.case import Cases, Said, Who
from tickets.deadlines import Rules
from tickets.intake import Intake
from tickets.intake_rules import Report
from tickets.intake_tables import Contact
from tickets.models import Ticket
from tickets.notice_tables import Notice
from tickets.notices import Teller, TellError, TellRefused, TellUnavailable, TellUnknown, opening
from tickets.store import Store

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
RULES = Rules(organisations={"city": Organisation("city", "市政府", 1)})
LAMP = "人民路12号路灯坏了三天没人修"
STAFF = Who("agent", "wang")


@dataclass
class Play:
    """A way whose fate is written beforehand; it keeps what it sent."""

    repeatable: bool = False
    fate: list[TellError] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, notice: Notice) -> None:
        if self.fate:
            raise self.fate.pop(0)
        self.sent.append((notice.address, notice.text))


@dataclass
class Desk:
    """Teller, jobs and clock of one register; jobs are done when the clock has reached them."""

    store: Store
    way: Play = field(default_factory=Play)
    moment: datetime = NOON
    waiting: list[tuple[datetime | None, str, int]] = field(default_factory=list)
    rules: Rules = RULES

    def __post_init__(self) -> None:
        self.teller = Teller(self.store, self, {"sms": self.way, "email": self.way}, lambda: self.rules, lambda: self.moment)
        self.cases = Cases(self.store.database, lambda: self.rules, lambda: self.moment)

    def notify(self, session: Session, notice_id: str, attempts: int, at: datetime | None) -> None:
        self.waiting.append((at, notice_id, attempts))

    def works(self) -> list[str]:
        """One look and every job that is due; what was sent by it."""
        before = len(self.way.sent)
        self.teller.gather()
        due = [job for job in self.waiting if job[0] is None or job[0] <= self.moment]
        self.waiting = [job for job in self.waiting if job not in due]
        for _, notice, attempts in due:
            self.teller.tell(notice, attempts)
        return [text for _, text in self.way.sent[before:]]

    def ticket(self, **more: object) -> Ticket:
        report = Report("sms", "m1", "13800001234", LAMP, phone="13800001234")
        taken = Intake(self.store, lambda: self.rules, lambda: self.moment).take(replace(report, **more))  # type: ignore[arg-type]
        assert taken.ticket
        return taken.ticket

    def notices(self) -> list[Notice]:
        with self.store.database.reads() as session:
            return list(session.query(Notice).order_by(Notice.id))


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def walk(desk: Desk, number: str) -> list[str]:
    said: list[str] = []
    for move in ("accept", "dispatch", "take_up", "reply", "complete"):
        words = {"dispatch": Said(organisation="city"), "reply": Said(reply="王先生13800001234家的灯已修")}.get(move, Said())
        desk.cases.move(number, move, STAFF, words)
        said += desk.works()
    return said


def test_each_step_is_told_once_with_number_and_step_only(desk: Desk) -> None:
    number = desk.ticket().number
    steps = ["待派单", "已派单", "办理中", "已答复", "已办结"]
    assert walk(desk, number) == [f"您的工单{number}：{step}。" for step in steps]
    assert {address for address, _ in desk.way.sent} == {"13800001234"}
    assert desk.works() == []
    assert [(row.state, row.text) for row in desk.notices()] == [("told", "")] * 5
    events = [line.event for line in desk.store.history(ticket_id=desk.store.ticket(number).id)]
    assert events.count("told") == 5


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_who_waived_it_is_told_nothing(desk: Desk) -> None:
    assert walk(desk, desk.ticket(reply_wanted=False).number) == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_chosen_way_and_language_and_the_citys_choice_of_steps(desk: Desk) -> None:
    desk.rules = replace(RULES, notices=Notices(told=("dispatched",)))
    number = desk.ticket(email="li@example.org", tell_by="email", language="en").number
    assert walk(desk, number) == [f"Your ticket {number}: dispatched."]
    assert desk.way.sent[0][0] == "li@example.org"
    assert desk.notices()[0].subject == f"12345 hotline, ticket {number}"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("caller", "told"), [("13800001234", True), ("053112345678", False), ("", False)])
def test_a_caller_is_told_at_a_mobile_telephone(desk: Desk, caller: str, told: bool) -> None:
    number = desk.store.open_draft("1.1", "complaint", "12345-1", caller, "12345", "wang").number
    desk.cases.move(number, "accept", STAFF)
    assert bool(desk.works()) is told


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_at_night_short_messages_wait_for_the_morning_and_answers_do_not(desk: Desk) -> None:
    number = desk.ticket().number
    desk.moment = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 23:00
    desk.cases.move(number, "accept", STAFF)
    with desk.store.database.writes() as session:
        notices.add(session, "answer sms m9", notices.ANSWER, Contact(ticket_id="", by="sms", channel="sms", address="1"), "已收到", desk.moment)
    assert desk.works() == ["已收到"]
    desk.moment = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)  # 07:59
    assert desk.works() == []
    desk.moment += timedelta(minutes=1)
    assert len(desk.works()) == 1


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("fate", "state", "sent"),
    [
        ([TellRefused("no such number")], "refused", 0),
        ([TellUnknown("no answer")], "unknown", 0),
        ([TellUnavailable("503"), TellUnavailable("503")], "told", 1),
        ([TellUnavailable("503")] * 200, "given_up", 0),
    ],
)
def test_what_follows_an_error_is_by_its_type(desk: Desk, fate: list[TellError], state: str, sent: int) -> None:
    desk.rules = replace(RULES, channels=replace(RULES.channels, told=()))
    number = desk.ticket().number
    desk.cases.move(number, "accept", STAFF)
    desk.way.fate = fate
    for _ in range(80):
        desk.works()
        desk.moment += timedelta(hours=1)
    (notice,) = desk.notices()
    assert (notice.state, len(desk.way.sent)) == (state, sent)
    history = desk.store.history(ticket_id=desk.store.ticket(number).id)
    assert history[-1].event == ("told" if sent else "not_told")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("repeatable", "state"), [(False, "unknown"), (True, "told")])
def test_a_worker_killed_while_it_sends(desk: Desk, repeatable: bool, state: str) -> None:
    desk.way.repeatable = repeatable
    desk.cases.move(desk.ticket().number, "accept", STAFF)
    desk.teller.gather()
    (_, notice, attempts), *_ = desk.waiting
    assert desk.teller._claim(notice, attempts)  # marked, and killed here
    desk.works()  # the job is run again
    desk.teller.tell(notice, attempts)
    assert [row.state for row in desk.notices()] == [state]
    assert len(desk.way.sent) == int(repeatable)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_job_that_runs_twice_sends_once(desk: Desk) -> None:
    desk.cases.move(desk.ticket().number, "accept", STAFF)
    desk.teller.gather()
    (_, notice, attempts), *_ = desk.waiting
    desk.teller.tell(notice, attempts)
    desk.teller.tell(notice, attempts)
    assert len(desk.way.sent) == 1


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_without_a_way_it_says_so_and_does_not_wait_for_ever(store: Store) -> None:
    desk = Desk(store)
    desk.teller = replace(desk.teller, ways={})
    desk.cases.move(desk.ticket().number, "accept", STAFF)
    desk.works()
    assert [row.state for row in desk.notices()] == ["no_way"]


def test_the_next_opening() -> None:
    told = RULES.channels.told
    assert opening(told, NOON) == NOON
    assert opening(told, datetime(2026, 11, 23, 13, 0, tzinfo=UTC)) == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    assert opening((), datetime(2026, 11, 23, 18, 0, tzinfo=UTC)).hour == 18
