"""When an alarm begins and ends, told with a clock of the test's own; rates beside the figures they come from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.alarming import Limits
from queues.alarms import Alarm, Board, Change, Kind, Late, NoSuchAlarm, Paused, QueueNow, Rate, Reading, Surge

LIMITS = Limits()
START = 1_000_000.0


class Story:
    """A board and its clock: `at` seconds after the beginning something is known."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.board, self.limits = Board(), limits

    def at(self, seconds: float, **known: object) -> list[str]:
        changes = self.board.look(Reading(START + seconds, **known), self.limits)  # type: ignore[arg-type]
        return [f"{'+' if change.raised else '-'}{change.alarm.key}" for change in changes]

    @property
    def on(self) -> list[str]:
        return sorted(self.board.alarms)


def queue(logged_in: int = 1, oldest: float | None = None) -> dict[str, object]:
    return {"queues": (QueueNow("tax", logged_in, None if oldest is None else START + oldest),)}


def test_a_queue_with_nobody_in_it() -> None:
    story = Story()
    assert story.at(0, **queue(0)) == []
    assert story.at(9, **queue(0)) == [], "somebody may only be changing phones"
    assert story.at(10, **queue(0)) == ["+nobody:tax"]
    assert story.board.alarms["nobody:tax"].since == START, "since it began, not since it was told"
    assert story.at(60, **queue(0)) == [], "it is told once"
    assert story.at(61, **queue(1)) == []
    assert story.at(65, **queue(0)) == [], "back for a moment only: the alarm never ended"
    assert story.at(66, **queue(1)) == []
    assert story.at(75, **queue(1)) == []
    assert story.at(76, **queue(1)) == ["-nobody:tax"]


def test_a_queue_that_was_empty_of_agents_for_a_moment_raises_nothing() -> None:
    story = Story()
    assert [story.at(second, **queue(second % 5)) for second in range(60)] == [[]] * 60


def test_a_caller_beyond_fifteen_seconds() -> None:
    story = Story()
    assert story.at(15, **queue(1, oldest=0)) == [], "GB/T 33358: within 15 s"
    assert story.at(15.5, **queue(1, oldest=0)) == ["+waiting:tax"]
    assert story.board.alarms["waiting:tax"] == Alarm("waiting:tax", Kind.WAITING, "tax", START + 15, 15.5, 15)
    assert story.at(20, **queue(1, oldest=18)) == [], "the next one has only just come"
    assert story.at(29, **queue(1, oldest=28)) == []
    assert story.at(30, **queue(1, oldest=28)) == ["-waiting:tax"]


def test_another_caller_too_long_meanwhile_keeps_the_alarm_on() -> None:
    story = Story()
    story.at(16, **queue(1, oldest=0))
    story.at(20, **queue(1, oldest=18))
    assert story.at(34, **queue(1, oldest=18)) == []
    assert story.at(35, **queue(1, oldest=34)) == []
    assert story.at(44, **queue(1)) == []
    assert story.at(45, **queue(1)) == ["-waiting:tax"]


@pytest.mark.parametrize(("kind", "known"), [("connection:all", lambda rate: {"connection": rate}), ("service:tax", lambda rate: {"service": {"tax": rate}})])
def test_a_rate_under_its_limit(kind: str, known) -> None:  # type: ignore[no-untyped-def]
    story = Story(Limits(service_percent=95))
    assert story.at(0, **known(Rate(None, 0))) == [], "nothing offered is undefined"
    assert story.at(1, **known(Rate(0.0, 19))) == [], "too few calls say nothing"
    assert story.at(2, **known(Rate(0.95, 100))) == []
    assert story.at(3, **known(Rate(0.949, 100))) == [f"+{kind}"]
    assert story.at(60, **known(Rate(0.955, 100))) == [], "better, but by less than the margin"
    assert story.at(90, **known(Rate(0.96, 100))) == []
    assert story.at(95, **known(Rate(0.955, 100))) == [], "not well any more: it begins anew"
    assert story.at(99, **known(Rate(0.97, 100))) == []
    assert story.at(109, **known(Rate(0.97, 100))) == [f"-{kind}"]


def test_a_bad_rate_of_a_period_that_is_over_is_no_alarm_any_more() -> None:
    story = Story()
    assert story.at(0, connection=Rate(0.5, 40)) == ["+connection:all"]
    assert story.at(10, connection=Rate(0.5, 3)) == []
    assert story.at(20, connection=Rate(None, 0)) == ["-connection:all"]


