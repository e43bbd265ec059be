"""A call's stays in queues: when it went in, when it left, and why. Pure.

The run of Queue() on a leg (CEL) is the stay; queue_log's lines of that leg between its ENTERQUEUE and the next say how it ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from queues.call_record import Left, Segment, SegmentKind
from queues.legs import Leg, Legs, Stretch
from queues.names import agent_of, queue_of
from queues.records import Record

EXITS = {
    "EXITWITHTIMEOUT": Left.TIMEOUT, "EXITWITHKEY": Left.KEY, "EXITEMPTY": Left.EMPTY, "WITHDRAW": Left.MOVED,
    "HOTLINEMOVED": Left.MOVED, "HOTLINEMOVE": Left.MOVED, "HOTLINECALLBACK": Left.CALLBACK,
}  # fmt: skip
"""Lines that end a stay, or say afterwards what it ended for."""
CLOCK_SECONDS = 1.5  # queue_log counts whole seconds


def stays(there: Legs, log: Sequence[Record]) -> Iterator[Segment]:
    """One segment for each run of Queue(); an agent's leg that asks a queue's people something is no caller's."""
    asking = {line.callid for line in log if line.event == "HOTLINEASK"}
    for leg in (leg for leg in there.values() if asking.isdisjoint(there.names(leg))):
        entries = _entries([line for line in log if there.of(line.callid) is leg])
        for run in leg.runs("Queue"):
            queue = queue_of(run.data.partition(",")[0])
            entry = entries.pop(0) if entries and _belongs(entries[0][0], run, queue) else []
            how, ended = _left(leg, run, entry)
            agent = next((agent_of(line.agent) for line in entry if line.event == "CONNECT"), "")
            yield Segment(SegmentKind.QUEUE, run.began, ended, queue, agent, how=how)


def _entries(lines: Sequence[Record]) -> list[list[Record]]:
    """The lines from each ENTERQUEUE to the next."""
    found: list[list[Record]] = []
    for line in lines:
        if line.event == "ENTERQUEUE":
            found.append([])
        if found:
            found[-1].append(line)
    return found


def _belongs(entered: Record, run: Stretch, queue: str) -> bool:
    """A queue that let nobody in wrote no line, so the next one may be of the next run."""
    at = entered.at.timestamp()
    in_time = run.began - CLOCK_SECONDS <= at and (run.ended is None or at <= run.ended + CLOCK_SECONDS)
    return entered.queue == queue and in_time


def _left(leg: Leg, run: Stretch, entry: Sequence[Record]) -> tuple[Left, float | None]:
    events = [line.event for line in entry]
    if "CONNECT" in events:
        said = next(line for line in entry if line.event == "CONNECT").at.timestamp()
        return Left.ANSWERED, leg.joined(run.began, run.ended) or max(run.began, said)
    for event in reversed(events):
        if event in EXITS:
            return EXITS[event], run.ended or next(line for line in entry if line.event == event).at.timestamp()
    if run.ended is None:
        return Left.WAITING, None
    if leg.lost:
        return Left.LOST, run.ended
    if not entry:
        return Left.EMPTY, run.ended
    return (Left.MOVED if leg.went_on(run.ended) else Left.ABANDONED), run.ended
