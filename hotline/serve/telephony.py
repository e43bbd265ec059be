"""The telephony process: decides for callers in the menu, keeps the floor's live picture, opens agents' tickets.

It has no CPU work of its own and no wait without a limit, because a caller hears the answer of this loop. All of it is
loaded before it listens: until then Asterisk serves callers by itself, and at once; loading beside them it kept each of
them waiting for a second and more.
"""

from __future__ import annotations

import asyncio
import signal
from functools import partial

import structlog
import uvloop

from agi.keys import Keys
from agi.server import AgiServer
from hotline import menus
from hotline.asterisk import ours
from hotline.register import open_register
from hotline.serve import counted, desk, waiting, watch, words
from hotline.serve.conversations import Conversations, name_ticket
from hotline.serve.pressed import follow_keys, press
from hotline.serve.ready_menus import city_of, keep_ready
from hotline.settings import Settings
from queues.ami import AmiLink
from queues.floor import Floor
from tickets.store import Store

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 5.0


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
    # Calls first: the register of tickets may be down.
    await server.start(settings.agi_port)
    ears = words.ears_of(settings)
    server.listener = words.listener(ears, link)
    hearing = asyncio.create_task(ears.run())

    def loaded(version: int) -> None:
        if words.listens(city_of(versions, str(version))):
            ears.want()

    reading = asyncio.create_task(keep_ready(versions, loaded))
    conversations = Conversations(partial(open_register, settings.database_url), partial(name_ticket, link))
    opening = asyncio.create_task(conversations.register())
    opening.add_done_callback(_say_failure)
    queue_log = settings.home / "asterisk" / "log" / "queue_log"
    floor = Floor(link, settings.home, queue_log, conversations.take, conversations.still_alive)
    await floor.start()
    await link.start()
    asked = await desk.opened(settings, link, floor, conversations.database, server, ears)
    watching = watch.started(settings, link, floor, asked, conversations.register)
    waited = waiting.started(settings, link, floor, asked, conversations.database)
    counting = asyncio.create_task(counted.keep_writing(counted.where(settings.home), server.counts))
    try:
        await stopping.wait()
        log.info("stopping")
        await server.drain(DRAIN_SECONDS)
    finally:
        opening.cancel()
        counting.cancel()
        reading.cancel()
        hearing.cancel()
        for task in waited:
            task.cancel()
        watching.cancel()
        await asked.close()
        await floor.close()
        await link.close()
        await asyncio.gather(hearing, return_exceptions=True)
        conversations.close()


def _say_failure(opening: asyncio.Task[Store]) -> None:
    if not opening.cancelled() and (error := opening.exception()):
        log.error("the register of tickets does not open; agents' tickets wait", reason=str(error))
