"""Real messages and faxes: on disk before anything else, whatever the script or the disk does."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import numpy as np
import pytest

from telephone import sound
from telephone.sound import RATE, Samples
from tests.agi.real import RealHotline

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="package")]


async def test_a_message_is_in_the_spool_when_the_caller_has_hung_up(hotline: RealHotline) -> None:
    async with hotline.served():
        caller = hotline.network.caller("13812345678", name="金")
        await caller.dials("12345")
        await caller.presses("8")
        await caller.hears(hotline.prompts["voicemail-notice"], "the notice")
        await hotline.beep(caller)
        await caller.speaks(sound.babble(2, 99))
        await caller.hangs_up()
        folder = await hotline.arrived()
    item = json.loads((folder / "item.json").read_text())
    assert (item["kind"], item["reason"], item["path"], item["type"]) == ("voicemail", "chosen", "12345-8", "help")
    assert (item["caller"], item["caller_name"], item["called"]) == ("13812345678", "金", "12345")
    assert (item["hangup"], item["record_status"], item["version"]) == (True, "HANGUP", "1")
    assert item["linkedid"] == hotline.decided[0]["Linkedid"]
    assert len(sound.read(folder / "audio.wav")) > 1.5 * RATE


async def test_a_message_ended_by_hash_is_in_the_spool_at_once(hotline: RealHotline) -> None:
    caller = hotline.network.caller("")
    await caller.dials("12345")
    await caller.presses("8")
    await caller.hears(hotline.prompts["voicemail-notice"], "the notice")
    await hotline.beep(caller)
    await caller.speaks(sound.babble(1, 99))
    await caller.presses("#")
    folder = await hotline.arrived()
    await caller.hears(hotline.prompts["voicemail-received"], "received")
    await caller.is_hung_up_on()
    item = json.loads((folder / "item.json").read_text())
    assert (item["caller"], item["hangup"], item["record_status"]) == ("", False, "DTMF")


async def test_a_script_that_cannot_run_does_not_stop_the_recording(hotline: RealHotline) -> None:
    with hotline.script("#!/bin/sh\nexit 1\n"):
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.presses("8")
        await caller.hears(hotline.prompts["voicemail-notice"], "the notice")
        await hotline.beep(caller)
        await caller.speaks(sound.babble(1, 99))
        await caller.hangs_up()
    recorded = hotline.settings.spool / "tmp" / f"{hotline.decided[0]['Uniqueid']}.wav"
    await hotline.until(lambda: recorded.exists() and recorded.stat().st_size > RATE)  # it is written when it is closed
    recorded.unlink()


async def test_a_full_disk_leads_to_a_person(hotline: RealHotline) -> None:
    real = hotline.script_path.read_text()
    with hotline.script(real.replace("'1'", f"'{1 << 40}'")):
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.presses("8")
        await caller.hears(hotline.prompts["voicemail-unavailable"], "unavailable")
        decided = await hotline.decision(2)
        await caller.hangs_up()
    assert (decided["Decision"], decided["Target"]) == ("queue", "general")
    assert [event["Linkedid"] for event in hotline.full] == [decided["Linkedid"]]


@pytest.mark.parametrize("service", ["up", "down", "late"])
async def test_a_fax_machine_reaches_the_fax_path(hotline: RealHotline, service: str) -> None:
    """Late: the tone is heard between two commands, which looks like a hang-up to AGI."""
    calling = np.concatenate([_tone(1100, 0.5), sound.silence(1.5)])  # ITU-T T.30, CNG
    async with contextlib.AsyncExitStack() as services:
        server = None
        if service != "down":
            server = await services.enter_async_context(hotline.served(late=3 if service == "late" else 0))
        machine = hotline.network.caller("05461234567")
        await machine.dials("12345")
        speaking = asyncio.ensure_future(machine.speaks(np.tile(calling, 5)))
        decided = await hotline.decision()
        await hotline.until(lambda: bool(_opened(hotline.settings.spool)))
        item = json.loads(_opened(hotline.settings.spool)[0].read_text())
        await machine.hangs_up()
        await speaking
        folder = await hotline.arrived()
    assert (decided["Decision"], decided["Path"]) == ("fax", "12345-9")
    assert (item["kind"], item["reason"], item["path"]) == ("fax", "detected", "12345-9")
    assert json.loads((folder / "item.json").read_text())["hangup"] is True
    assert hotline.abandoned == []
    assert server is None or server.counts.sessions == {"up": {"fax": 1}, "late": {"gone": 1}}[service]


def _opened(spool: Path) -> list[Path]:
    return list((spool / "tmp").glob("*.json"))


def _tone(hertz: float, seconds: float) -> Samples:
    time = np.arange(int(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * hertz * time) * 8000).astype(np.int16)
