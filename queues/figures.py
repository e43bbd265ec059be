"""What a contact centre is judged by, as pure functions over call records; docs/figures.md defines each with an example.

Rules that hold everywhere: a call counts once, by linkedid; a call that still waits counts nowhere yet; whoever was moved,
called back or left by a key did not abandon; a message is no answer; nothing offered is None (undefined), never 100 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from queues.call_record import CallKind, CallRecord, Left, Outcome, Segment

SHANGHAI = ZoneInfo("Asia/Shanghai")
SHORT_SECONDS = 5.0  # an abandonment before it is told apart: nobody could have answered
ANSWER_WITHIN_SECONDS = 15.0  # GB/T 33358-2016
DAY_SECONDS = 86_400.0
OFFERED_KINDS = frozenset((CallKind.INBOUND,))
MESSAGES = frozenset((Outcome.VOICEMAIL, Outcome.FAX))


@dataclass(frozen=True, slots=True)
class Offer:
    """One call as one queue, or all of them, saw it."""

    linkedid: str
    entered_at: float
    arrived_at: float
    """When the line was picked up."""
    answered_at: float | None
    left_at: float
    left: Left
    outcome: Outcome
    """Of the whole call."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts and what follows from them. Rates are shares from 0 to 1, or None where there is nothing to divide by."""

    offered: int
    answered: int
    abandoned: int
    short_abandoned: int
    """Of `abandoned`, those before five seconds had passed."""
    messages: int
    callbacks: int
    moved: int
    """Offers of one queue that went on to another: not offered here. Always 0 over all queues."""
    other: int
    within_arrival: int
    """Answered within 15 s of the line being picked up."""
    within_queue: int
    """Answered within 15 s of entering the queue."""
    within_level: int
    connection_rate: float | None
    answered_within: float | None
    """The stricter of the two clocks, over offered."""
    service_level: float | None
    average_answer_seconds: float | None
    """ASA"""
    conversations: int
    talk_seconds: float
    hold_seconds: float
    wrapup_seconds: float
    average_handle_seconds: float | None
    """AHT"""


def offers(calls: Iterable[CallRecord], queue: str | None = None) -> list[Offer]:
    """Calls that entered the queue (None: any) and have left it. Stays of one call in one queue are one offer."""
    found = (_offer(call, queue) for call in calls if call.kind in OFFERED_KINDS)
    return [offer for offer in found if offer is not None]


def connection_rate(calls: Iterable[CallRecord], now: float, queue: str | None = None, seconds: float = DAY_SECONDS) -> float | None:
    """接通率: answered by a person / entered a queue, over the last 24 hours. None where nobody entered one."""
    recent = _counted(offers(calls, queue), now - seconds, now)
    return share(sum(offer.answered_at is not None for offer in recent), len(recent))


def service_level(
    calls: Iterable[CallRecord], begin: float, end: float, within_seconds: float, queue: str | None = None
) -> float | None:
    """Answered within so many seconds of entering the queue / offered. None where nobody was."""
    counted = _counted(offers(calls, queue), begin, end)
    return share(sum(_waited(offer) <= within_seconds for offer in counted), len(counted))


def figures(
    calls: Iterable[CallRecord], begin: float, end: float, *, queue: str | None = None, level_seconds: float = 20.0
) -> Figures:
    """Everything of the calls whose first stay began in [begin, end), and of the conversations that began in it."""
    listed = list(calls)
    return counted([offer for offer in offers(listed, queue) if begin <= offer.entered_at < end],
                   [talk for talk in talks(listed, queue) if begin <= talk.began_at < end], level_seconds)  # fmt: skip


def talks(calls: Iterable[CallRecord], queue: str | None = None) -> list[Segment]:
    """Conversations that are over, of the queue (None: of any, and of none)."""
    return [talk for call in calls for talk in call.talks if talk.ended_at is not None and queue in (None, talk.queue)]


def counted(everything: Sequence[Offer], over: Sequence[Segment], level_seconds: float) -> Figures:
    """The figures of these offers and these conversations."""
    here = [offer for offer in everything if offer.left is not Left.MOVED]
    answered = [offer for offer in here if offer.answered_at is not None]
    gone = [offer for offer in here if offer.answered_at is None]
    abandoned = [offer for offer in gone if offer.left is Left.ABANDONED]
    of_arrival = sum((offer.answered_at or 0.0) - offer.arrived_at <= ANSWER_WITHIN_SECONDS for offer in answered)
    of_queue = sum(_waited(offer) <= ANSWER_WITHIN_SECONDS for offer in answered)
    level = sum(_waited(offer) <= level_seconds for offer in answered)
    messages = sum(offer.outcome in MESSAGES for offer in gone if offer.left is not Left.ABANDONED)
    callbacks = sum(offer.outcome is Outcome.CALLBACK for offer in gone if offer.left is not Left.ABANDONED)
    return Figures(
        offered=len(here), answered=len(answered), abandoned=len(abandoned),
        short_abandoned=sum(offer.left_at - offer.entered_at < SHORT_SECONDS for offer in abandoned),
        messages=messages, callbacks=callbacks, moved=len(everything) - len(here),
        other=len(gone) - len(abandoned) - messages - callbacks,
        within_arrival=of_arrival, within_queue=of_queue, within_level=level,
        connection_rate=share(len(answered), len(here)), answered_within=share(min(of_arrival, of_queue), len(here)),
        service_level=share(level, len(here)), average_answer_seconds=mean([_waited(offer) for offer in answered]),
        conversations=len(over), talk_seconds=sum(talk.seconds - talk.hold_seconds for talk in over),
        hold_seconds=sum(talk.hold_seconds for talk in over), wrapup_seconds=sum(talk.wrapup_seconds for talk in over),
        average_handle_seconds=mean([talk.seconds + talk.wrapup_seconds for talk in over]),
    )  # fmt: skip


