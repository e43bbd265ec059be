"""Every channel but the telephone comes in one way: what is missing is asked for, what is said twice is found again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tickets.case import Cases, Said, Who
from tickets.deadlines import Rules
from tickets.intake import Intake, Taken
from tickets.intake_rules import IntakeRefused, Report
from tickets.intake_tables import Arrival, Contact
from tickets.models import Ticket
from tickets.store import Store

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # the dialects differ in tests/tickets/test_notices.py
LAMP = "人民路12号路灯坏了三天没人修"


class Sender:
    """Somebody who writes by one channel."""

    def __init__(self, intake: Intake, channel: str, sender: str) -> None:
        self.intake, self.channel, self.sender, self.sent = intake, channel, sender, 0

    def writes(self, text: str, **more: object) -> Taken:
        self.sent += 1
        phone = self.sender if self.channel == "sms" else ""
        report = Report(self.channel, f"{self.sender}-{self.sent}", self.sender, text, phone=phone)
        return self.intake.take(replace(report, **more))  # type: ignore[arg-type]


class Clock:
    moment = NOON

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sender(store: Store, clock: Clock) -> Callable[..., Sender]:
    intake = Intake(store, clock=clock)
    return lambda channel, name="13800001234": Sender(intake, channel, name)


def tickets(store: Store) -> list[Ticket]:
    return list(store.tickets())


def events(store: Store, ticket: Ticket) -> list[str]:
    return [line.event for line in store.history(ticket_id=ticket.id)]


@pytest.mark.parametrize("channel", ["sms", "email", "web", "app", "wechat", "weibo", "qq"])
def test_every_channel_has_one_numbering_and_one_answer(store: Store, sender: Callable[..., Sender], channel: str) -> None:
    taken = sender(channel).writes(LAMP)
    (ticket,) = tickets(store)
    assert (taken.outcome, ticket.channel, ticket.place, ticket.transcript) == ("created", channel, "人民路12号", LAMP)
    assert ticket.number in taken.answer and "已收到" in taken.answer
    assert events(store, ticket) == ["received"]
    assert [delivery.ticket_id for delivery in store.outbox.waiting()] == [ticket.id]


def test_a_short_message_without_place_is_asked_for_it_and_its_answer_completes_it(store: Store, sender: Callable[..., Sender]) -> None:
    citizen = sender("sms")
    asked = citizen.writes("路灯坏了三天没人修")
    assert (asked.outcome, asked.missing, tickets(store)) == ("asked", "place", [])
    assert "地点" in asked.answer
    done = citizen.writes("老火车站门口")
    (ticket,) = tickets(store)
    assert (done.outcome, ticket.transcript, ticket.place) == ("created", "路灯坏了三天没人修", "老火车站门口")
    assert citizen.writes("建设路8号井盖丢了").outcome == "created"  # nothing of the first one is left


def test_a_short_message_without_content_is_asked_for_it(store: Store, sender: Callable[..., Sender]) -> None:
    citizen = sender("sms")
    assert citizen.writes("人民路12号").missing == "text"
    assert citizen.writes("路灯坏了").outcome == "created"
    assert tickets(store)[0].transcript == "人民路12号\n路灯坏了"
    assert tickets(store)[0].place == "人民路12号"


def test_what_was_asked_is_forgotten_after_a_day_and_is_each_senders_own(store: Store, sender: Callable[..., Sender], clock: Clock) -> None:
    assert sender("sms").writes("路灯坏了").missing == "place"
    assert sender("sms", "13900005678").writes("大柳树那边很黑").missing == "place"
    clock.moment += timedelta(hours=25)
    late = sender("sms")
    late.sent = 5
    assert late.writes("大柳树那边很黑").missing == "place"
    assert tickets(store) == []


@pytest.mark.parametrize(("length", "advised"), [(150, False), (151, True), (2000, True)])
def test_a_long_message_is_advised_and_nothing_is_cut(store: Store, sender: Callable[..., Sender], length: int, advised: bool) -> None:
    text = ("人民路12号路灯坏了" + "很黑" * length)[:length]
    taken = sender("sms").writes(text)
    assert (f"您本次{length}字" in taken.answer) is advised
    assert tickets(store)[0].transcript == text


def test_progress_by_short_message_is_refused_with_where_to_ask(store: Store, sender: Callable[..., Sender]) -> None:
    citizen = sender("sms")
    number = citizen.writes(LAMP).ticket.number  # type: ignore[union-attr]
    for question in (f"{number}办得怎么样了", "查询进度"):
        said = citizen.writes(question)
        assert (said.outcome, said.ticket) == ("progress", None)
        assert "12345" in said.answer and number not in said.answer
    assert events(store, tickets(store)[0]) == ["received"]


def test_a_ticket_number_is_nobodys_key(store: Store, sender: Callable[..., Sender]) -> None:
    number = sender("wechat", "openid-1").writes(LAMP).ticket.number  # type: ignore[union-attr]
    assert sender("wechat", "openid-1").intake.take(Report("wechat", "n", "openid-1", f"{number} 又坏了一盏")).outcome == "added"
    stranger = sender("wechat", "openid-2").writes(f"{number} 又坏了一盏")
    assert (stranger.outcome, len(tickets(store))) == ("created", 2)
    claims = sender("wechat", "openid-3").writes(LAMP, phone="13800001234")
    again = sender("wechat", "openid-4").writes(LAMP, phone="13800001234")  # a number that was only typed in
    assert (claims.outcome, again.outcome) == ("created", "created")
    assert again.ticket and claims.ticket and again.ticket.repeat_of == claims.ticket.number


def test_the_same_message_twice_is_one_and_its_id_is_no_other_messages(store: Store, sender: Callable[..., Sender]) -> None:
    report = Report("app", "m-1", "user-1", LAMP)
    intake = sender("app").intake
    first, again = intake.take(report), intake.take(report)
    assert (again.again, again.answer, again.ticket and again.ticket.id) == (True, first.answer, first.ticket and first.ticket.id)
    with pytest.raises(IntakeRefused, match="another message"):
        intake.take(replace(report, text="别的事"))
    assert len(tickets(store)) == 1


def test_the_same_matter_finds_its_ticket_and_every_message_is_kept(store: Store, sender: Callable[..., Sender]) -> None:
    citizen = sender("sms")
    number = citizen.writes(LAMP).ticket.number  # type: ignore[union-attr]
    Cases(store.database).move(number, "accept", Who("agent", "wang"))
    again = citizen.writes("人民路12号的路灯坏了三天还没人修")
    assert (again.outcome, again.ticket and again.ticket.number) == ("repeated", number)
    assert "待派单" in again.answer
    assert citizen.writes("人民路21号路灯坏了三天没人修").outcome == "created"
    first = store.ticket(number)
    assert (first.repeats, events(store, first)) == (1, ["received", "moved", "repeated"])
    with store.database.reads() as session:
        assert [row.outcome for row in session.query(Arrival).order_by(Arrival.id)] == ["created", "repeated", "created"]


def test_what_is_over_does_not_swallow_the_matter(store: Store, sender: Callable[..., Sender]) -> None:
    citizen, cases = sender("sms"), Cases(store.database)
    number = citizen.writes(LAMP).ticket.number  # type: ignore[union-attr]
    cases.move(number, "answer", Who("agent", "wang"), Said(reply="已修"))
    again = citizen.writes(LAMP)
    assert again.ticket and (again.outcome, again.ticket.repeat_of) == ("created", number)
    assert events(store, store.ticket(number))[-1] == "repeated"


def test_our_own_message_that_comes_back_is_answered_by_nobody(store: Store, sender: Callable[..., Sender]) -> None:
    echo = sender("sms").writes("【12345热线】您的诉求已收到，工单号20261122-000001。")
    assert (echo.outcome, echo.answer, tickets(store)) == ("echo", "", [])


def test_a_flood_by_one_number_is_told_once_and_then_nothing(store: Store, sender: Callable[..., Sender], clock: Clock) -> None:
    citizen = sender("sms")
    said = [citizen.writes("路灯坏了") for _ in range(23)]
    assert [one.outcome for one in said] == ["asked"] * 20 + ["many"] * 3
    assert [bool(one.answer) for one in said[20:]] == [True, False, False]
    assert sender("sms", "13900005678").writes(LAMP).outcome == "created"
    clock.moment += timedelta(hours=1)
    assert citizen.writes(LAMP).outcome == "created"


@pytest.mark.parametrize(("clock_time", "queued"), [("06:59", True), ("07:00", False), ("21:59", False), ("22:00", True)])
def test_qq_outside_its_hours_is_queued_with_a_notice(sender: Callable[..., Sender], clock: Clock, clock_time: str, queued: bool) -> None:
    hour, minute = map(int, clock_time.split(":"))
    clock.moment = datetime(2026, 11, 22, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    taken = sender("qq").writes(LAMP)
    assert taken.outcome == "created"
    assert ("07:00-22:00" in taken.answer) is queued


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"channel": "telegram"}, "channel"), ({"channel": "voice"}, "channel"), ({"message_id": ""}, "message_id"), ({"message_id": "a\nb"}, "message_id"),
        ({"sender": " x"}, "sender"), ({"text": "字" * 20_001}, "text"), ({"phone": "letters"}, "phone"), ({"email": "a@b\r\nBcc: c@d.e"}, "email"),
        ({"type": "rumour"}, "type"), ({"category": "<b>"}, "category"), ({"tell_by": "sms"}, "tell_by"), ({"language": "xx"}, "language"),
        ({"place": "路" * 201}, "place"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_taken(store: Store, sender: Callable[..., Sender], wrong: dict[str, str], field: str) -> None:
    with pytest.raises(IntakeRefused) as refused:
        sender("app").intake.take(replace(Report("app", "m", "u", LAMP), **wrong))  # type: ignore[arg-type]
    assert refused.value.field == field
    assert tickets(store) == []


def test_hostile_letters_do_not_reach_the_register(store: Store, sender: Callable[..., Sender]) -> None:
    sender("app").writes("人民路12号\x00'; DROP TABLE tickets;--\u202e<script>\r\n\x1b[2J路灯坏了", sender_name="王\r\nBcc: x")
    assert tickets(store)[0].transcript == "人民路12号'; DROP TABLE tickets;--<script>\n[2J路灯坏了"
    assert tickets(store)[0].caller_name == "王 Bcc: x"


def test_how_they_are_told(store: Store, sender: Callable[..., Sender]) -> None:
    sender("sms").writes(LAMP)
    sender("wechat", "openid").writes(LAMP)
    sender("app", "u1").writes(LAMP, phone="+86 138 0000 1234", tell_by="sms")
    sender("app", "u2").writes(LAMP, reply_wanted=False)
    with store.database.reads() as session:
        found = {(row.by, row.channel, row.address) for row in session.query(Contact)}
    assert found == {("sms", "sms", "13800001234"), ("pull", "wechat", "openid"), ("sms", "app", "13800001234")}


def test_a_new_ticket_has_a_pin_that_is_kept_nowhere(store: Store) -> None:
    intake = Intake(store, rules=Rules, pin_key=b"k" * 32)
    taken = intake.take(Report("web", "1", "s", LAMP))
    assert len(taken.pin) == 6 and taken.pin not in taken.answer
    again = intake.take(Report("web", "1", "s", LAMP))
    assert (again.pin, again.again) == ("", True)
