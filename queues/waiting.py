"""Tells waiting callers where they stand and how long it may take, without making anybody wait for it (ADR 0079).

The telling comes from outside: a leg of ours whispers it into the caller's channel while Queue() plays its music and goes
on looking for an agent. When an agent answers, the whisper ends at once. Without the service callers hear the music.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import monotonic

import structlog

from ivr.model import City, Queue
from ivr.prompts import HEARD_WAITING, of_position, of_wait
from queues.ami import AmiLink
from queues.errors import AmiError
from queues.estimate import RECENT_CALLS, Crowd, agents, handle_seconds, minutes, wait_seconds
from queues.event import Answer, Event
from queues.names import AFTER_CALL_WORK, IN_CALL, PREFIX, phone_of, queue_of
from queues.skills import ANYONE
from queues.state import Picture

LOOK_SECONDS = 1.0
FIRST_SECONDS = 3.0  # of music, before anything is said
MOST_AT_ONCE = 20  # whispers begun at one look: each is two legs
UNREACHABLE = ("4", "5")  # device states: invalid, unavailable
FREE = "1"
AT_WORK = frozenset((IN_CALL, AFTER_CALL_WORK))

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Standing:
    """One caller in one of Asterisk's queues, as QueueStatus has it."""

    uniqueid: str
    channel: str
    section: str
    position: int
    waited: float


class Announcer:
    """Runs beside the floor; `city` gives the queues as they are now."""

    def __init__(self, link: AmiLink, picture: Picture, city: Callable[[], City]) -> None:
        self._link, self._picture, self._city = link, picture, city
        self._told: dict[str, float] = {}
        self._whispers: dict[str, str] = {}
        self._recent: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=RECENT_CALLS))
        self._numbers = itertools.count(1)
        link.subscribe("AgentComplete", self._completed)
        link.subscribe("AgentConnect", self._connected)
        link.subscribe("QueueCallerLeave", self._connected)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                if self._link.connected:
                    await self.look()
            except AmiError as error:
                log.warning("waiting callers are not told", reason=str(error))
            except Exception:  # noqa: BLE001 - outermost: callers who are told nothing hear music, and that is all
                log.exception("waiting callers are not told")
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Tells those whose time has come. Raises AmiError."""
        queues = self._city().queues
        waiting = self._picture.waiting
        self._told = {caller: at for caller, at in self._told.items() if caller in waiting}
        wanted = {one.queue for one in list(waiting.values()) if (queue := queues.get(one.queue)) and _says(queue) and self._due(one.uniqueid, queue)}
        if not wanted:
            return
        answer = await self._link.action({"Action": "QueueStatus"})
        callers = [one for one in standing(answer) if one.uniqueid in waiting]
        busy = {one.section for one in standing(answer)}
        due = [one for one in callers if queue_of(one.section) in wanted and one.waited >= FIRST_SECONDS and self._due(one.uniqueid, queues[queue_of(one.section)])]
        for caller in due[:MOST_AT_ONCE]:
            queue = queues[queue_of(caller.section)]
            guess = self.expected(answer, busy, caller, queue)
            said = told(queue, caller.position, guess, first=caller.uniqueid not in self._told)
            self._told[caller.uniqueid] = monotonic()
            if said:
                await self._whisper(caller, said)

    def expected(self, answer: Answer, busy: Iterable[str], caller: Standing, queue: Queue) -> float | None:
        """The seconds this caller will still wait, as far as that can be known."""
        there = list(_members(answer, caller.section))
        sections = self._picture.sections
        taken = [set(sections.get(phone_of(member["Interface"] or member["Location"]), {caller.section: 0})) for member in there]
        free = sum(member["Status"] == FREE and member["Paused"] != "1" for member in there)
        handle = handle_seconds(list(self._recent[queue.name]), queue.handle_seconds)
        return wait_seconds(Crowd(caller.position, agents(caller.section, taken, busy), free), handle)

    def _due(self, uniqueid: str, queue: Queue) -> bool:
        at = self._told.get(uniqueid)
        return at is None or (queue.say != "nothing" and monotonic() - at >= queue.say_seconds)

    async def _whisper(self, caller: Standing, prompts: tuple[str, ...]) -> None:
        language = (await self._link.action({"Action": "Getvar", "Channel": caller.channel, "Variable": "CHANNEL(language)"}))["Value"]
        id_ = f"whisper-{caller.uniqueid}-{next(self._numbers)}"
        self._whispers[caller.uniqueid] = id_
        said = "&".join(f"hotline/{prompt}" for prompt in prompts)
        await self._link.action(
            {
                "Action": "Originate", "Channel": "Local/s@hotline-whisper/n", "Context": "hotline-whisper", "Exten": "ear", "Priority": "1",
                "Async": "true", "Timeout": 5000, "ChannelId": id_, "OtherChannelId": f"{id_}-voice",
                "Variable": [f"HOTLINE_EAR={caller.uniqueid}", f"__HOTLINE_SAID={said}", f"__HOTLINE_SPOKEN={language}"],
            }
        )  # fmt: skip

    async def _connected(self, event: Event) -> None:
        """The caller has gone to an agent or elsewhere: whatever is still being said ends now."""
        id_ = self._whispers.pop(event["Uniqueid"], None)
        if id_ is None:
            return
        with contextlib.suppress(AmiError):  # it was over already
            await self._link.action({"Action": "Hangup", "Channel": id_})

    def _completed(self, event: Event) -> None:
        name = queue_of(event["Queue"])
        queue = self._city().queues.get(name)
        self._recent[name].append(event.number("TalkTime") + (queue.wrapup_seconds if queue else 0))


def standing(answer: Answer) -> Iterator[Standing]:
    """Every caller of an answer to QueueStatus."""
    for event in answer.events:
        if event.name == "QueueEntry" and event["Queue"].startswith(PREFIX):
            yield Standing(event["Uniqueid"], event["Channel"], event["Queue"], max(1, event.number("Position")), event.number("Wait"))


def _members(answer: Answer, section: str) -> Iterator[Event]:
    """Who may take this queue's callers and can be reached; of those who need a skill, whoever has it, if anybody has."""
    there = [
        event for event in answer.events
        if event.name == "QueueMember" and event["Queue"] == section and event["Status"] not in UNREACHABLE and not _away(event)
    ]  # fmt: skip
    able = [event for event in there if event.number("Penalty") < ANYONE]
    yield from able or there


def _away(event: Event) -> bool:
    """On a break; a pause while talking or writing is none."""
    return event["Paused"] == "1" and event["PausedReason"] not in AT_WORK


def _says(queue: Queue) -> bool:
    return queue.say != "nothing" or bool(queue.keys)


def told(queue: Queue, position: int, seconds: float | None, *, first: bool) -> tuple[str, ...]:
    """What this caller hears now: the prompts, one after another. Without an estimate, nothing is said of time."""
    said = []
    if queue.say in ("position", "both"):
        said.append(of_position(position))
    if queue.say in ("wait", "both") and seconds is not None:
        said.append(of_wait(minutes(seconds)))
    if first and queue.keys:
        said.append(HEARD_WAITING)
    return tuple(said)
