"""What Asterisk wrote of one call, put together as one record. Pure: the same lines give the same record, in any repetition.

CEL says which legs there were and when, to the microsecond; queue_log says why a caller left a queue and which person
answered. Neither is believed alone where it is known to be wrong: app_queue writes ABANDON for callers who were moved, so an
abandonment is one only if the caller's leg did nothing afterwards but end (ADR 0083).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from queues.call_record import CallKind, CallRecord, Left, Outcome, Segment, SegmentKind
from queues.cel import CelEvent, age
from queues.legs import Leg, Legs
from queues.names import PAGE, agent_of
from queues.records import ENDS, Record
from queues.stays import stays

DIALLED = re.compile(r"sip:([0-9*#+]{1,32})@")
LEAST_HOLD_SECONDS = 0.5  # to be moved from one bridge to another takes less
CLOCK_SECONDS = 2.0  # queue_log counts whole seconds
RECORDED = {"Record": SegmentKind.VOICEMAIL, "ReceiveFAX": SegmentKind.FAX}


@dataclass(frozen=True, slots=True)
class _Call:
    """Everything about one call that the parts below look at."""

    events: Sequence[CelEvent]
    legs: Legs
    first: Leg
    log: Sequence[Record]

    def ours(self, name: str) -> list[tuple[str, ...]]:
        """What our own lines of that name say, of CEL or of queue_log."""
        return [event.words() for event in self.events if event.event == name] + [
            line.data for line in self.log if line.event == name
        ]


def assemble(events: Iterable[CelEvent], lines: Iterable[Record], restarted_at: float | None = None) -> CallRecord | None:
    """The record of the call whose events and queue_log lines these are; None without any event.

    `restarted_at`: when Asterisk began anew after the call had; legs without an end are over since they were last heard of.
    """
    told = sorted(events, key=lambda event: event.at)
    if not told:
        return None
    there = Legs(told)
    if not there:
        return None
    lost = _end_lost(there.values(), restarted_at)
    name = min((event.linkedid for event in told), key=age)
    call = _Call(told, there, there.of(name) or next(iter(there.values())), list(lines))
    over = all(leg.ended is not None for leg in there.values())
    record = CallRecord(
        linkedid=name, kind=_kind(call), caller=_caller(call), called=_called(call),
        began_at=call.first.began, answered_at=call.first.answered,
        ended_at=max(leg.ended or 0.0 for leg in there.values()) if over else None,
        ended_by=_ended_by(call.first, lost) if over else "", cause=call.first.cause,
        path=_path(call), type=_type(call),
        joined=tuple(sorted({event.linkedid for event in told} - {name}, key=age)),
    )  # fmt: skip
    segments = [*stays(there, call.log), *_talks(call), *_left_behind(call), *_transfers(call)]
    segments += _menu(call, record, segments)
    record = replace(record, segments=tuple(sorted(segments, key=lambda segment: segment.began_at)))
    return replace(record, outcome=_outcome(record, call, lost))


def _end_lost(there: Iterable[Leg], restarted_at: float | None) -> bool:
    """Ends the legs that an Asterisk took with it; whether there are any."""
    gone = [leg for leg in there if restarted_at is not None and leg.ended is None and leg.seen < restarted_at]
    for leg in gone:
        leg.lost = True
        leg.end(leg.seen)
    return bool(gone)


def _kind(call: _Call) -> CallKind:
    if call.ours("HOTLINEPLACE") or call.ours("HOTLINETALKS"):
        return CallKind.CALLBACK
    if call.first.is_local or call.first.uniqueid.startswith(PAGE):
        return CallKind.PLACEHOLDER
    entered = call.ours("HotlineEnter")
    if entered and not _word(entered[0], 2):
        return CallKind.INBOUND
    if call.first.phone:
        abroad = any(leg.is_placed and not leg.phone and not leg.is_local for leg in call.legs.values())
        return CallKind.OUTBOUND if abroad and not entered else CallKind.INTERNAL
    return CallKind.OUTBOUND if call.first.is_placed else CallKind.INBOUND


def _caller(call: _Call) -> str:
    said = [_word(words, 0) for words in call.ours("HotlineEnter")] + [_word(words, 3) for words in call.ours("HOTLINE")]
    return next(filter(None, said), "")


def _called(call: _Call) -> str:
    said = [_word(words, 1) for words in call.ours("HotlineEnter")] + [_word(words, 4) for words in call.ours("HOTLINE")]
    return next(filter(None, said), call.first.exten)


def _path(call: _Call) -> str:
    """The last node that decided, or where the caller left the menu."""
    return next(filter(None, (_word(words, at) for name, at in
        (("HotlineDecided", 2), ("HOTLINE", 1), ("HotlineLeftMenu", 0)) for words in reversed(call.ours(name)))), "")  # fmt: skip


def _type(call: _Call) -> str:
    return next(filter(None, (_word(words, at) for name, at in (("HotlineDecided", 3), ("HOTLINE", 2))
                              for words in reversed(call.ours(name)))), "")  # fmt: skip


def _talks(call: _Call) -> Iterator[Segment]:
    """Conversations with people of ours: those of a queue by its CONNECT, and every other phone that was rung and joined."""
    taken = set()
    asking = {line.callid for line in call.log if line.event == "HOTLINEASK"}  # for an agent, not for a caller of that queue
    for line in call.log:
        if line.event == "CONNECT" and (leg := call.legs.of(line.word(1))):
            taken.add(leg.channel)
            began, ended = leg.talked or (line.at.timestamp(), leg.ended)
            queue = "" if line.callid in asking else line.queue
            yield _held(call, leg, Segment(
                SegmentKind.TALK, began, ended, queue, agent_of(line.agent), leg.phone, _over_by(call, line, leg),
            ))  # fmt: skip
    for leg in call.legs.values():
        if leg.phone and leg.is_placed and leg.channel not in taken and leg.talked:
            yield _held(call, leg, Segment(
                SegmentKind.TALK, *leg.talked, "", leg.phone, leg.phone, _hung_up(leg) if leg.ended else "",
            ))  # fmt: skip
    if call.first.phone and not call.ours("HotlineEnter") and call.first.talked:
        yield _held(call, call.first, Segment(
            SegmentKind.TALK, *call.first.talked, "", call.first.phone, call.first.phone,
            _hung_up(call.first) if call.first.ended else "",
        ))  # fmt: skip


def _held(call: _Call, leg: Leg, talk: Segment) -> Segment:
    """With the time that the two did not hear each other: on hold, or while somebody else was consulted."""
    if talk.ended_at is None or leg is call.first:
        return talk
    together = leg.together(call.first, talk.began_at, talk.ended_at)
    apart = talk.seconds - together
    return replace(talk, hold_seconds=apart) if together and apart >= LEAST_HOLD_SECONDS else talk


def _over_by(call: _Call, connect: Record, leg: Leg) -> str:
    """As app_queue has it, unless it only lost sight of a conversation that went on elsewhere."""
    ended = leg.ended or 0.0
    if any(line.event == "HOTLINETRANSFER" and abs(line.at.timestamp() - ended) <= CLOCK_SECONDS for line in call.log):
        return "transfer"
    for line in call.log:
        if line.callid == connect.callid and line.event in ENDS and abs(line.at.timestamp() - ended) <= CLOCK_SECONDS:
            return ENDS[line.event]
    return _hung_up(leg) if leg.ended else ""


def _hung_up(leg: Leg) -> str:
    if leg.lost:
        return "asterisk"
    return "agent" if leg.source == leg.channel else "caller"


def _left_behind(call: _Call) -> Iterator[Segment]:
    """Messages and faxes."""
    for leg in call.legs.values():
        for app in leg.apps:
            if app.name in RECORDED:
                yield Segment(RECORDED[app.name], app.began, app.ended)


def _transfers(call: _Call) -> Iterator[Segment]:
    """Where somebody outside was rung; `how`: answered or failed."""
    outside = [leg for leg in call.legs.values() if leg.is_placed and not leg.phone and not leg.is_local]
    for leg in call.legs.values():
        for dial in leg.runs("Dial"):
            number = DIALLED.search(dial.data)
            if number is None:
                continue
            joined = [b for other in outside for b in other.bridges if dial.began <= b.began <= (dial.ended or b.began)]
            how = "answered" if joined else "failed" if dial.ended else "ringing"
            yield Segment(SegmentKind.TRANSFER, dial.began, dial.ended, how=how, detail=number[1])


def _menu(call: _Call, record: CallRecord, segments: Sequence[Segment]) -> list[Segment]:
    """From the answer to the decision."""
    if not call.ours("HotlineEnter") or call.first.answered is None:
        return []
    decided = [event.at for event in call.events if event.event == "HotlineDecided"]
    later = [*decided, *sorted(segment.began_at for segment in segments)]
    return [Segment(SegmentKind.MENU, call.first.answered, later[0] if later else call.first.ended, detail=record.path)]


def _ended_by(first: Leg, lost: bool) -> str:
    if lost:
        return "asterisk"
    if not first.source:
        return "hotline"
    if first.phone or first.source != first.channel:
        return "agent" if first.source == first.channel or "PJSIP/trunk" not in first.source else "caller"
    return "caller"


def _outcome(record: CallRecord, call: _Call, lost: bool) -> Outcome:
    kinds = {segment.kind for segment in record.segments}
    hows = [visit.how for visit in record.visits]
    reached = any(segment.how == "answered" for segment in record.segments if segment.kind is SegmentKind.TRANSFER)
    if record.kind is CallKind.CALLBACK:
        done = Outcome.ANSWERED if call.ours("HOTLINETALKS") else Outcome.UNANSWERED
        return done if record.ended_at or done is Outcome.ANSWERED else Outcome.OPEN
    if record.kind is CallKind.OUTBOUND:
        return Outcome.ANSWERED if reached else Outcome.UNANSWERED if record.ended_at else Outcome.OPEN
    if SegmentKind.TALK in kinds:
        return Outcome.ANSWERED
    for kind, outcome in ((SegmentKind.VOICEMAIL, Outcome.VOICEMAIL), (SegmentKind.FAX, Outcome.FAX)):
        if kind in kinds:
            return outcome
    if Left.CALLBACK in hows:
        return Outcome.CALLBACK
    if reached:
        return Outcome.TRANSFERRED
    if lost:
        return Outcome.LOST
    if record.ended_at is None:
        return Outcome.OPEN
    if hows:
        return Outcome.ABANDONED if hows[-1] == Left.ABANDONED else Outcome.UNANSWERED
    return Outcome.LEFT_MENU if record.ended_by == "caller" else Outcome.ENDED


def _word(words: Sequence[str], place: int) -> str:
    return words[place] if place < len(words) else ""
