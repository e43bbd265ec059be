"""Keeps the promise to call back: reads what Asterisk wrote, and puts places into the queue again that are gone.

While nothing fails this has little to do: the dialplan makes the place, waits, reserves an agent and dials, all without
us. After a crash of Asterisk, and when a try was in vain, it looks which places stand (their legs have the call-back's id
in their names) and asks Asterisk for those that are missing. Whether such an order arrived is never guessed: the next look
tells, and the dialplan hangs up a second place for the same number and matter.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ivr.queueing import CallBacks
from queues import callback_book as book
from queues import callbacks
from queues.actor import STAFF, Actor, Refused
from queues.ami import AmiLink
from queues.callbacks import CallBack
from queues.desk import Desk
from queues.errors import ActionRefused, AmiError
from queues.event import Answer
from queues.log_file import LogFile
from queues.names import section
from queues.storage import Rows

LOOK_SECONDS = 2.0
FORGET_SECONDS = 3600.0
GRACE = timedelta(seconds=10)  # from an order for a place, or an agent's answer, until it must be seen
ENDED = timedelta(seconds=60)  # a leg that is gone for so long, with nothing written, has ended unseen
LEG = re.compile(r"Local/p([^@]+)@hotline-far-")
EXTENSION = re.compile(r"[0-9A-Za-z._-]{1,80}")

log = structlog.get_logger()



class CallBackFloor:
    """The part of the floor that calls back."""

    def __init__(self, link: AmiLink, rows: Rows, queue_log: Path, rules: Callable[[], Awaitable[tuple[CallBacks, str, bool]]]) -> None:
        self._link, self._rows, self._rules = link, rows, rules
        self._log = LogFile(queue_log)
        self._made = 0

    def serve(self, desk: Desk) -> None:
        """Puts what can be asked of it on the desk."""
        desk.add("callback.make", self.make, roles=STAFF, target="id")
        desk.add("callback.cancel", self.cancel, roles=STAFF, target="id")

    async def run(self) -> None:
        """Until cancelled."""
        forgotten = 0.0
        while True:
            try:
                await self.look()
                if monotonic() - forgotten > FORGET_SECONDS or not forgotten:
                    forgotten = monotonic()
                    await self._rows.do(book.forget_old, datetime.now(UTC))
            except (AmiError, SQLAlchemyError, OSError) as error:
                log.warning("call-backs wait", reason=type(error).__name__)
            except Exception:  # noqa: BLE001 - outermost: a promise must not be forgotten because of one bad row
                log.exception("call-backs are not looked after")
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Reads on, then puts right what is not as it should be. Raises AmiError, SQLAlchemyError, OSError."""
        rules, version, calling = await self._rules()
        await self._rows.do(book.read_on, self._log, rules)
        waiting = await self._rows.do(book.open_ones)
        if not waiting or not self._link.connected:
            return
        living = legs(await self._link.action({"Action": "CoreShowChannels"}))
        if living is None:
            return
        for callback in waiting:
            for done in due(callback, living, datetime.now(UTC), rules, calling=calling):
                if await self._rows.do(book.keep, done, was=callback.state) and done.state == callbacks.WAITING:
                    await self._place(done, version, rules)

    async def make(self, by: Actor, id: str) -> dict[str, Any]:
        """A missed caller is called back: one click. Raises Refused."""
        rules, version, calling = await self._rules()
        missed = next((row for row in await self._rows.do(book.missed) if book.missed_id(row) == id), None)
        if missed is None:
            raise Refused(404, "Not Found", "nobody who gave up waiting goes by this id: talked to meanwhile, or called back already")
        if not rules.allows(missed.number):
            raise Refused(422, "Unprocessable Content", "this number may not be called back (waiting.yaml, callbacks/numbers)")
        if not calling:
            raise Refused(409, "Conflict", f"nobody is called back before {rules.first} and from {rules.last} on")
        self._made += 1
        new = book.by_hand(missed, section(missed.queue), version, self._made)
        made = await self._rows.do(book.add, replace(new, changed_at=new.changed_at - 2 * GRACE))
        return {"callback": book.as_json(made)}

    async def cancel(self, by: Actor, id: str, reason: str = "") -> dict[str, Any]:
        """Takes a call-back back that has not begun. Raises Refused."""
        callback = await self._rows.do(book.find, id)
        if callback is None:
            raise Refused(404, "Not Found", f"there is no call-back {id[:80]!r}")
        done = callbacks.cancelled(callback, datetime.now(UTC), reason or str(by))
        if done is callback or not await self._rows.do(book.keep, done, was=callback.state):
            raise Refused(409, "Conflict", f"it is {callback.state}")
        channels = await self._link.action({"Action": "CoreShowChannels"})
        for leg in channels.events:
            if (found := LEG.match(leg["Channel"])) and found[1] == callback.id:
                with contextlib.suppress(ActionRefused):  # it went with its other half
                    await self._link.action({"Action": "Hangup", "Channel": leg["Channel"]})
        return {"callback": book.as_json(done)}

    async def _place(self, callback: CallBack, version: str, rules: CallBacks) -> None:
        """Orders its place from Asterisk, once. An unknown result is looked at next time."""
        if not EXTENSION.fullmatch(callback.id):
            return
        variables = {
            "__HOTLINE_BACK": callback.number, "__HOTLINE_BACK_ID": callback.id, "HOTLINE_QUEUE": callback.queue,
            "__HOTLINE_PATH": callback.path, "__HOTLINE_TYPE": callback.type, "__HOTLINE_CALLED": callback.called,
            "HOTLINE_PLACE": callback.place or "", "QUEUE_PRIO": callback.priority, "QUEUE_MAX_PENALTY": callback.penalty,
            "__HOTLINE_TRUNK": callback.trunk, "__HOTLINE_TRUNK_AT": callback.trunk_at,
            "__HOTLINE_VERSION": version, "__HOTLINE_BACK_RING": rules.ring_seconds,
        }  # fmt: skip
        try:
            await self._link.action(
                {
                    "Action": "Originate", "Channel": f"Local/p{callback.id}@hotline-far/n", "Context": "hotline-place",
                    "Exten": "s", "Priority": "1", "Async": "true", "Timeout": 30_000, "CallerID": callback.number,
                    "Variable": [f"{name}={value}" for name, value in variables.items()],
                }
            )  # fmt: skip
            log.info("call-back has its place", id=callback.id, tries=callback.tries)
        except AmiError as error:
            log.warning("call-back without a place", id=callback.id, reason=str(error))


