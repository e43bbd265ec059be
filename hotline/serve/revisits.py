"""Return visits wired up: in allowed hours, on few lines and never while callers wait, the citizens of tickets that are done are called.

In telephony, which has the link. Everything that touches the database or a file runs in threads; what Asterisk does is read
from queue_log, as for call-backs, so an order whose answer was lost is not guessed at, and nothing is lost by a restart.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hotline import menus
from hotline.cases import CityRules
from hotline.settings import Settings
from ivr.calendar import Calendar
from ivr.model import City
from ivr.revisits import Revisits
from queues.ami import AmiLink
from queues.errors import ActionRefused, AmiError
from queues.event import Answer
from queues.floor import Floor
from queues.log_file import Bookmark, LogFile
from queues.records import Record
from tickets import revisits
from tickets.case import Cases
from tickets.database import Database
from tickets.revisits import Call, Line

LOOK_SECONDS = 2.0
GATHER_SECONDS = 10.0
EVENT = "HOTLINEREVISIT"
LEG = re.compile(r"Local/r([0-9A-Z]{26})@hotline-revisits-")
ACCOUNT = re.compile(r"r([0-9A-Z]{26})")
LANGUAGE = re.compile(r"[a-z]{2,3}")
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Now:
    """What the city wants at this moment."""

    rules: Revisits
    version: str
    called: str
    """The number that the survey is entered by, and that the call counts for."""
    allows: Callable[[str], bool]
    calling: bool


class Revisiting:
    """`run` until cancelled. `now` may read files and is called in threads; `free`: whether no caller waits."""

    def __init__(self, link: AmiLink, database: Callable[[], Awaitable[Database]], settings: Settings, now: Callable[[], Now], free: Callable[[], bool]) -> None:
        self._link, self._database, self._now, self._free = link, database, now, free
        self._rules = CityRules(settings)
        self._log = LogFile(settings.home / "asterisk" / "log" / "queue_log")
        self._gathered = -GATHER_SECONDS

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except (AmiError, SQLAlchemyError, OSError) as error:
                log.warning("return visits wait", reason=type(error).__name__)
            except Exception:  # noqa: BLE001 - outermost: one bad row must not end all return visits
                log.exception("return visits are not made")
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Reads on, moves tickets, and calls whom there is to call. Raises AmiError, SQLAlchemyError, OSError."""
        now = await asyncio.to_thread(self._now)
        if not now.rules.enabled:
            return
        cases = Cases(await self._database(), self._rules)
        gather = monotonic() - self._gathered >= GATHER_SECONDS
        await asyncio.to_thread(self._keep_up, cases, now, gather)
        if gather:
            self._gathered = monotonic()
        if not self._link.connected:
            return
        running = await asyncio.to_thread(revisits.busy, cases.database)
        if running:
            living = legs(await self._link.action({"Action": "CoreShowChannels"}))
            if living is not None:
                await asyncio.to_thread(revisits.lost, cases.database, living, now.rules, datetime.now(UTC))
        if now.calling and self._free() and running < now.rules.lines:
            for call in await asyncio.to_thread(revisits.due, cases, now.rules.lines - running):
                await self._order(cases, call, now)

    def _keep_up(self, cases: Cases, now: Now, gather: bool) -> None:
        """In a thread."""
        with cases.database.writes() as session:
            before = revisits.place(session)
            lines, after = self._log.read(Bookmark(**before) if before else None)
            if lines or not before:
                told = [record for record in map(Record.parse, lines) if record is not None and record.event == EVENT]
                place = {"device": after.device, "inode": after.inode, "head": after.head, "offset": after.offset} if after else {}
                revisits.follow(session, [Line(record.at, record.data) for record in told], place, now.rules)
        revisits.settle(cases)
        if gather:
            revisits.gather(cases, now.rules, now.allows)

    async def _order(self, cases: Cases, call: Call, now: Now) -> None:
        """Once. An unknown result is looked at later, by the legs and the log."""
        variables = {
            "__HOTLINE_REVISIT": call.id, "__HOTLINE_BACK": call.number, "__HOTLINE_BACK_RING": now.rules.ring_seconds, "__HOTLINE_VERSION": now.version,
            "__HOTLINE_CALLED": now.called, "__HOTLINE_REFERENCE": call.ticket,
            "__HOTLINE_LANGUAGE": call.language if LANGUAGE.fullmatch(call.language) else "",
        }  # fmt: skip
        try:
            await self._link.action(
                {
                    "Action": "Originate", "Channel": f"Local/r{call.id}@hotline-revisits/n", "Application": "Wait", "Data": "120", "Async": "true",
                    "Timeout": 30_000, "Variable": [f"{name}={value}" for name, value in variables.items()],
                }
            )  # fmt: skip
            log.info("return visit", ticket=call.ticket)
        except ActionRefused as error:
            await asyncio.to_thread(revisits.refused, cases.database, call.id, datetime.now(UTC), "the telephone system refused")
            log.warning("no return visit", ticket=call.ticket, reason=str(error))


def legs(channels: Answer) -> frozenset[str] | None:
    """The visits whose legs stand. None where the list is not whole."""
    rows = [event for event in channels.events if event["Uniqueid"]]
    last = channels.events[-1] if channels.events else None
    if last is None or last.name != "CoreShowChannelsComplete" or last.number("ListItems") != len(rows):
        return None
    found = [LEG.match(row["Channel"]) or ACCOUNT.fullmatch(row["AccountCode"]) for row in rows]
    return frozenset(leg[1] for leg in found if leg)


def started(
    settings: Settings, link: AmiLink, floor: Floor, cities: Callable[[], City], database: Callable[[], Awaitable[Database]]
) -> asyncio.Task[None] | None:
    """The task, to be cancelled at the end; None where there is no line to call out by."""
    if settings.file.sip.outbound is None:
        return None

    def now() -> Now:
        city = cities()
        version = str(menus.Store.of(settings).current() or "")
        calling = calls_now(city.revisits, city.calendar, datetime.now(city.timezone))
        return Now(city.revisits, version, city.root, city.waiting.callbacks.allows, calling)

    def free() -> bool:
        return not any(queue.waiting for queue in floor.picture.queues())

    return asyncio.create_task(Revisiting(link, database, settings, now, free).run())


def calls_now(rules: Revisits, calendar: Calendar, moment: datetime) -> bool:
    """Whether citizens are called at this moment of the city's own clock."""
    if not rules.first <= moment.strftime("%H:%M") < rules.last:
        return False
    if rules.days == "every":
        return True
    day = moment.date()
    return day in calendar.workdays or (day.weekday() < 5 and day not in calendar.holidays)
