"""The menus of the version a call began in; a new version's are read before its first caller comes, for that takes a third
of a second that all callers would wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from hotline import menus
from ivr import revisits
from ivr.model import City

LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)


class NoSuchVersion(LookupError):
    """A call began in a version that cannot be had; the dialplan has it natively."""


def city_of(versions: menus.Store, version: str) -> City:
    """The published menu of a call's version, or its survey. Raises NoSuchVersion."""
    if version.endswith(revisits.VERSION_SUFFIX):
        return revisits.survey(city_of(versions, version.removesuffix(revisits.VERSION_SUFFIX)))
    if not (version.isascii() and version.isdigit()):
        raise NoSuchVersion(f"version {version!r}")
    try:
        return versions.load(int(version))
    except menus.PublishError as error:
        raise NoSuchVersion(str(error)) from error


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
