"""An agent stops and resumes the recording of their call: while somebody says what must not be kept, silence is written.

MixMonitorMute on the caller's leg, where the recording is; what was said stays in its place in time. Asterisk itself writes
into queue_log who paused it and when, so that the record of the call knows it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from queues import live_legs
from queues.actor import LEADERS, Actor, Refused
from queues.errors import ActionRefused
from queues.live_legs import Link, Talk

PhoneOf = Callable[[str], Awaitable[str]]


class RecordingControl:
    """The handlers of /api/calls/{linkedid}/recording and of the feature codes."""

    def __init__(self, link: Link, phone_of: PhoneOf) -> None:
        self._link = link
        self._phone_of = phone_of

    async def pause(self, by: Actor, linkedid: str = "") -> dict[str, Any]:
        """From now on silence is written. Raises Refused."""
        return await self._mute(by, linkedid, 1, "paused")

    async def resume(self, by: Actor, linkedid: str = "") -> dict[str, Any]:
        return await self._mute(by, linkedid, 0, "recording")

    async def _mute(self, by: Actor, linkedid: str, state: int, said: str) -> dict[str, Any]:
        phone = by.name or (await self._phone_of(by.agent) if by.agent else "")
        talk = await live_legs.look(self._link, linkedid or await self._call_of(phone))
        if by.role not in LEADERS and (not phone or talk.person(phone) is None):
            raise Refused(403, "Forbidden", "only who talks in this call, or a supervisor, may pause its recording")
        try:
            await self._link.action({"Action": "MixMonitorMute", "Channel": talk.citizen.channel, "Direction": "both", "State": state})
        except ActionRefused as error:
            raise Refused(409, "Conflict", "this call is not being recorded") from error
        await self._written(talk, by, said)
        return {"state": said, "linkedid": talk.linkedid}

    async def _written(self, talk: Talk, by: Actor, said: str) -> None:
        await self._link.action({
            "Action": "QueueLog", "Queue": "NONE", "Event": "HOTLINERECORDING", "Uniqueid": talk.citizen.uniqueid,
            "Interface": by.agent or by.name or "NONE", "Message": said,
        })  # fmt: skip

    async def _call_of(self, phone: str) -> str:
        """The call this phone is in, whatever else it dials at the moment. Raises Refused."""
        legs = await live_legs.every_leg(self._link)
        found = next((leg.linkedid for leg in legs if phone and leg.phone == phone and leg.up and leg.uniqueid != leg.linkedid), None)
        if found is None:
            raise Refused(409, "Conflict", "this phone is in no call")
        return found
