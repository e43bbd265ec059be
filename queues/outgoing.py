"""Legs that we begin: an agent's phone for a call out, a supervisor's for listening. Each has a unique id of ours.

Asterisk answers an Originate when the phone was lifted or has rung for too long, so it is followed beside the request;
if its answer is lost, the leg is looked for by that id, and never begun again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from queues import live_legs
from queues.actor import Refused
from queues.errors import ActionRefused, AmiError, ResultUnknown
from queues.live_legs import Link

RING_SECONDS = 25
ANSWER_SECONDS = 40.0

log = structlog.get_logger()


class Outgoing:
    """Begins legs; `close` forgets those that ring, Asterisk ends them by itself."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._ringing: set[asyncio.Task[None]] = set()

    async def ring(self, phone: str, context: str, exten: str, leg_id: str, variables: Mapping[str, str], shown: str) -> None:
        """Returns while the phone rings. Raises Refused where it is in use, AmiError."""
        if any(leg.phone == phone for leg in await live_legs.every_leg(self._link)):
            raise Refused(409, "Conflict", f"phone {phone} is in use")
        task = asyncio.create_task(self._call(phone, context, exten, leg_id, variables, shown))
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)
        await asyncio.sleep(0)

    def close(self) -> None:
        for task in self._ringing:
            task.cancel()

    async def _call(self, phone: str, context: str, exten: str, leg_id: str, variables: Mapping[str, str], shown: str) -> None:
        fields: dict[str, str | int | Sequence[str]] = {
            "Action": "Originate", "Channel": f"PJSIP/{phone}", "ChannelId": leg_id, "Context": context, "Exten": exten, "Priority": 1,
            "Timeout": RING_SECONDS * 1000, "CallerID": f'"{shown}" <{shown}>', "Async": "true",
            "Variable": [f"{name}={value}" for name, value in variables.items()],
        }  # fmt: skip
        try:
            await self._link.action(fields, seconds=ANSWER_SECONDS)
        except ActionRefused as error:
            log.info("a phone of ours was not answered", phone_name=phone, leg=leg_id, reason=str(error))
        except ResultUnknown:
            await self._reconcile(phone, leg_id)
        except AmiError as error:
            log.warning("a phone of ours was not rung", phone_name=phone, leg=leg_id, reason=str(error))

    async def _reconcile(self, phone: str, leg_id: str) -> None:
        """Says what became of it; a leg that is there goes on by itself."""
        try:
            there = any(leg.uniqueid == leg_id for leg in await live_legs.every_leg(self._link))
            log.warning("the answer to a call of ours was lost", phone_name=phone, leg=leg_id, there=there)
        except AmiError as error:
            log.warning("the answer to a call of ours was lost", phone_name=phone, leg=leg_id, reason=str(error))
