"""Calls through the queues of the small real Asterisk, as its AMI sees them; recorded once, replayed in every test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from queues.ami import AmiLink, Event
from tests.queues.conftest import QueueHouse

Look = Callable[[], Awaitable[None]]
Story = Callable[[QueueHouse, AmiLink, Look], Awaitable[None]]

CITIZEN = "浦东新区市民 <13800001234>"


class Watch:
    """Waits for an event of the network's link; no sleeping."""

    def __init__(self, link: AmiLink) -> None:
        self._link = link
        self._heard: list[Event] = []
        self._new = asyncio.Event()
        link.subscribe("*", self._hear)

    def _hear(self, event: Event) -> None:
        self._heard.append(event)
        self._new.set()

    async def sees(self, name: str, **fields: str) -> Event:
        """The next event of that name with these values."""
        async with asyncio.timeout(15):
            while True:
                for place, event in enumerate(self._heard):
                    if event.name == name and all(event[key] == value for key, value in fields.items()):
                        del self._heard[: place + 1]
                        return event
                self._new.clear()
                await self._new.wait()


async def dial(house: QueueHouse, network: AmiLink, queue: str, patience: int, stays: int) -> None:
    """A citizen dials a queue, is ready to wait so many seconds there, and hangs up after so many."""
    await network.action({
        "Action": "Originate", "Channel": f"PJSIP/network/sip:{queue}-{patience}@127.0.0.1:{house.sip_port}",
        "Context": "citizen", "Exten": stays, "Priority": 1, "CallerID": CITIZEN, "Async": "true",
    }, seconds=10)  # fmt: skip


async def answered(house: QueueHouse, network: AmiLink, look: Look) -> None:
    """An agent answers and hangs up after a second."""
    watch = Watch(network)
    await dial(house, network, "complaints", patience=5, stays=20)
    await watch.sees("AgentConnect")
    await look()
    await watch.sees("AgentComplete")
    await watch.sees("Hangup", Context="network", Exten="complaints-5")


async def caller_hangs_up_on_agent(house: QueueHouse, network: AmiLink, look: Look) -> None:
    """The citizen hangs up first."""
    watch = Watch(network)
    await dial(house, network, "general", patience=5, stays=1)
    await watch.sees("AgentConnect")
    await look()
    await watch.sees("AgentComplete")
    await watch.sees("Hangup", Context="network", Exten="general-5")


async def abandoned(house: QueueHouse, network: AmiLink, look: Look) -> None:
    """The phone rings, nobody answers, the citizen gives up."""
    watch = Watch(network)
    await dial(house, network, "patience", patience=60, stays=2)
    await watch.sees("AgentCalled")
    await look()
    await watch.sees("Hangup", Context="network", Exten="patience-60")


async def overflowed(house: QueueHouse, network: AmiLink, look: Look) -> None:
    """Nobody answers within the time the city set; the queue lets go of the caller."""
    watch = Watch(network)
    await dial(house, network, "patience", patience=2, stays=20)
    await watch.sees("QueueCallerJoin")
    await look()
    await watch.sees("Hangup", Context="network", Exten="patience-2")


async def on_a_break(house: QueueHouse, network: AmiLink, look: Look) -> None:
    """An agent goes on a break and comes back."""
    watch = Watch(network)
    pause = {"Action": "QueuePause", "Interface": "PJSIP/talks"}
    await network.action(pause | {"Paused": "true", "Reason": "午餐"})
    await watch.sees("QueueMemberPause", Paused="1")
    await look()
    await network.action(pause | {"Paused": "false"})
    await watch.sees("QueueMemberPause", Paused="0")


STORIES: tuple[Story, ...] = (answered, caller_hangs_up_on_agent, abandoned, overflowed, on_a_break)
