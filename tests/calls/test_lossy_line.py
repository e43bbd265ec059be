"""Through a line that loses 3 of 100 packets and delays and disorders the rest: keys arrive, messages stay understandable."""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest_asyncio

from hotline.asterisk import find
from telephone import sound
from telephone.caller import Caller
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network, Wiring
from telephone.prompts import Prompts
from telephone.relay import BadLine
from tests.calls.asterisk_line import BREATH_SECONDS, Decisions
from tests.calls.conftest import CALLS, SIP_PORT, ticket_of, until

pytestmark = CALLS

LINE = ("127.0.0.3", SIP_PORT)
NETWORK = ("127.0.0.4", SIP_PORT)
SPOKEN_SECONDS = 6.0
PIECE_SECONDS = 0.1
PIECE_LIKE = 0.8
UNDERSTOOD = 0.4  # of pieces of five packets 86 in 100 lose none; some more come in the wrong order, most on a busy machine
numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def line(hotline: HotlineUnderTest) -> AsyncIterator[BadLine]:
    async with BadLine(LINE, network=NETWORK, hotline=("127.0.0.1", SIP_PORT)) as bad:
        yield bad


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def far_away(folder: Path, hotline: HotlineUnderTest, line: BadLine) -> AsyncIterator[Network]:
    """A second telephone network, at the other end of the bad line."""
    wiring = Wiring(
        folder / "far", hotline_address=LINE[0], hotline_port=LINE[1], address=NETWORK[0], sip_port=NETWORK[1],
        phones_port=SIP_PORT + 6, ami_port=SIP_PORT + 7, rtp_ports=(29000, 29499),
    )  # fmt: skip
    async with Network(wiring, find(hotline.settings.downloads)) as running:
        yield running


def someone(far_away: Network) -> Caller:
    return far_away.caller(f"139{next(numbers):08d}")


async def understood(caller: Caller, clip: sound.Samples) -> bool:
    """Most of it was heard: a telephone without a jitter buffer hears late packets in the wrong order."""
    return sound.share(caller.heard, clip, piece_seconds=PIECE_SECONDS, like=PIECE_LIKE) >= UNDERSTOOD - 0.1


async def test_every_key_arrives_and_none_twice(far_away: Network, line: BadLine, decisions: Decisions) -> None:
    """Thirty calls, two keys each: a key lost or doubled would end somewhere else."""

    async def complains() -> None:
        caller = someone(far_away)
        await caller.dials("12345")
        await caller.presses("11")
        await decisions.reached(caller.number, "complaints", 15)
        await caller.hangs_up()

    for _ in range(3):
        await asyncio.gather(*(complains() for _ in range(10)))
    assert line.lost > 20, "the line was a bad one"


async def test_a_message_is_understandable(far_away: Network, hotline: HotlineUnderTest, prompts: Prompts, tmp_path: Path) -> None:
    callers = [someone(far_away) for _ in range(3)]

    async def leaves_a_message(caller: Caller) -> float:
        said = sound.babble(SPOKEN_SECONDS, seed=zlib.crc32(caller.number.encode()))
        await caller.dials("12345")
        await caller.presses("2")
        await until(lambda: understood(caller, prompts.whole("voicemail-notice")), "the notice", 15)
        await caller.waits_for_tone()
        await caller.speaks(np.concatenate([said, sound.silence(BREATH_SECONDS)]))
        await caller.hangs_up()
        ticket = await until(lambda: ticket_of(hotline, caller.number), "its ticket", 10)
        path = tmp_path / f"{caller.number}.wav"
        path.write_bytes((await hotline.get(f"/api/tickets/{ticket['number']}/audio")).content)
        return sound.share(sound.read(path), said, piece_seconds=PIECE_SECONDS, like=PIECE_LIKE)

    shares = await asyncio.gather(*(leaves_a_message(caller) for caller in callers))
    assert min(shares) >= UNDERSTOOD, shares
