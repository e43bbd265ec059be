"""Calls out from a ticket: the agent's own phone rings first, then the citizen is called and sees the hotline's number.

Whom to call is the ticket's caller, or an entry of transfers.yaml; no other number comes in here. A caller's number is what
the caller's side says it is, so it is called only where the city would call it back (waiting.yaml, callbacks/numbers): nobody
rings us with a number abroad, or one that costs, for an agent to dial it. [hotline-outward] looks once more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from queues import live_legs
from queues.actor import AGENT, Actor, Refused
from queues.conversation import PhoneOf
from queues.live_legs import OUT
from queues.outgoing import Outgoing
from queues.reach import Reachable

CallerOf = Callable[[str], Awaitable[str]]
"""A ticket's number or id -> who called; raises Refused where there is no such ticket."""


class CallsOut:
    """The handler of /api/tickets/{number_or_id}/call."""

    def __init__(self, outgoing: Outgoing, phone_of: PhoneOf, caller_of: CallerOf, reachable: Callable[[], Awaitable[Reachable]], shown: str) -> None:
        self._outgoing = outgoing
        self._phone_of = phone_of
        self._caller_of = caller_of
        self._reachable = reachable
        self._shown = shown

    async def call(self, by: Actor, ticket: str, outside: str = "", phone: str = "") -> dict[str, Any]:
        """Returns while the agent's phone rings. `phone`: a supervisor's, who is logged in nowhere. Raises Refused."""
        own = await self._phone_of(by.agent) if by.agent else ""
        if by.role == AGENT and not own:
            raise Refused(403, "Forbidden", "only an agent who is logged in can call")
        phone = own or phone
        known = await self._reachable()
        if phone not in known.phones:
            raise Refused(422, "Unprocessable Content", "say at which phone: you are logged in at none")
        number = await self._caller_of(ticket)
        if outside:
            if outside not in known.outside:
                raise Refused(403, "Forbidden", "this number is not on the list of transfers (transfers.yaml)")
            number = known.outside[outside]
        elif not number:
            raise Refused(409, "Conflict", "the caller of this ticket withheld the number")
        elif not known.calls.allows(number):
            raise Refused(403, "Forbidden", "this number may not be called (waiting.yaml, callbacks/numbers)")
        leg_id = live_legs.own_id(OUT)
        await self._outgoing.ring(phone, "hotline-outward", "s", leg_id, {"HOTLINE_OUT": number, "HOTLINE_TICKET": ticket}, self._shown)
        return {"linkedid": leg_id, "state": "ringing", "phone": phone, "ticket": ticket}
