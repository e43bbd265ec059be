"""The legs of one call as Asterisk has them at this moment: asked, not remembered, because a decision hangs on it.

    talk = await look(link, linkedid)          # raises Refused(404) where there is no such call
    leg = talk.person("agent-1001")            # that phone's leg in it

A leg's name tells what it is: `PJSIP/agent-1001-0000002a` is a phone's, `PJSIP/trunk-…` comes from outside. Legs that we
began ourselves say so in their unique id (`spy-CALL-…`, `out-…`), so that they are found again after a lost answer.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Protocol

from queues.actor import Refused
from queues.event import Answer, Event
from queues.wire import Fields

CHANNEL = re.compile(r"PJSIP/(?P<endpoint>.+)-[0-9a-f]{8}")
TRUNKS = frozenset(("trunk", "trunk-encrypted"))
LINKEDID = re.compile(r"[A-Za-z0-9._-]{1,100}")
SPY, OUT = "spy-", "out-"
ASKS = ("consult", "three", "colleagues")  # where an agent's leg talks to somebody while the citizen is on hold
ROOM, MOVE, SUPERVISE = "hotline-room", ("hotline-move", "hotline-moved"), "hotline-supervise"


class Link(Protocol):
    """What is needed of the AMI link."""

    async def action(self, fields: Fields, *, seconds: float | None = None) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel."""

    channel: str
    uniqueid: str
    linkedid: str
    endpoint: str
    context: str
    exten: str
    application: str
    bridge: str
    up: bool
    seconds: int

    @property
    def phone(self) -> str:
        """The agent's phone; '' for a leg to the outside."""
        return "" if self.endpoint in TRUNKS else self.endpoint

    @property
    def in_room(self) -> bool:
        return self.context == ROOM

    @property
    def on_hold(self) -> bool:
        return self.in_room and self.exten == "hold"

    @property
    def consulting(self) -> bool:
        return self.context in MOVE and self.exten in ASKS


@dataclass(frozen=True, slots=True)
class Talk:
    """A citizen's leg and the legs of persons, the oldest first; what rings is not up."""

    linkedid: str
    citizen: Leg
    persons: tuple[Leg, ...]
    spies: tuple[Leg, ...]

    def person(self, phone: str) -> Leg | None:
        """The leg of a phone that is in this call, not only ringing."""
        return next((leg for leg in self.persons if leg.phone == phone and leg.up), None)

    @property
    def agent(self) -> Leg | None:
        """Whoever talks with the citizen: of several the one who came first."""
        return next((leg for leg in self.persons if leg.phone and leg.up), None)

    @property
    def in_room(self) -> bool:
        return self.citizen.in_room

    def consulted(self, agent: Leg) -> Leg | None:
        """Whom the agent talks to while the citizen hears music."""
        if not agent.consulting or not agent.bridge:
            return None
        return next((leg for leg in self.persons if leg.bridge == agent.bridge and leg != agent), None)


async def look(link: Link, linkedid: str) -> Talk:
    """Raises Refused, AmiError."""
    if not LINKEDID.fullmatch(linkedid):
        raise Refused(404, "Not Found", "no call has this name")
    legs = await every_leg(link)
    own = [leg for leg in legs if leg.linkedid == linkedid and not leg.uniqueid.startswith(SPY)]
    spies = tuple(leg for leg in legs if leg.uniqueid.startswith(f"{SPY}{linkedid}-"))
    citizen = _citizen(own, linkedid)
    if citizen is None:
        raise Refused(404, "Not Found", f"no call {linkedid} is going on")
    joined = [leg for leg in spies if leg.in_room]  # a supervisor who barged in, or took over
    return Talk(linkedid, citizen, tuple(leg for leg in (*own, *joined) if leg.channel != citizen.channel), spies)


async def every_leg(link: Link) -> list[Leg]:
    """All channels of phones and trunks, the oldest first. Raises AmiError."""
    answer = await link.action({"Action": "CoreShowChannels"})
    legs = [leg for event in answer if (leg := _leg(event)) is not None]
    return sorted(legs, key=lambda leg: -leg.seconds)


def own_id(kind: str, linkedid: str = "") -> str:
    """A unique id by which a leg of ours is found again."""
    return f"{kind}{linkedid}{'-' if linkedid else ''}{secrets.token_hex(4)}"


def _leg(event: Event) -> Leg | None:
    found = CHANNEL.fullmatch(event["Channel"])
    if found is None or not event["Uniqueid"]:
        return None
    return Leg(
        channel=event["Channel"], uniqueid=event["Uniqueid"], linkedid=event["Linkedid"], endpoint=found["endpoint"],
        context=event["Context"], exten=event["Exten"], application=event["Application"], bridge=event["BridgeId"],
        up=event["ChannelState"] == "6", seconds=_seconds(event["Duration"]),
    )  # fmt: skip


def _seconds(text: str) -> int:
    """00:01:07 is 67."""
    total = 0
    for part in text.split(":"):
        total = total * 60 + (int(part) if part.isascii() and part.isdigit() else 0)
    return total


def _citizen(legs: list[Leg], linkedid: str) -> Leg | None:
    """The leg after which the call is named; of a call that we began, the oldest leg to the outside."""
    first = next((leg for leg in legs if leg.uniqueid == linkedid and not linkedid.startswith(OUT)), None)
    return first or next((leg for leg in legs if not leg.phone), None)
