"""Tells the case system of calls: newCall, answer, hangup, as records of calls come to say so.

In the worker, from what Asterisk wrote to disk: a case system that is slow or away costs telephony nothing, and a call that
came while the worker was away is told of when it is back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from queues.call_record import CallKind, CallRecord, Segment
from tickets import wire
from tickets.announcing import SCHEMA
from tickets.case_system import CALL_EVENTS
from tickets.store import Store

NEW_CALL, ANSWER, HANGUP = CALL_EVENTS
OLD_SECONDS = 86_400.0  # logs that are read from their beginning tell of calls that are no news
DIRECTIONS = {CallKind.INBOUND: "in", CallKind.OUTBOUND: "out", CallKind.CALLBACK: "out"}  # the others are between phones of ours


@dataclass
class CallsTold:
    """`wanted`: names of events. Each is told once, however often its record is read."""

    store: Store
    wanted: frozenset[str]
    show_callers: bool = True
    clock: Callable[[], float] = time.time

    def tell(self, records: Iterable[CallRecord]) -> int:
        """Returns how many events were new. Raises what the database raises: then the records come again."""
        made = 0
        for record in records:
            if record.kind in DIRECTIONS and self.clock() - (record.ended_at or self.clock()) < OLD_SECONDS:
                made += self._tell(record)
        return made

    def _tell(self, record: CallRecord) -> int:
        wanted = [(name, linkedid, nth, more, at) for name, linkedid, nth, more, at in happened(record) if name in self.wanted]
        new = self.store.outbox.not_yet([_key(name, linkedid, nth) for name, linkedid, nth, _, _ in wanted])
        if not new:
            return 0
        ticket = next((ticket.number for ticket in self.store.tickets(1, linkedid=record.linkedid)), None)
        with self.store.database.writes() as session:
            for name, linkedid, nth, more, at in wanted:
                if (key := _key(name, linkedid, nth)) in new:
                    call = self._call(record) | {"call_id": linkedid, "ticket": ticket} | more
                    self.store.outbox.put(session, name, linkedid, {"at": _moment(at), "call": call}, schema=f"{name}/{SCHEMA}", key=key)
        return len(new)

    def _call(self, record: CallRecord) -> dict[str, Any]:
        outward = DIRECTIONS[record.kind] == "out"
        citizen = (record.called if outward else record.caller) or ""
        citizen = citizen if self.show_callers else wire.masked(citizen)
        return {
            "call_id": record.linkedid, "direction": DIRECTIONS[record.kind], "from": record.caller if outward else citizen,
            "to": citizen if outward else record.called, "began_at": _moment(record.began_at), "path": record.path, "type": record.type,
        }  # fmt: skip


def happened(record: CallRecord) -> Iterator[tuple[str, str, int, dict[str, Any], float]]:
    """Name, call, which of several, what it says besides, when."""
    yield NEW_CALL, record.linkedid, 0, {}, record.began_at
    for nth, talk in enumerate(record.talks):
        yield ANSWER, record.linkedid, nth, _who(talk), talk.began_at
    for other in record.joined:
        yield HANGUP, other, 0, {"ended_at": _moment(record.began_at), "cause": None, "outcome": "joined", "joined_to": record.linkedid}, record.began_at
    if record.ended_at is not None:
        more = {"ended_at": _moment(record.ended_at), "cause": record.cause or None, "outcome": record.outcome.value, "joined_to": None}
        yield HANGUP, record.linkedid, 0, more, record.ended_at


def _who(talk: Segment) -> dict[str, Any]:
    return {"user": talk.agent or talk.phone, "queue": talk.queue, "answered_at": _moment(talk.began_at)}


def _key(name: str, linkedid: str, nth: int) -> str:
    return f"{name}:{linkedid}:{nth}"


def _moment(seconds: float) -> str | None:
    return wire.moment(datetime.fromtimestamp(seconds, UTC))