def test_tickets_past_their_deadline_have_an_alarm_each_until_they_move_on() -> None:
    story = Story()
    first, second = Late("20261122-000001", START - 60), Late("20261122-000002", START - 30)
    assert story.at(0, late=(first, second)) == ["+deadline:20261122-000001", "+deadline:20261122-000002"]
    assert story.board.alarms["deadline:20261122-000001"].value == 60.0
    assert story.at(10, late=(first, second)) == [] and story.at(20) == [], "without a database nothing is known"
    assert story.at(30, late=(second,)) == []
    assert story.at(40, late=(second,)) == ["-deadline:20261122-000001"]


def test_a_surge_is_an_alarm_as_long_as_it_goes_on() -> None:
    story, matter = Story(), "阳光花园 停水"
    assert story.at(0, surges=()) == []
    assert story.at(10, surges=(Surge(matter, START - 50, 5),)) == [f"+surge:{matter}"]
    assert story.at(20, surges=(Surge(matter, START - 50, 7),)) == [] and story.at(25) == [], "without a database nothing is known"
    alarm = story.board.alarms[f"surge:{matter}"]
    assert (alarm.since, alarm.value) == (START - 50, 7.0)
    assert story.at(30, surges=()) == [] and story.at(40, surges=()) == [f"-surge:{matter}"]


def test_the_oldest_message() -> None:
    story = Story(Limits(message_minutes=10))
    assert story.at(600, oldest_message_at=START) == []
    assert story.at(601, oldest_message_at=START) == ["+message:all"]
    assert story.at(602, oldest_message_at=0.0) == [], "handled; but is it for good?"
    assert story.at(612, oldest_message_at=0.0) == ["-message:all"]


def test_a_long_pause_by_its_own_limit_or_the_citys() -> None:
    story = Story(Limits(pause_minutes=30))
    breaks = (Paused("li", START, 300), Paused("wang", START))
    assert story.at(300, paused=breaks) == []
    assert story.at(301, paused=breaks) == ["+pause:li"]
    assert story.at(1801, paused=breaks) == ["+pause:wang"]
    assert story.at(1802, paused=breaks[1:]) == []
    assert story.at(1812, paused=breaks[1:]) == ["-pause:li"]


def test_what_is_not_known_ends_nothing_and_begins_nothing() -> None:
    story = Story()
    story.at(0, **queue(0))
    story.at(10, **queue(0), connection=Rate(0.5, 50), oldest_message_at=START - 90_000)
    assert story.on == ["connection:all", "message:all", "nobody:tax"]
    assert story.at(1000) == [], "no link, no database"
    assert story.on == ["connection:all", "message:all", "nobody:tax"]


def test_a_queue_that_is_gone_has_no_alarms() -> None:
    story = Story()
    story.at(0, **queue(0))
    story.at(10, **queue(0))
    assert story.at(11, queues=()) == []
    assert story.at(21, queues=()) == ["-nobody:tax"]


def test_who_acknowledged_it_first_is_kept() -> None:
    story = Story()
    story.at(0, **queue(0))
    story.at(10, **queue(0))
    assert story.board.acknowledge("nobody:tax", "agent li", START + 11).acknowledged_by == "agent li"
    story.board.acknowledge("nobody:tax", "agent wang", START + 12)
    story.at(13, **queue(0))
    alarm = story.board.alarms["nobody:tax"]
    assert (alarm.acknowledged_by, alarm.acknowledged_at) == ("agent li", START + 11)
    with pytest.raises(NoSuchAlarm):
        story.board.acknowledge("nobody:general", "agent li", START)


def test_an_alarm_is_the_same_after_being_written_down() -> None:
    alarm = Alarm("service:tax", Kind.SERVICE, "tax", START, 0.5, 0.8, "token 1", START + 1)
    assert Alarm.from_json(alarm.as_json()) == alarm
    with pytest.raises(ValueError, match="fire"):
        Alarm.from_json(alarm.as_json() | {"kind": "fire"})


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2), st.booleans()), max_size=60))
def test_every_alarm_begins_before_it_ends_and_never_twice(steps: list[tuple[int, int, bool]]) -> None:
    board, now, on = Board(), START, set()
    for pause, logged_in, known in steps:
        now += pause
        reading = Reading(now, (QueueNow("tax", logged_in, now - pause),) if known else None)
        for change in board.look(reading, LIMITS):
            assert isinstance(change, Change)
            assert change.raised is (change.alarm.key not in on)
            (on.add if change.raised else on.remove)(change.alarm.key)
    assert on == set(board.alarms)
