"""The telephony process: decides for callers in the menu, keeps the floor's live picture, opens agents' tickets.

It has no CPU work of its own and no wait without a limit, because a caller hears the answer of this loop.
"""

from __future__ import annotations

import asyncio
import importlib
import signal
from functools import partial
from typing import TYPE_CHECKING

import structlog
import uvloop

from agi.keys import Keys
from agi.server import AgiServer
from hotline import menus
from hotline.asterisk import ours
from hotline.serve import counted
from hotline.serve.conversations import Conversations, name_ticket
from hotline.serve.pressed import follow_keys, press
from hotline.serve.ready_menus import keep_ready
from hotline.settings import Settings
from ivr.model import City
from queues.ami import AmiLink
from queues.floor import Floor

if TYPE_CHECKING:  # importing them takes longer than all the rest
    from queues.desk import Desk
    from tickets.store import Store

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 5.0


class NoSuchVersion(LookupError):
    """A call began in a version that cannot be had; the dialplan has it natively."""


def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    link = AmiLink("127.0.0.1", settings.ami_port, ours.AMI_USER, ours.ami_secret(settings))
    keys = Keys(partial(press, link))
    follow_keys(link, keys)
    versions = menus.Store.of(settings)
    server = AgiServer(partial(city_of, versions), keys)
    # Calls first: the register of tickets takes a moment to open, and may be down.
    await server.start(settings.agi_port)
    reading = asyncio.create_task(keep_ready(versions))
    conversations = Conversations(partial(_register_of_tickets, settings), partial(name_ticket, link))
    opening = asyncio.create_task(conversations.register())
    opening.add_done_callback(_say_failure)
    queue_log = settings.home / "asterisk" / "log" / "queue_log"
    floor = Floor(link, settings.home, queue_log, conversations.take, conversations.still_alive)
    await floor.start()
    await link.start()
    desk = await _desk(settings, link, floor, conversations, server)
    watching = await _watch(settings, link, floor, desk, conversations)
    waiting = await _wait(settings, link, floor, desk, conversations)
    counting = asyncio.create_task(counted.keep_writing(counted.where(settings.home), server.counts))
    try:
        await stopping.wait()
        log.info("stopping")
        await server.drain(DRAIN_SECONDS)
    finally:
        opening.cancel()
        counting.cancel()
        reading.cancel()
        for task in waiting:
            task.cancel()
        watching.cancel()
        await desk.close()
        await floor.close()
        await link.close()
        conversations.close()


async def _desk(settings: Settings, link: AmiLink, floor: Floor, conversations: Conversations, server: AgiServer) -> Desk:
    """Where web and commands ask; loaded in a thread, for callers are being answered already."""
    desks = await asyncio.to_thread(importlib.import_module, "hotline.serve.desk")
    desk: Desk = await desks.opened(settings, link, floor, conversations.database, server)
    return desk


async def _watch(settings: Settings, link: AmiLink, floor: Floor, desk: Desk, conversations: Conversations) -> asyncio.Task[None]:
    """Who raises the alarms."""
    watch = await asyncio.to_thread(importlib.import_module, "hotline.serve.watch")
    watching: asyncio.Task[None] = watch.started(settings, link, floor, desk, conversations.register)
    return watching


async def _wait(settings: Settings, link: AmiLink, floor: Floor, desk: Desk, conversations: Conversations) -> list[asyncio.Task[None]]:
    """Who tells waiting callers how long it takes, and calls back."""
    module = await asyncio.to_thread(importlib.import_module, "hotline.serve.waiting")
    tasks: list[asyncio.Task[None]] = module.started(settings, link, floor, desk, conversations.database)
    return tasks


def _say_failure(opening: asyncio.Task[Store]) -> None:
    if not opening.cancelled() and (error := opening.exception()):
        log.error("the register of tickets does not open; agents' tickets wait", reason=str(error))


def _register_of_tickets(settings: Settings) -> Store:
    """Its engine takes seconds to import: here, in a thread, it keeps no caller waiting after a restart."""
    from hotline.register import open_register  # noqa: PLC0415

    return open_register(settings.database_url)


def city_of(versions: menus.Store, version: str) -> City:
    """The published menu of a call's version. Raises NoSuchVersion."""
    if not (version.isascii() and version.isdigit()):
        raise NoSuchVersion(f"version {version!r}")
    try:
        return versions.load(int(version))
    except menus.PublishError as error:
        raise NoSuchVersion(str(error)) from error
