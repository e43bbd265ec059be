"""The link that breaks, stalls or drowns: when it is given up, how it comes back, what its subscribers are told meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from queues.ami import Event
from queues.errors import AmiError, LoginRefused
from tests.queues.conftest import QUICK
from tests.queues.linked import Ear, event, link_to, linked, no_connection
from tests.queues.peer import Peer


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
        async with asyncio.timeout(30):
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
        async with asyncio.timeout(30):
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


async def test_shutdown_is_followed_by_one_reconnect_not_two(peer: Peer) -> None:
    async with linked(peer) as link:
        await peer.says(event("Shutdown", Shutdown="Cleanly"))
        peer.drop()
        await peer.was_asked("Login", 2)
        await link.wait_connected(5)
        await link.action({"Action": "Ping"})
        assert peer.connections == 2
