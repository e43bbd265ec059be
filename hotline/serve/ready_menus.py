"""Reads a new version's menus before its first caller comes: it takes a third of a second that all callers would wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from hotline import menus

LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)


async def keep_ready(versions: menus.Store, loaded: Callable[[int], None] = lambda number: None) -> None:
    """Until it is cancelled; in a thread, beside the calls. What cannot be read, calls find out natively."""
    known: int | None = None
    while True:
        try:
            current = await asyncio.to_thread(versions.current)
            if current is not None and current != known:
                known = current
                await asyncio.to_thread(versions.load, current)
                loaded(current)
        except (menus.PublishError, OSError) as error:
            log.warning("menus not read beforehand", reason=str(error))
        await asyncio.sleep(LOOK_SECONDS)
