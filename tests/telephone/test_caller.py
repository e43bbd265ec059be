"""A citizen's telephone, on an exchange of loopback: what it says of calls that go well and of calls that do not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest

from telephone import sound
from telephone.ami import Ami
from telephone.audiosocket import AudioSocketServer
from telephone.caller import Caller, NotAnswered, NotHeard, StillConnected
from tests.telephone.loopback import Exchange, exchange

Line = tuple[Exchange, Ami, AudioSocketServer]
WELCOME, MENU = sound.babble(1.2, seed=1), sound.babble(1.2, seed=2)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with exchange() as made:
        yield made


def telephone(line: Line, number: str = "13812345678", **how: str) -> Caller:
    return Caller(line[1], line[2], number, **how)


async def test_a_call_is_dialled_with_number_and_name_and_hung_up(line: Line) -> None:
    caller = telephone(line, name="市民")
    await caller.dials("12345")
    assert caller.connected
    await caller.hangs_up()
    assert not caller.connected
    asked = [block for block in line[0].asked if block["Action"] in ("Originate", "Hangup")]
    assert asked[0]["Channel"] == "PJSIP/12345@hotline"
    assert "CONNECTEDLINE(num,i)=13812345678" in asked[0]["Variables"]
    assert asked[1]["Channel"] == "PJSIP/hotline-1"


async def test_a_withheld_number_is_sent_as_one(line: Line) -> None:
    await telephone(line, "").dials("12345")
    assert "CONNECTEDLINE(pres,i)=prohib" in line[0].asked[-1]["Variables"]


async def test_a_call_nobody_answers_says_so(line: Line) -> None:
    line[0].answers = False
    with pytest.raises(NotAnswered, match="12345: not answered"):
        await telephone(line).dials("12345")


async def test_prompts_are_heard_one_after_another_even_when_they_come_at_once(line: Line) -> None:
    caller = telephone(line)
    await caller.dials("12345")
    line[0].play(sound.silence(0.3), WELCOME, MENU)
    assert (await caller.hears(WELCOME)).at == 2400
    assert (await caller.hears(MENU)).correlation > 0.99


async def test_what_was_heard_before_is_not_heard_again(line: Line) -> None:
    caller = telephone(line)
    await caller.dials("12345")
    line[0].play(WELCOME, MENU)
    await caller.hears(MENU)
    with pytest.raises(NotHeard, match=r"welcome was not heard in 0\.3 s"):
        await caller.hears(WELCOME, "welcome", within=0.3)


async def test_the_last_sound_of_a_call_that_ends_counts(line: Line) -> None:
    caller = telephone(line)
    await caller.dials("12345")
    line[0].play(WELCOME, then_hang_up=True)
    await caller.hears(WELCOME)
    with pytest.raises(NotHeard, match="the call ended before menu was heard"):
        await caller.hears(MENU, "menu")


async def test_a_polite_caller_waits_until_it_is_quiet(line: Line) -> None:
    caller = telephone(line)
    await caller.dials("12345")
    line[0].play(MENU, sound.silence(1))
    await caller.waits_until_quiet()
    assert caller.leg.seconds_heard >= 1.2


async def test_a_message_is_spoken_after_the_tone(line: Line) -> None:
    caller = telephone(line)
    await caller.dials("12345")
    beep = (np.sin(2 * np.pi * 1000 * np.arange(3200) / sound.RATE) * 6000).astype(np.int16)
    line[0].play(MENU, sound.silence(1), beep, sound.silence(0.2))
    await caller.waits_for_tone()
    assert caller.leg.seconds_heard >= 2.6
    with pytest.raises(NotHeard, match="no tone"):
        caller._listened = len(caller.heard)
        await caller.waits_for_tone(0.2)


async def test_keys_are_events_or_tones_as_the_trunk_has_it(line: Line) -> None:
    caller = telephone(line)
    await caller.dials("12345")
    await caller.presses("1#")
    pressed = [block["Digit"] for block in line[0].asked if block["Action"] == "PlayDTMF"]
    assert pressed == ["1", "#"]
    inband = telephone(line, trunk="hotline-inband")
    await inband.dials("12345")
    await inband.presses("5")
    assert len([block for block in line[0].asked if block["Action"] == "PlayDTMF"]) == 2


async def test_the_other_side_has_so_long_to_hang_up(line: Line) -> None:
    caller = telephone(line)
    await caller.dials("12345")
    with pytest.raises(StillConnected):
        await caller.is_hung_up_on(within=0.1)
    line[0].play(then_hang_up=True)
    await caller.is_hung_up_on(within=5)
    assert np.array_equal(caller.heard, sound.silence(0))
