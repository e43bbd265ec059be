"""What is measured is what it says: the same dialogue by each server, menus that may be published, keys that are heard."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys

import pytest

from bench import generated, round_trips, script, two_keys
from bench.line import Heard
from bench.presser import Rtp
from bench.two_keys import Figures
from ivr import flow
from ivr.loading import check, load

HEADER = round_trips.HEADER.removesuffix(b"\n") + b"agi_arg_1: 1\nagi_arg_2: 12345\n\n"


@pytest.mark.parametrize("kind", ["panoramisk", "threads"])
async def test_every_other_server_tells_the_two_key_menu(kind: str) -> None:
    """The answers to GOSUB are two lines, as Asterisk gives them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.contenders", kind, str(port), "menu", stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    try:
        async with asyncio.timeout(30):
            await two_keys.ready(process)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEADER)
            said = []
            while line := (await reader.readline()).decode().strip():
                said.append(line)
                writer.write(b"100 result=0 Trying...\n200 result=0\n" if line.startswith("GOSUB") else b"200 result=1 (1)\n")
            writer.close()
    finally:
        process.kill()
        await process.wait()
    first, second = script.ASKS
    assert said == [first, script.QUESTION, second, script.QUESTION, script.DECISION]


async def test_round_trips_are_those_after_every_session_was_asked_once() -> None:
    async with round_trips.server("ours") as (process, port):
        count = round_trips.Count(2, 10)
        made = [await asyncio.get_running_loop().create_connection(lambda: round_trips.Peer(count), "127.0.0.1", port) for _ in range(2)]
        async with asyncio.timeout(10):
            for _, peer in made:
                peer.begin()
            await count.met.wait()
            assert count.made == 0
            for _, peer in made:
                peer.answer()
            await count.done.wait()
        assert process.is_running() and 10 <= count.made <= 11
        for transport, _ in made:
            transport.abort()


@pytest.mark.parametrize("seed", range(3))
def test_a_generated_city_may_be_published_and_has_its_nodes(seed: int) -> None:
    texts = generated.texts(seed)
    assert check(texts) == ()
    city = load(texts)
    assert len(city.nodes) == generated.NODES
    place, _ = flow.begin(city, flow.Call("12345", generated.MORNING))
    assert not place.outcome


def test_a_key_is_an_event_with_three_ends() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as ear, socket.socket(type=socket.SOCK_DGRAM) as mouth:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(2)
        asyncio.run(Rtp(mouth, ear.getsockname()).press("7"))
        packets = [ear.recv(64) for _ in range(4)]
    assert [packet[1] for packet in packets] == [0x80 | 101, 101, 101, 101]
    assert [packet[12] for packet in packets] == [7] * 4 and [packet[13] >> 7 for packet in packets] == [0, 1, 1, 1]
    assert len({packet[4:8] for packet in packets}) == 1 and [struct.unpack("!H", packet[2:4])[0] for packet in packets] == [1, 2, 3, 4]


def test_a_ways_cost_is_counted_for_each_call_that_came_through() -> None:
    native, ours = Figures(), Figures()
    heard: list[Heard | str] = [Heard(1.0, first_sound_at=1.03), Heard(2.0, first_sound_at=2.05)]
    two_keys._add(native, native, heard, 0.04, 0.0, 0.02)
    two_keys._add(ours, native, [*heard, "no answer"], 0.04, 0.004, 0.02)
    row = two_keys._cost_row("ours", ours)
    assert (row["failed"], row["asterisk_cpu_s_per_1000"], row["server_cpu_s_per_1000"], row["times_native"]) == (1, 20.0, 2.0, 1.1)
    assert row["aim_at_most_1.10"] and (row["p50_ms"], row["p99_ms"]) == (10.0, 30.0)
    assert not two_keys._burst_row("ours", ours)["aim_none_failed"]
