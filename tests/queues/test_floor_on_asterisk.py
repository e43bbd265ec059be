"""The floor on a small real Asterisk: calls, a restart, who gave up and who was answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from queues.ami import AmiLink
from queues.errors import LoginRefused
from queues.event import Event
from queues.happenings import AgentAnswered, AgentCallEnded
from queues.model import Doing
from queues.queue_log import QueueLog
from tests.queues.conftest import QueueHouse
from tests.queues.floors import Taker, kept, shown
from tests.queues.floors import quick_heartbeat as quick_heartbeat  # noqa: PLC0414 - a fixture here, too
from tests.queues.floors import taker as taker  # noqa: PLC0414 - a fixture here, too
from tests.queues.stories import Watch, abandoned, answered, dial


@pytest.fixture
async def link(house: QueueHouse) -> AsyncIterator[AmiLink]:
    async with house.link() as link:
        await link.wait_connected(5)
        yield link


def skip_the_past(house: QueueHouse, home: Path) -> None:
    """Other tests have called too."""
    log = QueueLog(house.queue_log, home / "run" / "queue_log.bookmark")
    log.read()
    log.keep()


@pytest.mark.asterisk
async def test_a_real_asterisk_refuses_a_wrong_secret(house: QueueHouse) -> None:
    async with house.link(secret="wrong") as link:
        with pytest.raises(LoginRefused, match="Authentication failed"):
            await link.wait_connected(5)


@pytest.mark.asterisk
async def test_agents_and_queues_of_a_real_asterisk_are_seen(house: QueueHouse, link: AmiLink, tmp_path: Path, taker: Taker) -> None:
    async with kept(link, tmp_path, house.queue_log, taker):
        now = await shown(tmp_path, lambda now: bool(now.queues))
    assert [queue.name for queue in now.queues] == ["complaints", "general", "nobody", "patience"]
    assert [(agent.phone, agent.queues) for agent in now.agents] == [
        ("answers", ("complaints",)), ("rings", ("patience",)), ("talks", ("general",)),
    ]  # fmt: skip


@pytest.mark.asterisk
async def test_an_agent_answers_a_real_call(house: QueueHouse, link: AmiLink, network: AmiLink, tmp_path: Path, taker: Taker) -> None:
    skip_the_past(house, tmp_path)
    watch = Watch(network)
    alive: asyncio.Queue[frozenset[str]] = asyncio.Queue()

    async def still_alive(at: datetime, calls: frozenset[str]) -> None:
        alive.put_nowait(calls)

    async with kept(link, tmp_path, house.queue_log, taker, still_alive) as floor:
        await dial(house, network, "general", patience=30, stays=60)
        connected = await watch.sees("AgentConnect")
        await taker.until(lambda: len(taker.took) == 1)
        await floor.resync()
        async with asyncio.timeout(10):
            while taker.took[0].linkedid not in await alive.get():
                pass
        await shown(tmp_path, lambda now: any(call.doing is Doing.TALKING and call.agent == "talks" for call in now.calls))
        await network.action({"Action": "Hangup", "Channel": connected["Channel"]})
        await taker.until(lambda: len(taker.took) == 2)
        now = await shown(tmp_path, lambda now: not now.calls)
    begun, ended = taker.took
    assert isinstance(begun, AgentAnswered) and isinstance(ended, AgentCallEnded)
    assert (begun.agent, begun.queue, begun.path, begun.type, begun.caller, begun.called) == (
        "talks", "general", "12345-1-1", "complaint", "13800001234", "12345",
    )  # fmt: skip
    assert (ended.linkedid, ended.by) == (begun.linkedid, "caller")
    past = next(call for call in now.recent if call.linkedid == begun.linkedid)
    assert (past.agent, past.queue, past.path) == ("talks", "general", "12345-1-1")


@pytest.mark.asterisk
async def test_a_call_answered_while_python_was_away_is_told_when_it_is_back(
    house: QueueHouse, link: AmiLink, network: AmiLink, tmp_path: Path, taker: Taker
) -> None:
    skip_the_past(house, tmp_path)

    async def dont_look() -> None: ...

    await answered(house, network, dont_look)
    house.asterisk.cli("logger rotate")
    async with kept(link, tmp_path, house.queue_log, taker):
        await taker.until(lambda: len(taker.took) == 2)
    assert [type(happening) for happening in taker.took] == [AgentAnswered, AgentCallEnded]


@pytest.mark.asterisk
async def test_a_caller_who_gives_up_makes_no_agents_ticket(
    house: QueueHouse, link: AmiLink, network: AmiLink, tmp_path: Path, taker: Taker
) -> None:
    skip_the_past(house, tmp_path)
    async with kept(link, tmp_path, house.queue_log, taker):

        async def look() -> None:
            await shown(tmp_path, lambda now: any(len(queue.waiting) == 1 for queue in now.queues))

        await abandoned(house, network, look)
        now = await shown(tmp_path, lambda now: not now.calls and bool(now.recent))
    assert taker.took == [] and any(call.queue == "patience" for call in now.recent)


@pytest.mark.asterisk
async def test_nobody_logged_in_lets_a_caller_out_at_once(house: QueueHouse, network: AmiLink) -> None:
    watch = Watch(network)
    joined: list[Event] = []
    network.subscribe("QueueCallerJoin", joined.append)
    await dial(house, network, "nobody", patience=60, stays=60)
    await watch.sees("Hangup", Context="network", Exten="nobody-60")
    assert joined == []


@pytest.mark.asterisk
async def test_a_restart_of_asterisk_is_a_new_picture(house: QueueHouse, link: AmiLink, tmp_path: Path, taker: Taker) -> None:
    async with kept(link, tmp_path, house.queue_log, taker):
        await shown(tmp_path, lambda now: now.connected and bool(now.agents))
        await asyncio.to_thread(house.asterisk.kill)
        await shown(tmp_path, lambda now: not now.connected)
        await asyncio.to_thread(house.asterisk.start)
        await shown(tmp_path, lambda now: now.connected and len(now.agents) == 3)


@pytest.mark.asterisk
async def test_keys_can_be_played_into_a_channel(house: QueueHouse, link: AmiLink, network: AmiLink) -> None:
    """panoramisk loses its connection over the answer to this."""
    watch = Watch(network)
    await dial(house, network, "general", patience=5, stays=2)
    connected = await watch.sees("AgentConnect")
    answer = await link.action({"Action": "PlayDTMF", "Channel": connected["Channel"], "Digit": "5"})
    assert answer["Message"] == "DTMF successfully queued"
    await watch.sees("Hangup", Context="network", Exten="general-5")
