"""The link against a peer that behaves as badly as an AMI peer can; each story is a fault of the library it mends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from queues.ami import AmiLink, Event, Limits
from queues.errors import ActionRefused, AmiError, ForbiddenText, LinkBusy, LoginRefused, NotConnected, ResultUnknown
from tests.queues.conftest import QUICK
from tests.queues.peer import Peer

ORIGINATE = {"Action": "Originate", "Channel": "Local/1@x", "Async": "true"}


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with Peer() as peer:
        yield peer


def link_to(peer: Peer, limits: Limits = QUICK, secret: str = "secret") -> AmiLink:
    return AmiLink("127.0.0.1", peer.port, "hotline", secret, limits=limits)


@asynccontextmanager
async def linked(peer: Peer, limits: Limits = QUICK) -> AsyncIterator[AmiLink]:
    async with link_to(peer, limits) as link:
        await link.wait_connected(5)
        yield link


class Ear:
    """Hears events and can be waited on."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self._new = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.heard.append(event)
        self._new.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():
                self._new.clear()
                await self._new.wait()

    async def hears(self, count: int) -> list[Event]:
        await self.until(lambda: len(self.heard) >= count)
        return self.heard


async def no_connection(peer: Peer, times: int, within: float) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(within):
            await peer.was_connected(times)


def event(name: str, **fields: str) -> bytes:
    return "".join(f"{key}: {value}\r\n" for key, value in ({"Event": name} | fields).items()).encode() + b"\r\n"


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


async def test_a_wrong_secret_is_said_and_tried_ever_more_slowly(peer: Peer) -> None:
    async with link_to(peer, replace(QUICK, refused_retry_seconds=5), secret="wrong") as link:
        with pytest.raises(LoginRefused, match="Authentication failed"):
            await link.wait_connected(5)
        assert "hotline" in (link.fault or "") and "wrong" not in (link.fault or "")
        await no_connection(peer, 2, within=0.3)


async def test_a_login_without_answer_ends(peer: Peer) -> None:
    peer.answers["Login"] = None
    async with link_to(peer, replace(QUICK, login_seconds=0.05)):
        await peer.was_connected(2)


async def test_an_asterisk_that_does_not_finish_starting_is_no_link(peer: Peer) -> None:
    peer.answers["Login"] = b"Response: Success\r\n\r\n"
    async with link_to(peer, replace(QUICK, boot_seconds=0.05)) as link:
        await peer.was_connected(2)
        assert not link.connected


async def test_a_silent_peer_is_pinged_then_left(peer: Peer) -> None:
    peer.answers["Ping"] = None
    async with linked(peer):
        await peer.was_asked("Ping", 2)
        await peer.was_connected(2)


async def test_a_peer_that_answers_pings_is_kept(peer: Peer) -> None:
    async with linked(peer, replace(QUICK, ping_seconds=0.02, silent_seconds=0.5)) as link:
        await peer.was_asked("Ping", 30)
        assert link.connected and peer.connections == 1


async def test_reconnects_wait_longer_each_time_up_to_a_limit(peer: Peer) -> None:
    peer.accepts = False
    loop = asyncio.get_running_loop()
    async with link_to(peer, replace(QUICK, first_retry_seconds=0.02, longest_retry_seconds=0.1)):
        await peer.was_connected(1)
        begun = loop.time()
        await peer.was_connected(8)
        took = loop.time() - begun
    assert 0.02 + 0.04 + 0.08 + 4 * 0.1 <= took + 0.01 < 0.02 * (2**7 - 1)


async def test_close_while_waiting_to_reconnect_stays_closed(peer: Peer) -> None:
    link = link_to(peer)
    await link.start()
    await link.wait_connected(5)
    peer.drop()
    await link.close()
    await no_connection(peer, peer.connections + 1, within=QUICK.longest_retry_seconds * 2)
    assert not link.connected and not [t for t in asyncio.all_tasks() if "AmiLink" in repr(t)]


