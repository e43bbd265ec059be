"""Waiting callers wired up: what they are told, the promise to call back, and whom a person has blocked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from hotline import blocks as blocked
from hotline import menus
from hotline.asterisk import AsteriskFailed
from hotline.serve import revisits
from hotline.serve.people import Cities
from hotline.settings import Settings
from ivr.model import City
from ivr.queueing import CallBacks
from queues import blocks
from queues.actor import LEADERS, STAFF, Actor, Refused
from queues.ami import AmiLink
from queues.callback_floor import CallBackFloor
from queues.desk import Desk
from queues.floor import Floor
from queues.storage import Database as Storage
from queues.storage import Rows
from queues.waiting import Announcer
from tickets.database import Database


def started(settings: Settings, link: AmiLink, floor: Floor, desk: Desk, database: Callable[[], Awaitable[Database]]) -> list[asyncio.Task[None]]:
    """What is to be cancelled at the end."""
    cities, rows = Cities(settings), Rows(database)

    async def rules() -> tuple[CallBacks, str, bool]:
        return await asyncio.to_thread(_rules, settings, cities)

    queue_log = settings.home / "asterisk" / "log" / "queue_log"
    calling_back = CallBackFloor(link, rows, queue_log, rules)
    calling_back.serve(desk)
    Blocking(settings, rows).serve(desk)
    announcer = Announcer(link, floor.picture, cities)
    revisiting = revisits.started(settings, link, floor, cities, database)
    return [asyncio.create_task(calling_back.run()), asyncio.create_task(announcer.run()), *([revisiting] if revisiting else [])]


class Blocking:
    """What can be asked about blocked numbers and nuisance; the file that Asterisk reads follows each change."""

    def __init__(self, settings: Settings, rows: Rows) -> None:
        self._settings, self._rows = settings, rows

    def serve(self, desk: Desk) -> None:
        desk.add("block.add", self.add, roles=LEADERS, target="number")
        desk.add("block.remove", self.remove, roles=LEADERS, target="number")
        desk.add("nuisance.note", self.note, roles=STAFF, target="number")

    async def add(self, by: Actor, number: str, reason: str, days: int) -> dict[str, Any]:
        await asyncio.to_thread(blocked.check, self._settings, number)
        row = await self._rows.do(blocks.add, by, number, reason, days)
        await self._write()
        return {"number": number, "until": row.until.isoformat()}

    async def remove(self, by: Actor, number: str) -> dict[str, Any]:
        await self._rows.do(blocks.remove, by, number)
        await self._write()
        return {"number": number}

    async def note(self, by: Actor, number: str, seen: str, linkedid: str = "") -> dict[str, Any]:
        row = await self._rows.do(blocks.note_nuisance, by, number, seen, linkedid)
        return {"id": row.id}

    async def _write(self) -> None:
        try:
            await self._rows.do(_written, self._settings)
        except (AsteriskFailed, OSError) as error:
            raise Refused(503, "Service Unavailable", "it is written down, but Asterisk does not know it yet: it will at its next start") from error


def _written(database: Storage, settings: Settings) -> None:
    blocked.write(settings, database)


def _rules(settings: Settings, cities: Callable[[], City]) -> tuple[CallBacks, str, bool]:
    """What may be called back, the current version, and whether people are called at this time of the day."""
    city = cities()
    rules = city.waiting.callbacks
    clock = datetime.now(city.timezone).strftime("%H:%M")
    return rules, str(menus.Store.of(settings).current() or ""), rules.first <= clock < rules.last
