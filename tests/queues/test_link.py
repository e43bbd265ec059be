"""The link against a peer that behaves as badly as an AMI peer can: whose answer is whose, and what may become an action."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from queues.ami import Event
from queues.errors import ActionRefused, ForbiddenText, LinkBusy, NotConnected, ResultUnknown
from tests.queues.conftest import QUICK
from tests.queues.linked import Ear, event, link_to, linked
from tests.queues.peer import Peer

ORIGINATE = {"Action": "Originate", "Channel": "Local/1@x", "Async": "true"}


async def test_an_answer_belongs_to_the_action_that_asked(peer: Peer) -> None:
    held: list[tuple[dict[str, str], asyncio.StreamWriter]] = []

    async def turn_round(action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        if action["Action"] != "Say":
            return
        held.append((action, writer))
        if len(held) == 2:
            for action, writer in reversed(held):
                writer.write(f"Response: Success\r\nActionID: {action['ActionID']}\r\nMessage: {action['Word']}\r\n\r\n".encode())

    peer.on_action = turn_round
    peer.answers["Say"] = None
    async with linked(peer) as link:
        one, two = await asyncio.gather(*(link.action({"Action": "Say", "Word": word}) for word in ("one", "two")))
    assert (one["Message"], two["Message"]) == ("one", "two")


async def test_a_chinese_name_cut_anywhere_between_two_reads_stays_whole(peer: Peer) -> None:
    ear = Ear()
    async with linked(peer) as link:
        link.subscribe("*", ear)
        for pieces in (1, 2, 3, 5, 7):
            await peer.says(event("NewCallerid", CallerIDName="浦东新区市民"), pieces)
        assert [e["CallerIDName"] for e in await ear.hears(5)] == ["浦东新区市民"] * 5


async def test_bytes_that_are_no_utf8_cost_one_character_not_the_link(peer: Peer) -> None:
    ear = Ear()
    async with linked(peer) as link:
        link.subscribe("*", ear)
        await peer.says(b"Event: NewCallerid\r\nCallerIDName: \xff\xfe\xe6\xb5\r\nUniqueid: 1\r\n\r\n" + event("Next"))
        first, second = await ear.hears(2)
    assert first["Uniqueid"] == "1" and "�" in first["CallerIDName"]
    assert second.name == "Next"


async def test_a_subscriber_that_raises_costs_neither_link_nor_the_others(peer: Peer) -> None:
    ear = Ear()

    def broken(event: Event) -> None:
        raise ZeroDivisionError

    async with linked(peer) as link:
        link.subscribe("Join", broken)
        link.subscribe("*", ear)
        await peer.says(event("Join", N="1") + event("Join", N="2"))
        assert [e["N"] for e in await ear.hears(2)] == ["1", "2"]
        assert link.connected and link.failures == 2 and peer.connections == 1


async def test_a_subscriber_that_never_returns_is_left_behind(peer: Peer) -> None:
    ear = Ear()

    async def stuck(event: Event) -> None:
        await asyncio.Event().wait()

    async with linked(peer, replace(QUICK, callback_seconds=0.05)) as link:
        link.subscribe("Join", stuck)
        link.subscribe("*", ear)
        await peer.says(event("Join"))
        await ear.hears(1)
        assert link.failures == 1


async def test_an_originate_without_answer_is_never_sent_again(peer: Peer) -> None:
    peer.answers["Originate"] = None
    async with linked(peer) as link:
        call = asyncio.ensure_future(link.action(ORIGINATE))
        await peer.was_asked("Originate")
        peer.drop()
        with pytest.raises(ResultUnknown):
            await call
        await peer.was_asked("Login", 2)
        await link.wait_connected(5)
        await link.action({"Action": "Ping"})
        assert peer.count("Originate") == 1


async def test_an_answer_that_comes_too_late_is_nobodys(peer: Peer) -> None:
    ear = Ear()
    peer.answers["Slow"] = None
    async with linked(peer) as link:
        link.subscribe("*", ear)
        with pytest.raises(ResultUnknown):
            await link.action({"Action": "Slow"}, seconds=0.05)
        number = peer.asked[-1]["ActionID"]
        await peer.says(event("SlowEntry", ActionID=number) + event("SlowComplete", ActionID=number) + event("Live"))
        assert [e.name for e in await ear.hears(1)] == ["Live"]


async def test_an_action_without_answer_takes_no_place_for_ever(peer: Peer) -> None:
    peer.answers["Slow"] = None
    async with linked(peer, replace(QUICK, waiting_actions=1, ping_seconds=5, silent_seconds=9)) as link:
        for _ in range(3):
            with pytest.raises(ResultUnknown):
                await link.action({"Action": "Slow"}, seconds=0.02)
        await link.action({"Action": "Ping"})


async def test_only_an_action_that_was_sent_has_an_unknown_result(peer: Peer) -> None:
    link = link_to(peer)
    with pytest.raises(NotConnected):
        await link.action(ORIGINATE)
    async with linked(peer, replace(QUICK, waiting_actions=1)) as link:
        peer.answers["Originate"] = None
        waiting = asyncio.ensure_future(link.action(ORIGINATE))
        await peer.was_asked("Originate")
        with pytest.raises(LinkBusy):
            await link.action(ORIGINATE)
        assert peer.count("Originate") == 1
        waiting.cancel()


async def test_a_refusal_carries_asterisks_words(peer: Peer) -> None:
    peer.answers["QueuePause"] = b"Response: Error\r\nMessage: Unable to find interface\r\n\r\n"
    async with linked(peer) as link:
        with pytest.raises(ActionRefused, match="Unable to find interface"):
            await link.action({"Action": "QueuePause"})


async def test_an_acknowledgement_that_says_queued_ends_the_action(peer: Peer) -> None:
    """panoramisk takes "…successfully queued" for an Originate and dies of the missing Async."""
    peer.answers["PlayDTMF"] = b"Response: Success\r\nMessage: DTMF successfully queued\r\n\r\n"
    async with linked(peer) as link:
        assert (await link.action({"Action": "PlayDTMF", "Channel": "c", "Digit": "1"}))["Message"].startswith("DTMF")
        assert peer.connections == 1


@pytest.mark.parametrize("value", ["x\r\n\r\nAction: Command\r\nCommand: core stop now", "a\nb", "a\rb", "a\0b", "x" * 2000])
async def test_no_value_can_become_a_second_action(peer: Peer, value: str) -> None:
    async with linked(peer) as link:
        for fields in ({"Action": "Setvar", "Value": value}, {"Action": "Setvar", "Variable": ["a=b", value]}):
            with pytest.raises(ForbiddenText):
                await link.action(fields)
        await link.action({"Action": "Ping"})
    assert {action["Action"] for action in peer.asked} == {"Login", "Ping"}


@pytest.mark.parametrize("name", ["A: b\r\nC", "", "Ac tion", "Ünicode", "x:"])
async def test_no_header_name_can_either(peer: Peer, name: str) -> None:
    async with linked(peer) as link:
        with pytest.raises(ForbiddenText):
            await link.action({"Action": "Setvar", name: "1"})


async def test_a_message_without_end_is_no_asterisk(peer: Peer) -> None:
    async with linked(peer):
        await peer.says(b"Event: X\r\n" + b"K: v\r\n" * 200_000)
        await peer.was_connected(2)