def occupancy(busy_seconds: float, there_seconds: float) -> float | None:
    """Busy with callers (talk, hold, after-call work) / logged in and not on a break. None for who was not there."""
    return min(1.0, busy_seconds / there_seconds) if there_seconds > 0 else None


def first_call_resolution(calls: Iterable[CallRecord], begin: float, end: float, now: float, days: int = 7) -> float | None:
    """首呼解决率: first calls answered in [begin, end) that were not followed by another of the same number within the days.

    A first call has none of that number in the days before. Withheld numbers, and calls whose days are not over at `now`,
    say nothing and are left out. None where none is left.
    """
    window = days * DAY_SECONDS
    times: defaultdict[str, list[tuple[float, bool]]] = defaultdict(list)
    for call in calls:
        if call.kind in OFFERED_KINDS and call.caller:
            times[call.caller].append((call.began_at, call.outcome is Outcome.ANSWERED))
    solved = judged = 0
    for made in times.values():
        made.sort()
        for place, (at, answered) in enumerate(made):
            first = place == 0 or at - made[place - 1][0] > window
            if not (begin <= at < end and answered and first and at + window <= now):
                continue
            judged += 1
            solved += place + 1 == len(made) or made[place + 1][0] - at > window
    return share(solved, judged)


def by_interval(begin: float, end: float, seconds: int | None = None) -> list[tuple[float, float]]:
    """[begin, end) cut into days of the city's clock, or into so many seconds from the last midnight on."""
    cuts = [begin]
    at = datetime.fromtimestamp(begin, SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(days=1) if seconds is None else timedelta(seconds=seconds)
    while at.timestamp() < end:
        if at.timestamp() > begin:
            cuts.append(at.timestamp())
        at += step
    return list(zip(cuts, [*cuts[1:], end], strict=True))


def by(calls: Iterable[CallRecord], key: Callable[[CallRecord], Iterable[str]]) -> dict[str, list[CallRecord]]:
    """Calls under each of their keys: queues, agents, dialled numbers."""
    found: defaultdict[str, list[CallRecord]] = defaultdict(list)
    for call in calls:
        for name in set(key(call)):
            found[name].append(call)
    return dict(sorted(found.items()))


def share(part: int, whole: int) -> float | None:
    """None of nothing."""
    return part / whole if whole else None


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _counted(listed: Iterable[Offer], begin: float, end: float) -> list[Offer]:
    return [offer for offer in listed if begin <= offer.entered_at < end and offer.left is not Left.MOVED]


def _waited(offer: Offer) -> float:
    """Seconds to the answer, for ever where there was none."""
    return float("inf") if offer.answered_at is None else offer.answered_at - offer.entered_at


def _offer(call: CallRecord, queue: str | None) -> Offer | None:
    stays = [visit for visit in call.visits if queue in (None, visit.queue)]
    if not stays or stays[-1].how == Left.WAITING:
        return None
    first, last = stays[0], stays[-1]
    answered_at = next((visit.ended_at for visit in stays if visit.how == Left.ANSWERED), None)
    if answered_at is None and queue is None:  # moved to a person past every queue
        answered_at = next((talk.began_at for talk in call.talks if talk.began_at >= first.began_at), None)
    left_at = answered_at or last.ended_at or last.began_at
    arrived_at = min(call.answered_at or call.began_at, first.began_at)
    left = Left.ANSWERED if answered_at is not None else _left(call, last, queue)
    return Offer(call.linkedid, first.began_at, arrived_at, answered_at, left_at, left, call.outcome)


def _left(call: CallRecord, last: Segment, queue: str | None) -> Left:
    """How a call that nobody answered here left for good: who is elsewhere afterwards was moved."""
    if queue is None:
        return Left.TIMEOUT if last.how == Left.MOVED else Left(last.how)
    later = any(visit.began_at > last.began_at and visit.queue != queue for visit in call.visits)
    return Left.MOVED if later else Left(last.how)


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """One person's conversations that began in an interval."""

    conversations: int
    talk_seconds: float
    hold_seconds: float
    wrapup_seconds: float
    average_handle_seconds: float | None
    occupancy: float | None


def agent_figures(calls: Iterable[CallRecord], agent: str, begin: float, end: float, there_seconds: float = 0.0) -> AgentFigures:
    """`there_seconds`: logged in and not on a break, within the interval; where it is not known, occupancy is None."""
    talks = [talk for call in calls for talk in call.talks if talk.agent == agent and begin <= talk.began_at < end and talk.ended_at is not None]
    handled = [talk.seconds + talk.wrapup_seconds for talk in talks]
    return AgentFigures(
        conversations=len(talks), talk_seconds=sum(talk.seconds - talk.hold_seconds for talk in talks),
        hold_seconds=sum(talk.hold_seconds for talk in talks), wrapup_seconds=sum(talk.wrapup_seconds for talk in talks),
        average_handle_seconds=mean(handled), occupancy=occupancy(sum(handled), there_seconds),
    )  # fmt: skip
