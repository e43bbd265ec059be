"""Live captions: what both sides of a talk say, as events of the kind `caption`, one a phrase, while it is being said.

A tap on the citizen's leg (ADR 0094) carries what the citizen says and what the citizen hears, so it goes on through hold,
transfer and three-party calls. Nothing here is kept but by the log of events, and nothing of the text is logged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from queues import live_legs, taps
from queues.actor import LEADERS, THE_FLOOR, Actor, Refused
from queues.live_legs import Link

SIDES = ("caller", "agent")  # from the citizen's channel, to it: taps.BOTH
KIND = "caption"

log = structlog.get_logger()

PhoneOf = Callable[[str], Awaitable[str]]
Say = Callable[[str, Mapping[str, Any]], None]


class Tap(Protocol):
    """Somebody who listens."""

    name: str

    @property
    def port(self) -> int: ...

    def close(self) -> None: ...


Opens = Callable[[Sequence[str], Callable[[dict[str, Any]], None]], Tap]
"""(sides, told) -> Tap. Raises Refused where nobody listens or the machine's budget is used up."""
AgentsOf = Callable[[str], Sequence[str]]
"""linkedid -> the logins of the agents who are in that call now; they may read along."""


@dataclass
class _Shown:
    by: str
    tap: Tap | None = None


class Captions:
    """The handlers of /api/calls/{linkedid}/captions."""

    def __init__(self, link: Link, opens: Opens, say: Say, phone_of: PhoneOf, agents_of: AgentsOf) -> None:
        self._link, self._opens, self._say = link, opens, say
        self._phone_of, self._agents_of = phone_of, agents_of
        self._shown: dict[str, _Shown] = {}

    async def start(self, by: Actor, linkedid: str) -> dict[str, Any]:
        """They begin with the first sound that Asterisk brings (the event `began`). Raises Refused: 403 not their call, 404 no such call, 409 no talk, 503 nobody listens or no room."""
        talk = await live_legs.look(self._link, linkedid)
        await self._may(by, talk)
        if talk.agent is None:
            raise Refused(409, "Conflict", "nobody talks with this caller")
        if linkedid in self._shown:
            return {"linkedid": linkedid, "state": "on"}
        shown = self._shown[linkedid] = _Shown(str(by))
        try:
            shown.tap = self._opens(SIDES, lambda said: self._told(linkedid, shown, said))
        except Refused:
            del self._shown[linkedid]
            raise
        if not await taps.begin(self._link, linkedid, talk.citizen.uniqueid, taps.BOTH, shown.tap.name, shown.tap.port):
            self._end(linkedid, shown, "failed")
            raise Refused(503, "Service Unavailable", "Asterisk did not begin to bring the sound of this call; try again")
        return {"linkedid": linkedid, "state": "on"}

    async def stop(self, by: Actor, linkedid: str) -> dict[str, Any]:
        """Raises Refused."""
        await self._may(by, await live_legs.look(self._link, linkedid))
        shown = self._shown.get(linkedid)
        if shown is None:
            raise Refused(409, "Conflict", "this call has no captions")
        self._end(linkedid, shown, "stopped")
        return {"linkedid": linkedid, "state": "off"}

    async def _may(self, by: Actor, talk: live_legs.Talk) -> None:
        phone = await self._phone_of(by.agent) if by.agent and by.role not in LEADERS else ""
        if by.role not in LEADERS and by != THE_FLOOR and (not phone or talk.person(phone) is None):
            raise Refused(403, "Forbidden", "only who talks in this call, or a supervisor, may have its captions")

    def _told(self, linkedid: str, shown: _Shown, said: dict[str, Any]) -> None:
        if "over" in said:
            shown.tap = None  # it is closed already
            self._end(linkedid, shown, str(said["why"]))
        elif "came" in said:
            self._tell(linkedid, {"what": "began", "by": shown.by})
        elif said.get("side") in SIDES:
            times = {"start_seconds": said["start"], "end_seconds": said["end"]}
            self._tell(linkedid, {"what": "said", "side": said["side"], "text": said["text"], **times, "score": said["score"]})

    def _end(self, linkedid: str, shown: _Shown, why: str) -> None:
        if self._shown.get(linkedid) is not shown:
            return
        del self._shown[linkedid]
        if shown.tap is not None:
            shown.tap.close()
        self._tell(linkedid, {"what": "ended", "why": why})

    def _tell(self, linkedid: str, what: dict[str, Any]) -> None:
        if what["what"] != "said":
            log.info("captions", linkedid=linkedid, **what)
        self._say(KIND, {"linkedid": linkedid, "agents": list(self._agents_of(linkedid)), **what})
