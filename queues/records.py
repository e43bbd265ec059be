"""What lines of Asterisk's queue_log mean: who answered whom, and when it was over. Pure.

A line is `time|callid|queue|agent|event|data…` (`QueueLog` in Asterisk's documentation). Our dialplan adds one line of
its own before each Queue(), because CONNECT says neither the path nor the linkedid:

    QueueLog(QUEUE,${UNIQUEID},NONE,HOTLINE,LINKEDID|PATH|TYPE|CALLER|CALLED|CATEGORY|REFERENCE)

another where it is an agent who asks a queue's people something (QueueLog(QUEUE,${UNIQUEID},NONE,HOTLINEASK,CALL)), and three
where a call is passed on to a number of numbers.yaml (merged.conf); that number stands in the agent's place:

    QueueLog(NONE,${UNIQUEID},NUMBER,HOTLINEPASS,LINKEDID|PATH|TYPE|CALLER|CALLED|CATEGORY|REFERENCE|MODE)
    QueueLog(NONE,UNIQUEID,NUMBER,HOTLINEACCEPT,LINKEDID|MODE)
    QueueLog(NONE,${UNIQUEID},NUMBER,HOTLINEPASSEND,LINKEDID|MODE|DIALSTATUS|SECONDS)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from queues.happenings import (
    AgentAnswered,
    AgentCallEnded,
    CalledOut,
    CallerRated,
    ColleagueAnswered,
    Happening,
    PassAccepted,
    PassedOn,
    PassEnded,
    Transferred,
)
from queues.names import agent_of, queue_of

ENDS = {
    "COMPLETEAGENT": "agent", "COMPLETECALLER": "caller",
    "BLINDTRANSFER": "transfer", "ATTENDEDTRANSFER": "transfer", "TRANSFER": "transfer",
}  # fmt: skip
TALKED = {"COMPLETEAGENT": 1, "COMPLETECALLER": 1, "BLINDTRANSFER": 3, "ATTENDEDTRANSFER": 3, "TRANSFER": 3}
"""Which of the data says how long they talked."""
MOST_REMEMBERED = 2000  # callers; the whole is written down at each agent's call


RESULTS = {"ANSWER": "answered", "BUSY": "busy", "NOANSWER": "no_answer", "CANCEL": "caller_left"}
"""DIALSTATUS (app_dial.c) -> how a pass ended; everything else failed. Of a warm transfer, it is the agent who gives up."""
WARM = "warm"


@dataclass(frozen=True, slots=True)
class Record:
    """One line of queue_log."""

    at: datetime
    callid: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]

    @classmethod
    def parse(cls, line: str) -> Self | None:
        """None where the line is not one: a full disk or a crash leaves half lines behind."""
        parts = line.rstrip("\r\n").split("|")
        if len(parts) < 5 or not parts[4]:
            return None
        seconds, _, _ = parts[0].partition(".")
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 11):
            return None
        moment = datetime.fromtimestamp(int(seconds), UTC)
        return cls(moment, parts[1], queue_of(parts[2]), agent_of(parts[3]), parts[4], tuple(parts[5:]))

    def word(self, place: int) -> str:
        return self.data[place] if place < len(self.data) else ""

    def number(self, place: int) -> int:
        text = self.word(place)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@dataclass
class Ledger:
    """What must be remembered between lines; can be kept as JSON, for a restart may come between any two."""

    callers: dict[str, dict[str, str]] = field(default_factory=dict)
    """By callid: what our own line and ENTERQUEUE said of the caller."""
    talking: dict[str, dict[str, str]] = field(default_factory=dict)
    """By callid: conversations not over yet."""

    def follow(self, records: Iterable[Record]) -> list[Happening]:
        """What these records, in their order, say has happened."""
        return [happening for record in records for happening in self._one(record)]

    def _one(self, record: Record) -> list[Happening]:
        match record.event:
            case "HOTLINE":
                names = ("linkedid", "path", "type", "caller", "called", "category", "reference")
                self._remember(record.callid, {name: record.word(place) for place, name in enumerate(names)})
            case "HOTLINEASK":  # an agent asks whoever of the queue answers; no citizen is in it
                self._remember(record.callid, {"asks": record.word(0) or record.callid})
            case _ if self.callers.get(record.callid, {}).get("asks"):
                return []
            case "ENTERQUEUE":
                known = self.callers.get(record.callid, {})
                self._remember(record.callid, {"caller": record.word(1)} | {k: v for k, v in known.items() if v})
            case "CONNECT":
                return [self._answered(record)]
            case "ABANDON":
                self.callers.pop(record.callid, None)
            case "QUEUESTART":
                return self._all_ended(record.at)
            case "HOTLINEPASS" | "HOTLINEACCEPT" | "HOTLINEPASSEND":
                return [_passed(record)]
            case "HOTLINERATING":
                return [CallerRated(record.word(0), record.queue, record.agent, record.word(1), record.at)]
            case "HOTLINEJOIN":
                return [ColleagueAnswered(record.word(0), record.agent, record.at)]
            case "HOTLINEANSWER" if record.word(1) == "agent":
                return [ColleagueAnswered(record.word(0), record.agent, record.at)]
            case "HOTLINEOUT":
                return [CalledOut(record.word(0), record.agent, record.word(2), record.at)]
            case "HOTLINETRANSFER":
                return [Transferred(record.word(0), record.agent, record.word(1), record.word(2), record.at)]
            case event if event in ENDS:
                return self._ended(record)
        return []

    def _remember(self, callid: str, said: dict[str, str]) -> None:
        self.callers.pop(callid, None)
        self.callers[callid] = said
        while len(self.callers) > MOST_REMEMBERED:
            self.callers.pop(next(iter(self.callers)))

    def _answered(self, record: Record) -> AgentAnswered:
        known = self.callers.get(record.callid, {})
        linkedid = known.get("linkedid") or record.callid
        self.talking[record.callid] = {"linkedid": linkedid, "queue": record.queue, "agent": record.agent}
        return AgentAnswered(
            linkedid=linkedid, uniqueid=record.callid, queue=record.queue, agent=record.agent,
            path=known.get("path", ""), type=known.get("type", ""), caller=known.get("caller", ""),
            called=known.get("called", ""), at=record.at, waited_seconds=record.number(0),
            category=known.get("category", ""), reference=known.get("reference", ""),
        )  # fmt: skip

    def _ended(self, record: Record) -> list[Happening]:
        self.callers.pop(record.callid, None)
        call = self.talking.pop(record.callid, {})
        return [
            AgentCallEnded(
                linkedid=call.get("linkedid") or record.callid, uniqueid=record.callid, queue=record.queue,
                agent=record.agent, by=ENDS[record.event], at=record.at,
                talked_seconds=record.number(TALKED[record.event]),
            )
        ]  # fmt: skip

    def _all_ended(self, at: datetime) -> list[Happening]:
        """Asterisk has started: whoever was talking under the one before is not any more."""
        ended, self.talking = self.talking, {}
        self.callers.clear()
        return [
            AgentCallEnded(call["linkedid"], callid, call["queue"], call["agent"], "asterisk", at)
            for callid, call in ended.items()
        ]

    def forget(self, numbers: Collection[str]) -> None:
        """Callers who have one of these numbers."""
        self.callers = {callid: said for callid, said in self.callers.items() if said.get("caller") not in numbers}

    def copy(self) -> Ledger:
        """Independent of this one; what is kept of a caller is replaced, never changed."""
        return Ledger(dict(self.callers), dict(self.talking))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(dict(data["callers"]), dict(data["talking"]))


def _passed(record: Record) -> Happening:
    linkedid, where = record.word(0) or record.callid, record.agent
    if record.event == "HOTLINEACCEPT":
        return PassAccepted(linkedid, where, record.at)
    if record.event == "HOTLINEPASSEND":
        result = RESULTS.get(record.word(2), "failed")
        warm = record.word(1) == WARM
        return PassEnded(linkedid, where, "cancelled" if warm and result == "caller_left" else result, record.at, record.number(3), warm)
    return PassedOn(
        linkedid=linkedid, where=where, mode=record.word(7), path=record.word(1), type=record.word(2), caller=record.word(3),
        called=record.word(4), at=record.at, category=record.word(5), reference=record.word(6),
    )  # fmt: skip
