"""What can be asked of the floor while it runs: each part's handlers, put on one desk.

Imported after calls are taken, because the tables' packages take longer to load than everything callers need.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hotline.settings import Settings
from queues import audit
from queues.ami import AmiLink
from queues.audit import Line
from queues.desk import Desk
from queues.floor import Floor
from queues.storage import Database, Rows


async def opened(settings: Settings, link: AmiLink, floor: Floor, database: Callable[[], Awaitable[Database]]) -> Desk:
    """The desk with everything on it, listening. Raises OSError."""
    rows = Rows(database)

    async def written(line: Line) -> None:
        await rows.do(audit.write, line)

    desk = Desk(written)
    await desk.open(settings.home)
    return desk
