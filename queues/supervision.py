"""Supervisors in a call: listen (only they hear), whisper (only the agent hears them), barge in (all hear all), take over.

Who listened to whom is in the audit; whether it may be done at all is a setting, for callers must have been told
(PIPL art. 13 and 17: the announcement before the queue says that calls may be recorded and listened to). Each change
of mode is asked for here, so that each is in the audit: keys on the supervisor's phone do not change it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from queues import live_legs
from queues.actor import LEADERS, Actor, Refused
from queues.conversation import ROOM, Conversations, PhoneOf
from queues.live_legs import SPY, SUPERVISE, Leg, Link, Talk
from queues.outgoing import Outgoing

LISTEN, WHISPER, BARGE, TAKE = "listen", "whisper", "barge", "take-over"
RoleAt = Callable[[str], Awaitable[str]]
"""phone -> the role of whoever is logged in there; '' where nobody is. Raises Refused where there is no such phone."""
MODES = (LISTEN, WHISPER, BARGE, TAKE)


class Supervision:
    """The handlers of /api/calls/{linkedid}/supervision."""

    def __init__(
        self, link: Link, talks: Conversations, outgoing: Outgoing, phone_of: PhoneOf, role_at: RoleAt, *, allowed: bool, shown: str
    ) -> None:
        self._link = link
        self._talks = talks
        self._outgoing = outgoing
        self._phone_of = phone_of
        self._role_at = role_at
        self._allowed = allowed
        self._shown = shown

    async def supervise(self, by: Actor, linkedid: str, mode: str, phone: str = "") -> dict[str, Any]:
        """Rings the supervisor's phone, or changes what a supervisor who is in the call already does. Raises Refused."""
        if mode not in MODES:
            raise Refused(422, "Unprocessable Content", f"{mode[:40]!r} is none of {', '.join(MODES)}")
        if not self._allowed and mode in (LISTEN, WHISPER):
            raise Refused(403, "Forbidden", "listening is switched off here (conversations.listening)")
        phone = await self._at(by, phone)
        if await self._role_at(phone) not in ("", *LEADERS):
            raise Refused(403, "Forbidden", f"at phone {phone[:40]} sits somebody who may not listen to calls")
        async with self._talks.alone(linkedid):
            talk = await live_legs.look(self._link, linkedid)
            agent = next((leg for leg in talk.persons if leg.phone not in ("", phone) and leg.up), None)
            if agent is None:
                raise Refused(409, "Conflict", "nobody talks with this caller")
            if mode == BARGE and not talk.in_room:
                await self._talks.into_room(talk, agent)
            return await self._begin(talk, agent, mode, phone)

    async def leave(self, by: Actor, linkedid: str, phone: str = "") -> dict[str, Any]:
        """Ends the supervisor's own part, at their phone; others go on. Raises Refused."""
        phone = await self._at(by, phone)
        talk = await live_legs.look(self._link, linkedid)
        mine = [leg for leg in talk.spies if leg.phone == phone]
        if not mine:
            raise Refused(409, "Conflict", f"no supervisor is in this call at phone {phone[:40]}")
        for leg in mine:
            await self._link.action({"Action": "Hangup", "Channel": leg.channel})
        return {"linkedid": linkedid, "state": "left"}

    async def _at(self, by: Actor, phone: str) -> str:
        """The phone that is meant: the one named, else where they are logged in. Raises Refused."""
        phone = phone or (await self._phone_of(by.agent) if by.agent else "")
        if not phone:
            raise Refused(422, "Unprocessable Content", "say at which phone: you are logged in at none")
        return phone

    async def _begin(self, talk: Talk, agent: Leg, mode: str, phone: str) -> dict[str, Any]:
        context, exten = (ROOM, "talk") if mode == BARGE else (SUPERVISE, "take" if mode == TAKE else mode)
        variables = {
            "HOTLINE_SPIED": agent.uniqueid, "HOTLINE_TAKEN": agent.channel,
            "__HOTLINE_CITIZEN": talk.citizen.channel, "__HOTLINE_CALL": talk.linkedid,
        }  # fmt: skip
        about = {"linkedid": talk.linkedid, "mode": mode, "phone": phone, "agent": agent.phone}
        mine = next((leg for leg in talk.spies if leg.phone == phone), None)
        if mine is None:
            leg_id = live_legs.own_id(SPY, talk.linkedid)
            await self._outgoing.ring(phone, context, exten, leg_id, variables, self._shown)
            return about | {"state": "ringing"}
        if not mine.up:
            raise Refused(409, "Conflict", f"phone {phone} is ringing already")
        for name, value in variables.items():
            await self._link.action({"Action": "Setvar", "Channel": mine.channel, "Variable": name, "Value": value})
        await self._link.action({"Action": "Redirect", "Channel": mine.channel, "Context": context, "Exten": exten, "Priority": 1})
        return about | {"state": "in_call"}
