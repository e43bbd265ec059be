"""What can be asked of the floor while it runs: each part's handlers, put on one desk.

Imported after calls are taken, because the tables' packages take longer to load than everything callers need.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hotline.serve import talks
from hotline.settings import Settings
from queues import audit
from queues.ami import AmiLink
from queues.audit import Line
from queues.desk import Desk
from queues.events import Events
from queues.floor import Floor
from queues.storage import Database, Rows


async def opened(settings: Settings, link: AmiLink, floor: Floor, database: Callable[[], Awaitable[Database]]) -> Desk:
    """The desk with everything on it, listening. Raises OSError."""
    rows = Rows(database)

    async def written(line: Line) -> None:
        await rows.do(audit.write, line)

    desk = Desk(written)
    await asyncio.to_thread(talks.put_on, desk, settings, link, rows, Events(settings.home))
    await desk.open(settings.home)
    return desk
