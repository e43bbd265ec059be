"""What is asked of people's shifts at the desk: log in and out, break, ready again; by API, by a command, at a phone.

Log-in is in this order: the person may, the phone is there and free, the table takes it (it holds one agent a phone and
one phone an agent, whoever asks first), app_queue takes the memberships. Where app_queue does not, the row goes again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ivr.model import City
from queues import people, shifts
from queues.actor import LEADERS, STAFF, Actor, Refused, only_themselves
from queues.desk import Desk
from queues.errors import AmiError
from queues.keeper import Keeper
from queues.shift_rows import as_event, as_row, from_row
from queues.standing import Standing
from queues.storage import Rows
from queues.tables import Person


@dataclass(frozen=True, slots=True)
class PhoneFacts:
    """A phone that was added, and the queues it is a fixed member of."""

    name: str
    fixed: tuple[str, ...] = ()


Phones = Callable[[], Mapping[str, PhoneFacts]]


class Logins:
    """The handlers; `put_on(desk)` names them."""

    def __init__(self, keeper: Keeper, rows: Rows, city: Callable[[], City], phones: Phones) -> None:
        self._keeper = keeper
        self._rows = rows
        self._city = city
        self._phones = phones

    def put_on(self, desk: Desk) -> None:
        desk.add("agent.login", self.login, roles=STAFF, target="login")
        desk.add("agent.login_at_phone", self.login_at_phone, roles=STAFF, target="work_number")
        desk.add("agent.logout", self.logout, roles=STAFF, target="login")
        desk.add("agent.pause", self.pause, roles=STAFF, target="login")
        desk.add("agent.ready", self.ready, roles=STAFF, target="login")
        desk.add("agent.unlock", self.unlock, roles=LEADERS, target="login")
        desk.add("agent.changed", self.changed, roles=LEADERS, changes=False)
        desk.add("agent.at_phone", self.at_phone, roles=STAFF, changes=False)

    async def login(self, by: Actor, login: str, phone: str) -> dict[str, Any]:
        only_themselves(by, login)
        return await self._log_in(await self._rows.do(people.find, login), phone)

    async def login_at_phone(self, by: Actor, work_number: str, pin: str, phone: str) -> dict[str, Any]:
        """With work number and PIN, dialled at the phone itself."""
        return await self._log_in(await self._rows.do(people.by_pin, work_number, pin), phone)

    async def logout(self, by: Actor, login: str) -> dict[str, Any]:
        only_themselves(by, login)
        standing = await self._standing(login)
        await self._keeper.out(standing)
        await self._rows.do(shifts.end, login)
        await self._rows.do(people.left, login, datetime.now(UTC))
        self._keeper.ends(standing)
        return {"agent": login, "state": "logged_out", "phone": standing.phone}

    async def pause(self, by: Actor, login: str, reason: str) -> dict[str, Any]:
        only_themselves(by, login)
        known = self._city().pauses
        if reason not in known:
            raise Refused(422, "Unprocessable Content", f"no such reason {reason[:40]!r} (there are: {', '.join(known)})", reasons=list(known))
        standing = await self._standing(login)
        minutes = known[reason].minutes
        standing.takes_break(reason, datetime.now(UTC).timestamp() + minutes * 60 if minutes else None)
        return await self._now(standing)

    async def ready(self, by: Actor, login: str) -> dict[str, Any]:
        """Ends a break, the work after a call, the consequence of missed calls."""
        only_themselves(by, login)
        standing = await self._standing(login)
        standing.is_ready()
        return await self._now(standing)

    async def unlock(self, by: Actor, login: str) -> dict[str, Any]:
        await self._rows.do(people.unlock, login)
        return {"agent": login}

    async def changed(self, by: Actor, login: str) -> dict[str, Any]:
        """Somebody wrote into the table: whoever is logged in becomes what it says now."""
        self._keeper.changed(await self._rows.do(people.find, login))
        return {"agent": login}

    async def at_phone(self, by: Actor, phone: str) -> dict[str, Any]:
        """Who is logged in there."""
        await self._keeper.known()
        standing = self._keeper.by_phone.get(phone)
        if standing is None:
            raise Refused(409, "Conflict", f"nobody is logged in at phone {phone[:40]}")
        return as_event(standing, standing.state)

    async def _log_in(self, person: Person, phone: str) -> dict[str, Any]:
        await self._keeper.known()
        if not person.active:
            raise Refused(403, "Forbidden", f"{person.login} does not work here any more")
        self._phone_is_free(person.login, phone)
        if (there := self._keeper.people.get(person.login)) is not None:
            return as_event(there, there.state)  # at this very phone: asked twice
        standing = from_row(person, phone, self._city(), datetime.now(UTC).timestamp())
        await self._rows.do(shifts.begin, as_row(standing))
        try:
            await self._keeper.out(standing)  # what somebody before may have left in app_queue
            await self._keeper.in_step(standing)
        except AmiError:
            await self._rows.do(shifts.end, person.login)
            raise
        self._keeper.begins(standing)
        return as_event(standing, standing.state)

    def _phone_is_free(self, login: str, phone: str) -> None:
        known = self._phones().get(phone)
        if known is None:
            raise Refused(404, "Not Found", f"there is no phone {phone[:40]!r}")
        if known.fixed:
            where = ", ".join(known.fixed)
            raise Refused(409, "Conflict", f"phone {phone} is itself a member of {where}; nobody can log in there", phone=phone)
        other = self._keeper.by_phone.get(phone)
        if other is not None and other.login != login:
            raise Refused(409, "Conflict", f"{other.login} is logged in at phone {phone}", phone=phone, agent=other.login)
        mine = self._keeper.people.get(login)
        if mine is not None and mine.phone != phone:
            raise Refused(409, "Conflict", f"{login} is logged in at phone {mine.phone}; log out there first", phone=mine.phone, agent=login)

    async def _standing(self, login: str) -> Standing:
        await self._keeper.known()
        standing = self._keeper.people.get(login)
        if standing is None:
            raise Refused(409, "Conflict", f"{login[:40]} is not logged in")
        return standing

    async def _now(self, standing: Standing) -> dict[str, Any]:
        self._keeper.look(standing)
        await self._keeper.in_step(standing)
        return as_event(standing, standing.state)
