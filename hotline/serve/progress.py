"""Between a citizen's keys and the register: how far is my matter. The loop waits for neither the database nor the hash."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from agi.errors import NotTheDialplan
from agi.lookups import Answer, Asked
from ivr import progress as words
from ivr.model import City
from tickets.database import Database
from tickets.progress import PHONE, Asker, Progress, Refused

LOOK_SECONDS = 3.0  # before the dialplan takes the channel back
AT_ONCE = 4  # each costs 25 ms of a core; a burst of them must not slow the menus
log = structlog.get_logger(__name__)


class Lookups:
    """Answers [hotline-progress] of progress.conf. An empty kind: nobody could look."""

    def __init__(self, database: Callable[[], Awaitable[Database]], key: bytes, city: Callable[[], City], secret: str) -> None:
        self._database, self._key, self._city, self._secret = database, key, city, secret
        self._free = AT_ONCE

    async def __call__(self, asked: Asked) -> Answer:
        if not hmac.compare_digest(asked.secret.encode(), self._secret.encode()):
            raise NotTheDialplan("a question about a ticket without the dialplan's secret")
        if self._free <= 0:
            log.warning("too many ask for progress at once")
            return Answer("")
        self._free -= 1
        # Beside the session: a caller who hangs up has tried all the same, and a thread cannot be called back.
        looking = asyncio.create_task(self._look(asked))
        looking.add_done_callback(self._looked)
        try:
            return await asyncio.wait_for(asyncio.shield(looking), LOOK_SECONDS)
        except TimeoutError:
            log.warning("the register does not answer in time; a person is asked instead")
            return Answer("")

    def _looked(self, looking: asyncio.Task[Answer]) -> None:
        self._free += 1
        if not looking.cancelled():
            looking.exception()

    async def _look(self, asked: Asked) -> Answer:
        try:
            desk = Progress(await self._database(), self._key)
            found = await asyncio.to_thread(desk.check, asked.number, asked.pin, Asker(PHONE, asked.caller))
        except (SQLAlchemyError, OSError) as error:
            log.warning("progress cannot be told now", reason=type(error).__name__)
            return Answer("")
        if isinstance(found, Refused):
            return Answer(found.why)
        zone = self._city().timezone
        return Answer("told", words.said(found.stage, found.due_at, datetime.now(UTC), zone, asked.language))
