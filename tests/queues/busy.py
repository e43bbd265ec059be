"""A busy contact centre as Asterisk tells of it on the AMI: answers to our questions and a stream of events, generated.

The messages have the headers of those in tests/queues/streams, which a real Asterisk sent.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

BEGAN = 1_795_000_000
QUEUES = ("general", "complaints", "tax", "english", "elderly")


def message(**fields: object) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n"


@dataclass(frozen=True)
class Centre:
    """So many agents, each in three queues, the first `talking` of them in a call; so many callers, the rest of whom wait."""

    agents: int = 500
    callers: int = 1000
    talking: int = 400

    def queue_status(self, action: str) -> bytes:
        """The answer to QueueStatus."""
        found = [message(Response="Success", ActionID=action, EventList="start", Message="Queue status will follow")]
        for queue in QUEUES:
            found.append(message(Event="QueueParams", Queue=f"hotline-{queue}", Max=0, Strategy="leastrecent", Calls=0, Holdtime=3, ActionID=action))
            found += [self._member(queue, number, action) for number in range(self.agents) if queue in self.queues_of(number)]
            found += [self._entry(queue, number, action) for number in range(self.talking, self.callers) if QUEUES[number % len(QUEUES)] == queue]
        return b"".join(found) + message(Event="QueueStatusComplete", EventList="Complete", ListItems=len(found) - 1, ActionID=action)

    def channels(self, action: str) -> bytes:
        """The answer to CoreShowChannels."""
        found = [self._channel(number, action) for number in range(self.callers)]
        found += [self._leg(number, action) for number in range(self.talking)]
        begin = message(Response="Success", ActionID=action, EventList="start", Message="Channels will follow")
        return begin + b"".join(found) + message(Event="CoreShowChannelsComplete", EventList="Complete", ListItems=len(found), ActionID=action)

    @staticmethod
    def queues_of(agent: int) -> tuple[str, ...]:
        return tuple(QUEUES[(agent + step) % len(QUEUES)] for step in range(3))

    @staticmethod
    def call(number: int) -> str:
        return f"hotline12345-{BEGAN}.{number * 10}"

    def _member(self, queue: str, number: int, action: str) -> bytes:
        return message(
            Event="QueueMember", Queue=f"hotline-{queue}", Name=f"agent-{number}", Location=f"PJSIP/{1000 + number}",
            StateInterface=f"PJSIP/{1000 + number}", Membership="dynamic", Penalty=0, CallsTaken=number, LastCall=BEGAN, LastPause=0,
            LoginTime=BEGAN, InCall=int(number < self.talking), Status=2 if number < self.talking else 1, Paused=0, PausedReason="",
            Wrapuptime=0, ActionID=action,
        )  # fmt: skip

    def _entry(self, queue: str, number: int, action: str) -> bytes:
        return message(
            Event="QueueEntry", Queue=f"hotline-{queue}", Position=1, Channel=f"PJSIP/trunk-{number:08x}", Uniqueid=self.call(number),
            CallerIDNum=f"138{number:08d}", CallerIDName="unknown", Wait=30, Priority=0, ActionID=action,
        )  # fmt: skip

    def _channel(self, number: int, action: str) -> bytes:
        return message(
            Event="CoreShowChannel", ActionID=action, Channel=f"PJSIP/trunk-{number:08x}", ChannelState=6, ChannelStateDesc="Up",
            CallerIDNum=f"138{number:08d}", CallerIDName="<unknown>", Language="zh", Context="hotline-queue", Exten="s", Priority=8,
            Uniqueid=self.call(number), Linkedid=self.call(number), Application="Queue", ApplicationData="hotline-general", Duration="00:01:07",
        )  # fmt: skip

    def _leg(self, number: int, action: str) -> bytes:
        return message(
            Event="CoreShowChannel", ActionID=action, Channel=f"PJSIP/{1000 + number}-{number:08x}", ChannelState=6, ChannelStateDesc="Up",
            CallerIDNum=f"138{number:08d}", CallerIDName="<unknown>", Language="zh", Context="hotline-phones", Exten="s", Priority=1,
            Uniqueid=f"{self.call(number)}1", Linkedid=self.call(number), Application="AppQueue", ApplicationData="(Outgoing Line)", Duration="00:00:30",
        )  # fmt: skip


def life(number: int, agent: int, at: float = BEGAN) -> list[bytes]:
    """A call from its first ring to its last: 16 events, as an answered one has in Asterisk."""
    trunk, phone = f"PJSIP/trunk-{number:08x}", f"PJSIP/{1000 + agent}-{number:08x}"
    call, leg = f"hotline12345-{int(at)}.{number * 10}", f"hotline12345-{int(at)}.{number * 10 + 1}"

    clock = count(1)

    def about(name: str, channel: str, uniqueid: str, state: int, **more: object) -> bytes:
        return message(
            Event=name, Privilege="call,all", Timestamp=f"{at + number + next(clock) / 100:.6f}", Channel=channel, ChannelState=state, ChannelStateDesc="Up",
            CallerIDNum=f"138{number % 10**8:08d}", CallerIDName="<unknown>", ConnectedLineNum="<unknown>", Language="zh", AccountCode="",
            Context="hotline-queue", Exten="s", Priority=8, Uniqueid=uniqueid, Linkedid=call, **more,
        )  # fmt: skip

    member = {"Queue": "hotline-general", "MemberName": f"agent-{agent}", "Interface": f"PJSIP/{1000 + agent}", "Status": 6, "Paused": 0, "PausedReason": "", "CallsTaken": 1, "LastCall": BEGAN, "Penalty": 0}
    return [
        about("Newchannel", trunk, call, 0), about("Newstate", trunk, call, 4), about("Newstate", trunk, call, 6),
        about("UserEvent", trunk, call, 6, UserEvent="HotlineDecided", Decision="queue", Target="general", Path="12345-0", Type="help", Called="12345"),
        about("QueueCallerJoin", trunk, call, 6, Queue="hotline-general", Position=1, Count=1),
        about("Newchannel", phone, leg, 0), about("Newstate", phone, leg, 5), message(Event="QueueMemberStatus", **member),
        about("Newstate", phone, leg, 6), about("QueueCallerLeave", trunk, call, 6, Queue="hotline-general", Position=1, Count=0),
        about("AgentConnect", trunk, call, 6, Queue="hotline-general", Interface=f"PJSIP/{1000 + agent}", MemberName=f"agent-{agent}", HoldTime=1, RingTime=1),
        about("BridgeEnter", phone, leg, 6, BridgeUniqueid="b"), about("BridgeEnter", trunk, call, 6, BridgeUniqueid="b"),
        message(Event="QueueMemberStatus", **(member | {"Status": 1})),
        about("Hangup", phone, leg, 6, Cause=16), about("Hangup", trunk, call, 6, Cause=16),
    ]  # fmt: skip


def storm(calls: int, agents: int = 500, together: int = 50, seed: int = 1) -> Iterator[bytes]:
    """Events of so many calls, `together` of them at a time, mixed as they come."""
    dice = random.Random(seed)
    going: list[list[bytes]] = []
    number = 0
    while number < calls or going:
        while len(going) < together and number < calls:
            going.append(life(number, number % agents)[::-1])
            number += 1
        which = dice.randrange(len(going))
        yield going[which].pop()
        if not going[which]:
            going.pop(which)
