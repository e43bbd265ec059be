"""Keeps what people are doing true, and app_queue in step with it: memberships, pauses, after-call work, missed calls.

    keeper = Keeper(link, floor, rows, city, tell)
    await keeper.start()           # reads the shifts of before, then follows the link
    ...
    await keeper.close()

Each event changes one person's Standing (pure); what app_queue should then know is compared with what it knows and
only the difference is sent, so a lost answer, a restart of ours or of Asterisk mends itself at the next resync.
The table says who is logged in; after a restart of ours Asterisk says who is paused, for it may have been told so by
the dialplan while we were away (ADR 0073).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog

from ivr.model import City
from queues import shifts
from queues.actor import NotRunning
from queues.ami import AmiLink
from queues.errors import AmiError
from queues.floor import Floor
from queues.members import Members
from queues.model import AgentState, Channel
from queues.phone_events import PhoneEvents
from queues.shift_rows import as_event, as_row, from_row, places, taken_back
from queues.standing import RINGS, Standing
from queues.storage import Rows
from queues.tables import Person
from queues.worklist import Worklist

TRY_AGAIN_SECONDS = 5.0
KNOWN_SECONDS = 3.0
HERE = "HOTLINE_FLOOR"  # a global variable of the dialplan: until when we are surely here
HERE_SECONDS = 9.0

log = structlog.get_logger()

Tell = Callable[[str, dict[str, Any]], None]
"""`events.say`."""


class Keeper:
    """Everybody who is logged in, by login and by phone."""

    def __init__(self, link: AmiLink, floor: Floor, rows: Rows, city: Callable[[], City], tell: Tell) -> None:
        self.people: dict[str, Standing] = {}
        self.by_phone: dict[str, Standing] = {}
        self.city = city
        self._link = link
        self._floor = floor
        self._rows = rows
        self._tell = tell
        self._members = Members(link, floor.picture)
        self._phones = PhoneEvents(self.by_phone, self._members, city, self.look)
        self._returned: set[str] = set()  # read from the table, not yet compared with Asterisk
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._unwritten: Worklist[Standing] = Worklist()
        self._out_of_step: Worklist[Standing] = Worklist()
        self._tasks: list[asyncio.Task[None]] = []
        self._known = asyncio.Event()
        self._city_taken: City | None = None
        floor.picture.staff = self.by_phone

    async def start(self) -> None:
        """After floor.start(): the picture is changed by an event before this hears of it."""
        self._phones.follow(self._link)
        self._link.on_connected(self._resynced)
        works = (self._say_that_we_are_here(), self._remember(), self._unwritten.follow(self._write_down), self._out_of_step.follow(self._bring_in_step))
        self._tasks = [asyncio.create_task(work) for work in works]

    async def close(self) -> None:
        """Stops; what was not written down yet is tried once more."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for timer in self._timers.values():
            timer.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._unwritten.once(self._write_down)

    async def known(self) -> None:
        """Returns once the shifts of before are read. Raises NotRunning where that takes too long."""
        try:
            async with asyncio.timeout(KNOWN_SECONDS):
                await self._known.wait()
        except TimeoutError:
            raise NotRunning("who is logged in is not known yet: the database does not answer") from None

    def begins(self, standing: Standing) -> None:
        """Somebody has logged in."""
        standing.device = self._device(standing.phone)
        standing.legs = {leg.uniqueid: _state(leg) for leg in self._floor.picture.channels.values() if leg.phone == standing.phone}
        self.people[standing.login] = self.by_phone[standing.phone] = standing
        self.look(standing, told=True)

    def ends(self, standing: Standing) -> None:
        """Somebody has logged out; app_queue has been told."""
        self.people.pop(standing.login, None)
        self.by_phone.pop(standing.phone, None)
        if timer := self._timers.pop(standing.login, None):
            timer.cancel()
        self._unwritten.drop(standing.login)
        self._out_of_step.drop(standing.login)
        self._say(standing, AgentState.LOGGED_OUT)
        self._floor.changed()

    def look(self, standing: Standing, *, told: bool = False) -> None:
        """Something may have changed for them; `told`: say so in any case."""
        if self.people.get(standing.login) is not standing or standing.login in self._returned:
            return  # what the table says counts only when Asterisk has been asked, too
        now = _now()
        if standing.look(now) or told:
            self._say(standing, standing.state)
            self._unwritten.put(standing.login, standing)
            self._floor.changed()
        self._out_of_step.put(standing.login, standing)
        if timer := self._timers.pop(standing.login, None):
            timer.cancel()
        due = standing.next_look()
        if due is not None:
            loop = asyncio.get_running_loop()
            self._timers[standing.login] = loop.call_later(max(0.0, due - now), self.look, standing)

    async def in_step(self, standing: Standing) -> None:
        """Tells app_queue what it does not know of this person yet. Raises AmiError."""
        await self._members.bring(standing)

    async def out(self, standing: Standing) -> None:
        """Takes them out of every queue. Raises AmiError."""
        await self._members.remove(standing.phone, standing.work_number, standing.memberships)

    def changed(self, person: Person) -> None:
        """Their skills, name or rest are others now."""
        if standing := self.people.get(person.login):
            fresh = from_row(person, standing.phone, self.city(), standing.logged_in_at)
            standing.name, standing.skills, standing.wrapup_seconds = fresh.name, fresh.skills, fresh.wrapup_seconds
            standing.memberships = fresh.memberships
            self.look(standing, told=True)

    def _device(self, phone: str) -> AgentState:
        states = {member.state for member in self._floor.picture.members.values() if member.phone == phone}
        return next(iter(states), AgentState.UNKNOWN)

    def _resynced(self) -> None:
        """The picture is true again: what everybody's phone does is taken from it."""
        picture = self._floor.picture
        legs: dict[str, dict[str, str]] = {}
        up: dict[str, str] = {}
        for leg in picture.channels.values():
            legs.setdefault(leg.phone, {})[leg.uniqueid] = _state(leg)
            if leg.up:
                up[leg.phone] = leg.linkedid
        devices = {member.phone: member for member in picture.members.values()}
        self._members.forget()
        self._take_city()
        for standing in list(self.people.values()):
            standing.legs = legs.get(standing.phone, {})
            member = devices.get(standing.phone)
            standing.device = member.state if member else AgentState.UNKNOWN
            if standing.login in self._returned:
                self._returned.discard(standing.login)
                taken_back(standing, member.pause_reason if member and member.paused else "", up.get(standing.phone, ""), self._phones.rest_seconds(standing), _now())
            if not standing.legs:
                self._phones.idle(standing)
            self.look(standing)

    def _take_city(self) -> None:
        """Another version may have been published: other queues, other skills wanted. Once for each set of skills."""
        city = self.city()
        if city is self._city_taken:
            return
        self._city_taken = city
        found: dict[tuple[tuple[str, int], ...], dict[str, int]] = {}
        for standing in self.people.values():
            skills = tuple(sorted(standing.skills.items()))
            if skills not in found:
                found[skills] = places(standing.skills, city)
            standing.memberships = found[skills]

    async def _say_that_we_are_here(self) -> None:
        """For the dialplan, which ends after-call work itself where nobody else does. What it had been told before is gone
        with its global variables when it was read again, which nothing announces."""
        while True:
            with contextlib.suppress(AmiError):
                if not (await self._link.action({"Action": "Getvar", "Variable": HERE}))["Value"]:
                    self._members.unseated()
                    for standing in list(self.people.values()):
                        self.look(standing)
                await self._link.action({"Action": "Setvar", "Variable": HERE, "Value": str(int(_now() + HERE_SECONDS))})
            await asyncio.sleep(HERE_SECONDS / 3)

    async def _remember(self) -> None:
        """The shifts of before, as soon as the database is there."""
        while True:
            try:
                known = await self._rows.do(shifts.everything)
                break
            except Exception as error:  # noqa: BLE001 - opening the database may raise whatever its driver does
                log.warning("who is logged in is not known yet", reason=type(error).__name__)
                await asyncio.sleep(TRY_AGAIN_SECONDS)
        for shift, person in known:
            standing = from_row(person, shift.phone, self.city(), shift.logged_in_at.timestamp(), shift)
            self.people[standing.login] = self.by_phone[standing.phone] = standing
            self._returned.add(standing.login)
        self._known.set()
        self._link.ask_resync()

    async def _write_down(self, standing: Standing) -> None:
        try:
            await self._rows.do(shifts.keep, as_row(standing))
        except Exception as error:  # noqa: BLE001 - as above; the next change, or the next look, writes it
            log.warning("state not written down", agent=standing.login, reason=type(error).__name__)
            await asyncio.sleep(TRY_AGAIN_SECONDS)
            self._unwritten.put(standing.login, standing)

    async def _bring_in_step(self, standing: Standing) -> None:
        try:
            await self._members.bring(standing)
        except AmiError as error:  # the next resync looks again
            log.warning("app_queue not told", agent=standing.login, reason=str(error))

    def _say(self, standing: Standing, state: AgentState) -> None:
        self._tell("agent", as_event(standing, state))


def _state(leg: Channel) -> str:
    """As near as a list of all channels says it."""
    return "6" if leg.up else RINGS


def _now() -> float:
    return datetime.now(UTC).timestamp()
