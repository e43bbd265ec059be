"""Live sound, spoken to a loopback client that behaves as Asterisk's AudioSocket does."""

from __future__ import annotations

import asyncio
import struct
import uuid
from collections.abc import AsyncIterator

import numpy as np
import pytest

from telephone import sound
from telephone.audiosocket import AUDIO, DTMF, HANGUP, UUID, AudioSocketServer, Leg


@pytest.fixture
async def server() -> AsyncIterator[AudioSocketServer]:
    server = AudioSocketServer("127.0.0.1")
    await server.start()
    yield server
    await server.stop()


def frame(kind: int, payload: bytes = b"") -> bytes:
    return struct.pack(">BH", kind, len(payload)) + payload


async def connect(server: AudioSocketServer, leg: Leg) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(frame(UUID, uuid.UUID(leg.id).bytes))
    await asyncio.wait_for(leg.up.wait(), 5)
    return reader, writer


async def receive(reader: asyncio.StreamReader, samples: int) -> sound.Samples:
    data = b""
    while len(data) < 2 * samples:
        kind, length = struct.unpack(">BH", await asyncio.wait_for(reader.readexactly(3), 5))
        assert kind == AUDIO
        data += await reader.readexactly(length)
    return np.frombuffer(data, dtype="<i2")


async def test_what_asterisk_sends_is_heard_whatever_the_size_of_its_frames(server: AudioSocketServer) -> None:
    leg, clip = server.expect(), sound.babble(1, seed=1)
    _, writer = await connect(server, leg)
    data = clip.astype("<i2").tobytes()
    for at in range(0, len(data), 334):
        writer.write(frame(AUDIO, data[at : at + 334]))
    assert await leg.has_heard(len(clip), 5)
    assert (leg.heard() == clip).all()
    assert (leg.heard(8000 - 100) == clip[-100:]).all()


async def test_a_leg_that_says_nothing_sends_silence_and_what_it_says_arrives_whole(server: AudioSocketServer) -> None:
    leg, clip = server.expect(), sound.babble(0.31, seed=2)
    reader, _ = await connect(server, leg)
    assert not (await receive(reader, 800)).any()
    listening = asyncio.create_task(receive(reader, 8000))
    await leg.say(clip)
    assert sound.match(await listening, clip).correlation == pytest.approx(1.0)


async def test_speaking_ends_when_the_other_side_hangs_up(server: AudioSocketServer) -> None:
    leg = server.expect()
    _, writer = await connect(server, leg)
    speaking = asyncio.create_task(leg.say(sound.babble(60, seed=3)))
    writer.write(frame(DTMF, b"5") + frame(HANGUP))
    await asyncio.wait_for(speaking, 5)
    assert leg.ended.is_set()
    assert leg.keys == "5"


async def test_waiting_for_sound_has_a_limit(server: AudioSocketServer) -> None:
    leg = server.expect()
    await connect(server, leg)
    assert not await leg.has_heard(8000, 0.05)


STRANGERS = {"another id": frame(UUID, uuid.UUID(int=1).bytes), "a short id": frame(UUID, b"short"), "sound": frame(AUDIO, b"\0\0"), "nothing": b""}


@pytest.mark.parametrize("opening", STRANGERS.values(), ids=STRANGERS.keys())
async def test_a_connection_nobody_expects_is_closed(server: AudioSocketServer, opening: bytes) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(opening)
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 5) == b""
