"""Figures by hand-made days whose right answers are known, and by laws that hold for any day."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.call_record import CallKind, CallRecord, Left, Outcome, Segment, SegmentKind
from queues.figures import (
    SHANGHAI,
    agent_figures,
    by,
    by_interval,
    connection_rate,
    figures,
    first_call_resolution,
    occupancy,
    offers,
    service_level,
)

DAY = 86_400.0


def call(name: str, *visits: tuple[str, float, float, str], outcome: Outcome, began: float = 0.0, **more: object) -> CallRecord:
    """A call with stays (queue, from, to, how), its line picked up at once; an answered stay has a talk of a minute."""
    segments = []
    for queue, begin, end, how in visits:
        segments.append(Segment(SegmentKind.QUEUE, begin, None if how == Left.WAITING else end, queue, "wang", how=how))
        if how == Left.ANSWERED:
            segments.append(Segment(SegmentKind.TALK, end, end + 60, queue, "wang", how="caller", hold_seconds=10, wrapup_seconds=30))
    given = {"kind": CallKind.INBOUND, "caller": "13800001234", "called": "12345"} | more
    return CallRecord(name, began_at=began, answered_at=began, outcome=outcome, segments=tuple(segments), **given)  # type: ignore[arg-type]


ANSWERED = call("1", ("general", 2, 12, Left.ANSWERED), outcome=Outcome.ANSWERED)
LATE = call("2", ("general", 4, 16, Left.ANSWERED), outcome=Outcome.ANSWERED)
ABANDONED = call("3", ("general", 2, 30, Left.ABANDONED), outcome=Outcome.ABANDONED)
SHORT = call("4", ("general", 2, 5, Left.ABANDONED), outcome=Outcome.ABANDONED)
MESSAGE = call("5", ("general", 2, 62, Left.TIMEOUT), outcome=Outcome.VOICEMAIL)
MOVED = call("6", ("general", 2, 20, Left.MOVED), ("tax", 20, 25, Left.ANSWERED), outcome=Outcome.ANSWERED)
AGAIN = call("7", ("general", 2, 20, Left.TIMEOUT), ("general", 25, 40, Left.ANSWERED), outcome=Outcome.ANSWERED)
CALLBACK = call("8", ("general", 2, 9, Left.CALLBACK), outcome=Outcome.CALLBACK)
KEY = call("9", ("general", 2, 9, Left.KEY), outcome=Outcome.UNANSWERED)
WAITING = call("10", ("general", 2, 0, Left.WAITING), outcome=Outcome.OPEN)
PLACEHOLDER = call("11", ("general", 2, 9, Left.ABANDONED), outcome=Outcome.ABANDONED, kind=CallKind.PLACEHOLDER)
TRANSFERRED = call("12", ("general", 2, 5, Left.ANSWERED), ("tax", 65, 70, Left.ABANDONED), outcome=Outcome.ANSWERED)
EVERY = [ANSWERED, LATE, ABANDONED, SHORT, MESSAGE, MOVED, AGAIN, CALLBACK, KEY, WAITING, PLACEHOLDER, TRANSFERRED]


def test_a_day_by_hand() -> None:
    of = figures(EVERY, 0, DAY)
    assert (of.offered, of.answered, of.abandoned, of.short_abandoned) == (10, 5, 2, 1)
    assert (of.messages, of.callbacks, of.moved, of.other) == (1, 1, 0, 1)
    assert of.connection_rate == 0.5
    assert (of.within_arrival, of.within_queue) == (2, 3), "the menu's seconds count from arrival"
    assert of.answered_within == 0.2, "the stricter of the two"
    assert of.average_answer_seconds == pytest.approx((10 + 12 + 23 + 38 + 3) / 5)
    assert (of.conversations, of.talk_seconds, of.hold_seconds, of.wrapup_seconds) == (5, 250, 50, 150)
    assert of.average_handle_seconds == 90


def test_a_queue_by_hand() -> None:
    tax = figures(EVERY, 0, DAY, queue="tax")
    assert (tax.offered, tax.answered, tax.abandoned, tax.moved) == (2, 1, 1, 0), "there the caller who was passed on gave up"
    general = figures(EVERY, 0, DAY, queue="general")
    assert (general.offered, general.answered, general.moved) == (9, 4, 1), "who was moved is offered where they went"


@pytest.mark.parametrize("left", [MOVED, CALLBACK, KEY, MESSAGE, PLACEHOLDER, WAITING])
def test_who_did_not_hang_up_while_waiting_did_not_abandon(left: CallRecord) -> None:
    assert figures([left], 0, DAY).abandoned == 0


def test_nothing_offered_is_undefined() -> None:
    of = figures([WAITING, PLACEHOLDER], 0, DAY)
    assert of.offered == 0
    assert of.connection_rate is of.service_level is of.answered_within is of.average_answer_seconds is of.average_handle_seconds is None
    assert connection_rate([], 0) is service_level([], 0, DAY, 20) is None


def test_a_message_is_no_answer() -> None:
    assert connection_rate([MESSAGE], DAY) == 0.0


def test_the_last_24_hours_slide() -> None:
    assert connection_rate([ANSWERED, MESSAGE], 100) == 0.5
    assert connection_rate([ANSWERED], DAY + 2) == 1.0
    assert connection_rate([ANSWERED], DAY + 3) is None


def test_a_day_begins_at_midnight_where_the_city_is() -> None:
    begin = datetime(2026, 11, 21, 9, tzinfo=SHANGHAI).timestamp()
    days = by_interval(begin, begin + 2 * DAY)
    assert [datetime.fromtimestamp(at, SHANGHAI).strftime("%d %H:%M") for at, _ in days] == ["21 09:00", "22 00:00", "23 00:00"]
    hours = by_interval(begin + 60, begin + 7_200, 3_600)
    assert [datetime.fromtimestamp(at, SHANGHAI).strftime("%H:%M") for at, _ in hours] == ["09:01", "10:00"]


def test_occupancy() -> None:
    assert occupancy(1800, 3600) == 0.5
    assert occupancy(1, 0) is None
    assert agent_figures([ANSWERED, LATE], "wang", 0, DAY, 360).occupancy == 0.5
    assert agent_figures([ANSWERED], "li", 0, DAY).average_handle_seconds is None


def test_first_calls_that_were_enough() -> None:
    def made(number: str, day: float, outcome: Outcome = Outcome.ANSWERED) -> CallRecord:
        return CallRecord(f"{number}-{day}", CallKind.INBOUND, number, "12345", day * DAY, outcome=outcome)

    calls = [
        made("solved", 10), made("again", 10), made("again", 12), made("much later", 10), made("much later", 18),
        made("gave up", 10, Outcome.ABANDONED), made("before", 8), made("before", 10), made("", 10), made("too early", 29),
    ]  # fmt: skip
    assert first_call_resolution(calls, 10 * DAY, 11 * DAY, 30 * DAY) == 2 / 3
    assert first_call_resolution(calls, 29 * DAY, 30 * DAY, 30 * DAY) is None


HOWS = [Left.ANSWERED, Left.ABANDONED, Left.TIMEOUT, Left.KEY, Left.CALLBACK, Left.MOVED]
OUTCOMES = {
    Left.ABANDONED: Outcome.ABANDONED, Left.CALLBACK: Outcome.CALLBACK, Left.TIMEOUT: Outcome.VOICEMAIL,
    Left.KEY: Outcome.UNANSWERED, Left.MOVED: Outcome.UNANSWERED,
}  # fmt: skip


@st.composite
def a_call(draw: st.DrawFn) -> CallRecord:
    began = at = draw(st.floats(0, 2 * DAY))
    visits = []
    for how in draw(st.lists(st.sampled_from(HOWS), max_size=4)):
        enter = at + draw(st.floats(0, 30))
        at = enter + draw(st.floats(0, 300))
        visits.append((draw(st.sampled_from(["general", "tax", "en"])), enter, at, how))
        at += 60
    answered = any(visit[3] == Left.ANSWERED for visit in visits)
    outcome = Outcome.ANSWERED if answered else OUTCOMES[visits[-1][3]] if visits else Outcome.LEFT_MENU
    return call(str(draw(st.uuids())), *visits, outcome=outcome, began=began)


@given(st.lists(a_call(), max_size=30))
def test_every_offer_has_one_end(calls: list[CallRecord]) -> None:
    for queue in (None, "general", "tax", "en"):
        of = figures(calls, 0, 3 * DAY, queue=queue)
        assert of.offered == of.answered + of.abandoned + of.messages + of.callbacks + of.other
        assert of.short_abandoned <= of.abandoned
        assert of.within_arrival <= of.within_queue <= of.answered, "arrival is never later than the queue"
        assert of.offered + of.moved == len([offer for offer in offers(calls, queue) if offer.entered_at < 3 * DAY])
        for rate in (of.connection_rate, of.service_level, of.answered_within):
            assert (rate is None) == (of.offered == 0)
            assert rate is None or 0 <= rate <= 1


@given(st.lists(a_call(), max_size=30), st.randoms(use_true_random=False))
def test_order_and_repetition_of_reading_change_nothing(calls: list[CallRecord], dice: object) -> None:
    shuffled = list(calls)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    counts = ("offered", "answered", "abandoned", "moved", "within_queue", "conversations")
    once, twice = figures(calls, 0, 3 * DAY), figures(shuffled, 0, 3 * DAY)
    assert [getattr(once, name) for name in counts] == [getattr(twice, name) for name in counts]


@given(st.lists(a_call(), max_size=30))
def test_a_day_is_the_sum_of_its_parts(calls: list[CallRecord]) -> None:
    whole = figures(calls, 0, 3 * DAY)
    cuts = by_interval(0, 3 * DAY, 8 * 3600)
    assert all(one[1] == other[0] for one, other in pairwise(cuts))
    parts = [figures(calls, begin, end) for begin, end in cuts]
    for name in ("offered", "answered", "abandoned", "messages", "callbacks", "other", "within_arrival", "conversations"):
        assert getattr(whole, name) == sum(getattr(part, name) for part in parts)


@given(st.lists(a_call(), max_size=30))
def test_a_call_is_offered_once_however_many_queues_it_saw(calls: list[CallRecord]) -> None:
    queues = by(calls, lambda made: [visit.queue for visit in made.visits])
    assert figures(calls, 0, 3 * DAY).offered <= sum(len(there) for there in queues.values())
    assert figures(calls, 0, 3 * DAY).offered == len({made.linkedid for made in calls if made.visits})
