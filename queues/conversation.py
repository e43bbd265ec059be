"""What an agent does with the call in front of them: hold, transfer, consult, three-party calls, a call out (ADR 0075).

Each deed looks at Asterisk first, then sends the few actions that make it so; the way itself is dialplan
(conversation.conf), so a deed that was begun ends well without us. Nothing is sent twice: an answer that is lost is a
504, and whoever asks again is told what is going on now.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from queues import live_legs
from queues.actor import AGENT, LEADERS, Actor, Refused
from queues.live_legs import Leg, Link, Talk
from queues.reach import Reach, Target

PhoneOf = Callable[[str], Awaitable[str]]
"""login -> the phone this agent is logged in at; '' where they are not."""
ROOM, MOVED = "hotline-room", "hotline-moved"


class Conversations:
    """The handlers of /api/calls/{linkedid}/…; each changes one call, one at a time."""

    def __init__(self, link: Link, phone_of: PhoneOf, reach: Reach) -> None:
        self._link = link
        self._phone_of = phone_of
        self._reach = reach
        self._busy: set[str] = set()

    async def hold(self, by: Actor, linkedid: str) -> dict[str, Any]:
        """The citizen hears music, the agent nothing."""
        async with self.alone(linkedid):
            talk, agent = await self._mine(by, linkedid)
            if agent.on_hold or agent.consulting:
                raise Refused(409, "Conflict", "the caller is on hold already", state=state_of(agent))
            await self._agent_to(talk, agent, ROOM, "hold")
            return {"state": "on_hold", "linkedid": linkedid}

    async def resume(self, by: Actor, linkedid: str) -> dict[str, Any]:
        """Back to the citizen, from hold or from a consultation; whoever was consulted is let go."""
        async with self.alone(linkedid):
            talk, agent = await self._mine(by, linkedid)
            if not (agent.on_hold or agent.consulting):
                raise Refused(409, "Conflict", "the caller is not on hold", state=state_of(agent))
            await self._agent_to(talk, agent, ROOM, "talk")
            return {"state": "talking", "linkedid": linkedid}

    async def transfer(self, by: Actor, linkedid: str, kind: str, name: str, talk_first: bool = False) -> dict[str, Any]:
        """The citizen goes to them now, or the agent talks to them first. Raises Refused."""
        async with self.alone(linkedid):
            talk, agent = await self._mine(by, linkedid)
            target = await self._reach.find(kind, name)
            if talk_first:
                return await self._consult(talk, agent, target, "consult")
            await self._let_go(talk, agent, target)
            return {"state": "transferred", "linkedid": linkedid, "to": target.name}

    async def conference(self, by: Actor, linkedid: str, kind: str = "", name: str = "") -> dict[str, Any]:
        """All three talk: whoever is being consulted joins now, or somebody else as soon as they answer."""
        async with self.alone(linkedid):
            talk, agent = await self._mine(by, linkedid)
            if kind:
                return await self._consult(talk, agent, await self._reach.find(kind, name), "three")
            other = self._answered(talk, agent)
            await self._redirect(other, ROOM, "talk", agent, ROOM, "talk")
            return {"state": "conference", "linkedid": linkedid}

    async def complete(self, by: Actor, linkedid: str) -> dict[str, Any]:
        """The agent leaves: whoever is being consulted has the citizen now, or gets them when they answer."""
        async with self.alone(linkedid):
            talk, agent = await self._mine(by, linkedid)
            if len([leg for leg in talk.persons if leg.up and leg.in_room and not leg.on_hold]) > 1 and agent.in_room:
                await self._send(agent, ROOM, "left")
            else:
                await self._redirect(self._answered(talk, agent), ROOM, "talk", agent, ROOM, "left")
            return {"state": "transferred", "linkedid": linkedid}

    async def _consult(self, talk: Talk, agent: Leg, target: Target, how: str) -> dict[str, Any]:
        if how == "three" and not target.line:
            raise Refused(422, "Unprocessable Content", "a queue is no one person: ask it first (talk_first), then all three can talk")
        if agent.consulting:
            raise Refused(409, "Conflict", "somebody is being consulted already", state=state_of(agent))
        await self._set(agent, {"HOTLINE_ROLE": how})
        await self._agent_to(talk, agent, MOVED, target.exten)
        return {"state": "consulting", "linkedid": talk.linkedid, "to": target.name}

    async def _let_go(self, talk: Talk, agent: Leg, target: Target) -> None:
        await self._know(talk.citizen, talk)
        await self._set(talk.citizen, {"HOTLINE_FROM": agent.phone})
        await self._redirect(talk.citizen, MOVED, target.exten, agent, ROOM, "left")

    def _answered(self, talk: Talk, agent: Leg) -> Leg:
        other = talk.consulted(agent)
        if other is None or not other.up:
            raise Refused(409, "Conflict", "nobody who was asked has answered", state=state_of(agent))
        return other

    async def into_room(self, talk: Talk, agent: Leg) -> None:
        """Both go on talking, where a third can join."""
        await self._agent_to(talk, agent, ROOM, "talk")

    async def _agent_to(self, talk: Talk, agent: Leg, context: str, exten: str) -> None:
        """The agent's leg goes there; a citizen who is still in Queue()'s bridge waits in the room from now on."""
        await self._know(agent, talk)
        if talk.in_room:
            await self._send(agent, context, exten)
            return
        await self._know(talk.citizen, talk)
        await self._redirect(talk.citizen, ROOM, "citizen", agent, context, exten)

    async def _know(self, leg: Leg, talk: Talk) -> None:
        """What the dialplan knows of a call that came in; a call out has it from here."""
        await self._set(leg, {"__HOTLINE_CITIZEN": talk.citizen.channel, "__HOTLINE_CALL": talk.linkedid})

    async def _set(self, leg: Leg, variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            await self._link.action({"Action": "Setvar", "Channel": leg.channel, "Variable": name, "Value": value})

    async def _send(self, leg: Leg, context: str, exten: str) -> None:
        await self._link.action({"Action": "Redirect", "Channel": leg.channel, "Context": context, "Exten": exten, "Priority": 1})

    async def _redirect(self, leg: Leg, context: str, exten: str, other: Leg, other_context: str, other_exten: str) -> None:
        """Both at once: of two in one bridge, the second would hang up when the first is taken."""
        await self._link.action(
            {
                "Action": "Redirect", "Channel": leg.channel, "Context": context, "Exten": exten, "Priority": 1,
                "ExtraChannel": other.channel, "ExtraContext": other_context, "ExtraExten": other_exten, "ExtraPriority": 1,
            }
        )  # fmt: skip

    async def _mine(self, by: Actor, linkedid: str) -> tuple[Talk, Leg]:
        """The call, and the leg in it of whoever asks; a supervisor asks for the agent in it. Raises Refused."""
        if by.role not in {AGENT, *LEADERS}:
            raise Refused(403, "Forbidden", f"the role {by.role} may not do this")
        phone = await self._phone_of(by.agent) if by.agent else ""
        if by.role == AGENT and not phone:
            raise Refused(403, "Forbidden", "only an agent who is logged in has a call" if by.agent else "this token belongs to no agent")
        talk = await live_legs.look(self._link, linkedid)
        agent = talk.person(phone) if phone else None
        if agent is None and by.role in LEADERS:
            agent = talk.agent
            if agent is None:
                raise Refused(409, "Conflict", "nobody talks with this caller")
        if agent is None:
            raise Refused(403, "Forbidden", "this is not your call")
        return talk, agent

    @asynccontextmanager
    async def alone(self, linkedid: str) -> AsyncIterator[None]:
        """One deed at a time on one call. Raises Refused."""
        if linkedid in self._busy:
            raise Refused(409, "Conflict", "somebody is changing this call right now")
        self._busy.add(linkedid)
        try:
            yield
        finally:
            self._busy.discard(linkedid)


def state_of(leg: Leg) -> str:
    """In the words of agents' states."""
    return "on_hold" if leg.on_hold else "consulting" if leg.consulting else "talking"
