"""What can be asked of the floor while it runs: each part's handlers, put on one desk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from agi.server import AgiServer
from hotline.secrets import desk_secret, pin_key
from hotline.serve import captions, talks
from hotline.serve.codes import Codes
from hotline.serve.people import Cities, phones_of
from hotline.serve.progress import Lookups
from hotline.settings import Settings
from queues import audit
from queues.actor import ADMINISTRATOR, Actor
from queues.ami import AmiLink
from queues.audit import Line
from queues.desk import Desk
from queues.events import Events
from queues.floor import Floor
from queues.keeper import Keeper
from queues.logins import Logins
from queues.storage import Rows
from speech.live import Ears
from tickets.database import Database


async def opened(
    settings: Settings, link: AmiLink, floor: Floor, database: Callable[[], Awaitable[Database]], server: AgiServer, ears: Ears
) -> Desk:
    """The desk with everything on it, listening. Raises OSError."""
    rows = Rows(database)

    async def written(line: Line) -> None:
        await rows.do(audit.write, line)

    async def phone_of(login: str) -> str:
        return await rows.do(talks.phone_of_login, login)

    desk, cities, events = Desk(written), Cities(settings), Events(settings.home)
    keeper = Keeper(link, floor, rows, cities, events.say)
    Logins(keeper, rows, cities, partial(phones_of, settings, cities)).put_on(desk)
    await keeper.start()
    desk.at_close(keeper.close)
    server.codes = Codes(desk, cities, desk_secret(settings))
    server.lookup = Lookups(database, pin_key(settings), cities, desk_secret(settings))
    await asyncio.to_thread(talks.put_on, desk, settings, link, rows, events, floor, keeper.people)
    captions.put_on(desk, link, floor, ears, events.say, phone_of, cities)
    desk.add("person.forget", partial(_forget, floor), roles=frozenset((ADMINISTRATOR,)), changes=False)  # the erasure has its own line
    await desk.open(settings.home)
    return desk


async def _forget(floor: Floor, _: Actor, numbers: list[str]) -> dict[str, Any]:
    """A citizen whose data is erased; `numbers` as Asterisk may write theirs."""
    await floor.forget(numbers)
    return {}