def legs(channels: Answer) -> frozenset[str] | None:
    """The call-backs whose places stand. None where the list is not whole."""
    rows = [event for event in channels.events if event["Uniqueid"]]
    last = channels.events[-1] if channels.events else None
    if last is None or last.name != "CoreShowChannelsComplete" or last.number("ListItems") != len(rows):
        return None
    return frozenset(found[1] for row in rows if (found := LEG.match(row["Channel"])))


def due(callback: CallBack, living: frozenset[str], now: datetime, rules: CallBacks, *, calling: bool) -> Iterable[CallBack]:
    """What becomes of it at this look; nothing, or one step. A place to be made comes out as `waiting`."""
    age = now - callback.changed_at
    if callback.id in living:
        return
    if callback.state == callbacks.WAITING and age > GRACE and calling:
        yield replace(callback, changed_at=now)
    elif callback.state == callbacks.RESERVED and age > GRACE:
        yield replace(callbacks.lost(callback, now, rules), changed_at=now)
    elif callback.state in (callbacks.DIALLING, callbacks.TALKING) and age > ENDED:
        yield callbacks.lost(callback, now, rules)
    elif callback.state == callbacks.RESTING and callback.next_at is not None and callback.next_at <= now and calling:
        yield replace(callback, state=callbacks.WAITING, changed_at=now, next_at=None, place=0)