async def test_a_link_lost_in_the_middle_of_a_list_is_an_unknown_result_and_a_new_resync(peer: Peer) -> None:
    peer.answers["QueueStatus"] = None
    resyncs: list[str] = []

    async def half_a_list(action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        if action["Action"] != "QueueStatus":
            return
        number = action["ActionID"]
        start = f"Response: Success\r\nActionID: {number}\r\nEventList: start\r\n\r\n".encode()
        entry = event("QueueParams", ActionID=number, Queue="hotline-general")
        end = event("QueueStatusComplete", ActionID=number, EventList="Complete")
        if peer.connections == 1:
            writer.write(start + entry)
            await writer.drain()
            writer.transport.abort()
        else:
            writer.write(start + entry + end)

    peer.on_action = half_a_list
    done = asyncio.Event()
    async with link_to(peer) as link:

        async def resync() -> None:
            try:
                answer = await link.action({"Action": "QueueStatus"})
                resyncs.append("+".join(e.name for e in answer))
                done.set()
            except AmiError as error:
                resyncs.append(type(error).__name__)
                raise

        link.on_connected(resync)
        async with asyncio.timeout(5):
            await done.wait()
    assert resyncs == ["ResultUnknown", "QueueParams+QueueStatusComplete"]


async def test_a_key_is_told_at_once_while_a_resync_hangs(peer: Peer) -> None:
    """agi waits 0.2 s for the report of a key; a resync may take half a minute."""
    keys, story = Ear(), Ear()
    hangs = asyncio.Event()

    async def resync() -> None:
        hangs.set()
        await asyncio.Event().wait()

    link = link_to(peer)
    link.on_connected(resync)
    link.subscribe("DTMFBegin", keys, urgent=True)
    link.subscribe("DTMFEnd", keys, urgent=True)
    link.subscribe("Other", story)
    async with link:
        await hangs.wait()
        for digit in "12":
            await peer.says(event("DTMFBegin", Digit=digit) + event("Other") + event("DTMFEnd", Digit=digit))
        heard = await keys.hears(4)
        assert [(e.name, e["Digit"]) for e in heard] == [("DTMFBegin", "1"), ("DTMFEnd", "1"), ("DTMFBegin", "2"), ("DTMFEnd", "2")]
        assert story.heard == [], "everything else waits for its turn"


async def test_who_is_urgent_hears_at_once_that_the_link_came_and_went_and_may_fail(peer: Peer) -> None:
    story: list[str] = []
    went = asyncio.Event()

    def changed(up: bool) -> None:
        story.append("up" if up else "down")
        if not up:
            went.set()
        raise ZeroDivisionError

    def pressed(event: Event) -> None:
        story.append(event["Digit"])
        raise ZeroDivisionError

    async def resync() -> None:
        await asyncio.Event().wait()

    link, later = link_to(peer), Ear()
    link.on_connected(resync)
    link.on_change(changed)
    link.subscribe("DTMFEnd", pressed, urgent=True)
    link.subscribe("Later", later, urgent=True)
    async with link:
        await link.wait_connected(5)
        await peer.says(event("DTMFEnd", Digit="1") + event("DTMFEnd", Digit="2") + event("Later"))
        await later.hears(1)
        assert (link.connected, link.failures) == (True, 3)
        peer.drop()
        async with asyncio.timeout(5):
            await went.wait()
    assert story[:4] == ["up", "1", "2", "down"]


async def test_a_full_event_queue_drops_counts_and_asks_for_a_resync_at_the_gap(peer: Peer) -> None:
    story: list[str] = []
    open_up, ear = asyncio.Event(), Ear()

    async def slow(e: Event) -> None:
        await open_up.wait()
        story.append(e["N"])
        ear(e)

    async with link_to(peer, replace(QUICK, waiting_events=10, callback_seconds=5)) as link:
        link.on_connected(lambda: story.append("resync"))
        await link.wait_connected(5)
        link.subscribe("E", slow)
        await peer.says(b"".join(event("E", N=str(n)) for n in range(100)))
        await peer.was_asked("Ping")  # our own ping: everything before it was read
        open_up.set()
        await ear.until(lambda: len(story) >= 12)
        await peer.says(event("E", N="later"))
        await ear.until(lambda: "later" in story)
        assert link.dropped > 80
    assert story[0] == "resync" and story[1:-2] == [str(n) for n in range(len(story) - 3)]
    assert story[-2:] == ["resync", "later"]


async def test_events_keep_their_order_through_slow_and_quick_subscribers(peer: Peer) -> None:
    ear = Ear()

    async def sometimes_slow(e: Event) -> None:
        if e.number("N") % 7 == 0:
            await asyncio.sleep(0)
        ear(e)

    async with linked(peer) as link:
        link.subscribe("E", sometimes_slow)
        await peer.says(b"".join(event("E", N=str(n)) for n in range(500)))
        assert [e.number("N") for e in await ear.hears(500)] == list(range(500))


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


async def test_shutdown_is_followed_by_one_reconnect_not_two(peer: Peer) -> None:
    async with linked(peer) as link:
        await peer.says(event("Shutdown", Shutdown="Cleanly"))
        peer.drop()
        await peer.was_asked("Login", 2)
        await link.wait_connected(5)
        await link.action({"Action": "Ping"})
        assert peer.connections == 2
