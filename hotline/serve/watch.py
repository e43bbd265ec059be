"""Watches the floor for what a supervisor must know at once: picture, rates and messages to alarms, told in every way there is.

In telephony, which has the picture. What needs the database or a file is asked in a thread, every few seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hotline import city, menus
from hotline.settings import Settings
from ivr.alarming import Limits
from ivr.faults import CityRefused
from queues import alarm_file
from queues.actor import LEADERS, Actor, Refused
from queues.alarm_file import Rates
from queues.alarms import TITLES, Alarm, Board, Change, Kind, Late, NoSuchAlarm, Paused, QueueNow, Reading, Surge
from queues.ami import AmiLink
from queues.desk import Desk
from queues.events import Events
from queues.floor import Floor
from queues.live_events import LiveEvents
from queues.model import Agent, AgentState
from queues.names import AFTER_CALL_WORK, IN_CALL, MISSED, TOO_MANY_MISSED
from tickets import surges
from tickets import watch as tickets
from tickets.spool import Spool
from tickets.store import Store

EVERY_SECONDS = 1.0
SLOW_SECONDS = 10.0
MOST_SURGES = 20  # at once, with an alarm each; `hotline surges` lists all
LONGEST_MATTER = 60  # characters of an alarm's key, which is a part of an address
MOST_LATE = 50  # tickets with an alarm each; /metrics counts them all
OURS = (AFTER_CALL_WORK, IN_CALL, MISSED)  # why app_queue is told to pause somebody who asked for nothing
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Slow:
    """What is not asked every second."""

    limits: Limits = Limits()
    rates: Rates | None = None
    oldest_message_at: float | None = None
    late: tuple[Late, ...] | None = None
    surges: tuple[Surge, ...] | None = None


class Watch:
    """`slow` gives limits, rates and the oldest message; `paused` who is on a break, None: not known."""

    def __init__(
        self, home: Path, link: AmiLink, floor: Floor, events: Events, slow: Callable[[], Awaitable[Slow]], paused: Callable[[], tuple[Paused, ...] | None]
    ) -> None:
        self._path = alarm_file.where(home)
        self._link, self._floor, self._events = link, floor, events
        self._ask_slow, self._paused = slow, paused
        self._slow = Slow()
        before = alarm_file.read(self._path)
        self._board = Board({alarm.key: alarm for alarm in before.alarms} if before else {})

    def serve(self, desk: Desk) -> None:
        """Puts what can be asked of it on the desk."""
        desk.add("alarm.acknowledge", self._acknowledge, roles=LEADERS, target="key")

    async def run(self) -> None:
        """Until cancelled."""
        asked = 0.0
        while True:
            try:
                if time.monotonic() - asked >= SLOW_SECONDS or not asked:
                    asked = time.monotonic()
                    self._slow = await self._ask_slow()
                self._look(time.time())
                await self._write()
            except Exception as error:  # noqa: BLE001 - outermost: whoever watches must not fall asleep for ever
                log.error("alarms are not watched", reason=str(error) or repr(error))
            await asyncio.sleep(EVERY_SECONDS)

    def _look(self, now: float) -> None:
        for change in self._board.look(self._reading(now), self._slow.limits):
            tell(change, self._events)

    def _reading(self, now: float) -> Reading:
        slow = self._slow
        linked = self._link.connected and bool(self._floor.picture.strategies)
        return Reading(
            now, tuple(_queue(view.name, view.logged_in, [waiting.since for waiting in view.waiting]) for view in self._floor.picture.queues()) if linked else None,
            self._paused() if linked else None,
            slow.rates.connection if slow.rates else None, slow.rates.service if slow.rates else None, slow.oldest_message_at,
            slow.late, slow.surges,
        )  # fmt: skip

    async def _write(self) -> None:
        await asyncio.to_thread(alarm_file.write, self._path, self._board, time.time())

    async def _acknowledge(self, by: Actor, key: str) -> dict[str, Any]:
        try:
            alarm = self._board.acknowledge(key, str(by), time.time())
        except NoSuchAlarm:
            raise Refused(404, "Not Found", f"no alarm {key[:80]!r} is on") from None
        await self._write()  # before anybody is told: it must outlive this process
        self._events.say("alarm", {"what": "acknowledged", **alarm.as_json()})
        log.info("alarm acknowledged", key=alarm.key, by=alarm.acknowledged_by)
        return alarm.as_json()


def tell(change: Change, events: Events) -> None:
    """In the log and to whoever listens."""
    alarm = change.alarm
    events.say("alarm", {"what": "raised" if change.raised else "ended", **alarm.as_json()})
    say = log.warning if change.raised else log.info
    say("alarm" if change.raised else "alarm over", key=alarm.key, title=TITLES[alarm.kind], value=_shown(alarm), limit=alarm.limit)


def started(settings: Settings, link: AmiLink, floor: Floor, desk: Desk, register: Callable[[], Awaitable[Store]]) -> asyncio.Task[None]:
    """The watch of a running hotline; cancel the task to end it."""
    spool, rates = Spool(settings.spool), alarm_file.rates_where(settings.home)

    def asked(store: Store | None) -> Slow:
        counted = alarm_file.read_rates(rates, time.time())
        return Slow(_limits(settings), counted, _oldest(store, spool), _late(store), _surges(store)) if store else Slow(_limits(settings), counted)

    async def slow() -> Slow:
        try:
            store: Store | None = await register()
        except Exception:  # noqa: BLE001 - outermost: whatever the database's driver raises, the floor is watched
            store = None
        return await asyncio.to_thread(asked, store)

    events = Events(settings.home)
    floor.on_written.append(LiveEvents(events.say).tell)
    watch = Watch(settings.home, link, floor, events, slow, on_a_break(floor))
    watch.serve(desk)
    return asyncio.create_task(watch.run())


def _limits(settings: Settings) -> Limits:
    try:
        return city.now(settings).alarms
    except (menus.PublishError, CityRefused):
        return Limits()


def _oldest(store: Store, spool: Spool) -> float | None:
    """When the oldest message or fax came that nobody has handled, ticket or not yet; 0 where there is none, None: not known."""
    try:
        first = store.oldest_unhandled()
        moments = [first.timestamp()] if first else []
        moments += [datetime.fromisoformat(item.opened_at).timestamp() for item in spool.waiting() if item.opened_at]
    except (OSError, ValueError, SQLAlchemyError):
        return None
    return min(moments, default=0.0)


def _late(store: Store) -> tuple[Late, ...] | None:
    """Tickets past their deadline, the longest first; None: not known."""
    try:
        return tuple(Late(number, due_at.timestamp()) for number, due_at in tickets.late(store.database, MOST_LATE))
    except SQLAlchemyError:
        return None


def _surges(store: Store) -> tuple[Surge, ...] | None:
    """Those that go on, the newest first; no citizen is in what names them. None: not known."""
    try:
        rows = surges.listed(store.database, MOST_SURGES)
    except SQLAlchemyError:
        return None
    return tuple(Surge(_matter(row.place, row.words), row.began_at.timestamp(), row.callers) for row in rows)


def _matter(place: str, words: str) -> str:
    return " ".join(f"{place} {words}".replace("/", " ").split())[:LONGEST_MATTER]


def on_a_break(floor: Floor) -> Callable[[], tuple[Paused, ...]]:
    """Who is on a break that should end: a person's by its reason's limit, a phone without a person's since it was first seen."""
    first_seen: dict[str, float] = {}

    def paused() -> tuple[Paused, ...]:
        agents = floor.picture.agents()
        phones = [agent.phone for agent in agents if not agent.login and agent.paused and agent.pause_reason not in OURS]
        for gone in first_seen.keys() - set(phones):
            del first_seen[gone]
        people = [found for agent in agents if agent.login and (found := _of_person(agent))]
        return (*people, *(Paused(phone, first_seen.setdefault(phone, time.time())) for phone in phones))

    return paused


def _of_person(agent: Agent) -> Paused | None:
    if agent.state is not AgentState.PAUSED or agent.since is None or agent.why == MISSED:
        return None
    if agent.until is not None:
        return Paused(agent.login, agent.since, agent.until - agent.since)
    return Paused(agent.login, agent.since) if agent.why == TOO_MANY_MISSED else None  # a break without a limit is never too long


def _queue(name: str, logged_in: int, came: list[float]) -> QueueNow:
    return QueueNow(name, logged_in, min(came, default=None))


def _shown(alarm: Alarm) -> str:
    if alarm.kind is Kind.SURGE:
        return f"{alarm.value:.0f} callers"
    return f"{alarm.value:.1%}" if alarm.limit <= 1 and alarm.kind in ("connection", "service") else f"{alarm.value:.0f} s"
