"""Captions of a real talk: both sides, told apart, while they speak; and what happens to the talk when the listener is lost."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from telephone import sound
from telephone.caller import Caller
from tests.calls.conftest import until
from tests.speaking.conftest import CALLS, World

pytestmark = CALLS
PATIENCE_SECONDS = 30.0  # for a phrase to be recognised by a machine that does much else; `until` multiplies it


async def talk(world: World) -> tuple[Caller, str]:
    citizen = world.citizen()
    await citizen.dials("1234511")
    await world.phone.rings()
    await world.phone.answers()
    return citizen, await world.linkedid(citizen)


def listener() -> int:
    """The process that recognises; the only one of its kind in this namespace's stories is ours to hurt."""
    mine = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and b"speech.ears" in _command(path)]
    found = [pid for pid in mine if b"speaking-" in Path(f"/proc/{pid}/environ").read_bytes()]
    assert len(found) == 1
    return found[0]


def _command(path: Path) -> bytes:
    try:
        return (path / "cmdline").read_bytes()
    except OSError:
        return b""


async def said(world: World, call: str, side: str, words: str) -> dict[str, Any]:
    """What that side said; it is nobody else's."""

    async def found() -> dict[str, Any]:
        phrases = [one for one in world.events("caption", call) if one["what"] == "said" and words in one["text"]]
        assert {one["side"] for one in phrases} <= {side}
        over = [one for one in world.events("caption", call) if one["what"] == "ended"]
        assert phrases or not over, f"the captions ended before {words} was heard: {told(world, call)}"
        return phrases[0] if phrases else {}

    try:
        phrase: dict[str, Any] = await until(found, f"{words} from the {side}", PATIENCE_SECONDS)
    except AssertionError as error:
        raise AssertionError(f"{error}; {told(world, call)}") from None
    return phrase


def told(world: World, call: str) -> list[tuple[str, str, str]]:
    """All captions of the call: what, which side, which words or why."""
    return [(one["what"], one.get("side", ""), one.get("text", one.get("why", ""))) for one in world.events("caption", call)]


async def captioned(world: World, call: str) -> None:
    """Asked again while a listener that was lost is being replaced: that is what the refusal says."""
    headers = {"Authorization": f"Bearer {world.tokens['supervisor']}"}

    async def begun() -> bool:
        answer = await world.http.post(f"/api/calls/{call}/captions", headers=headers)
        assert answer.status_code == 200 or "try again in a few seconds" in answer.text or "started again" in answer.text
        return answer.status_code == 200

    await until(begun, "captions", 20)


async def begun(world: World, call: str) -> None:
    """Its sound has come: what is said from now on is heard."""

    async def found() -> bool:
        return any(one["what"] == "began" for one in world.events("caption", call))

    await until(found, "the first sound of the captions")


async def ended(world: World, call: str, why: str) -> None:
    async def found() -> bool:
        return any(one["what"] == "ended" and one["why"] == why for one in world.events("caption", call))

    await until(found, f"the end of the captions ({why})")


async def test_both_sides_are_written_along_and_told_apart(world: World) -> None:
    citizen, call = await talk(world)
    assert await world.ask("supervisor", "POST", f"/api/calls/{call}/captions", 200) == {"linkedid": call, "state": "on"}
    await world.ask("integration", "POST", f"/api/calls/{call}/captions", 403)
    await begun(world, call)
    await citizen.speaks(world.says("我要投诉"))
    await world.phone.speaks(world.says("您的投诉已经登记了"))
    caller, agent = await said(world, call, "caller", "投诉"), await said(world, call, "agent", "登记")
    assert 0 < caller["end_seconds"] <= agent["end_seconds"] and caller["agents"] == ["wang"]
    other = world.citizen()
    await other.dials("123451")  # a menu that listens has one stream left, another call's captions would need two
    await world.hears(other, "speak-hint")
    third = world.citizen()
    await third.dials("123451")
    await world.hears(third, "matters-menu")
    await third.speaks(world.says("我要投诉"))
    for line in (other, third):
        await line.presses("4")
        await world.reached(line, "general")
        await line.hangs_up()
    await world.ask("supervisor", "DELETE", f"/api/calls/{call}/captions", 200)
    await ended(world, call, "stopped")


async def test_a_queue_that_wants_it_has_them_from_the_first_word_and_they_end_with_the_call(world: World) -> None:
    citizen = world.citizen()
    await citizen.dials("123450")
    await world.phone.rings()
    await world.phone.answers()
    call = await world.linkedid(citizen)
    await begun(world, call)
    await citizen.speaks(world.says("我要投诉"))
    await said(world, call, "caller", "投诉")
    began = world.events("caption", call)[0]
    assert (began["what"], began["by"]) == ("began", "floor")
    await citizen.hangs_up()
    await ended(world, call, "gone")


@pytest.mark.parametrize("loss", [signal.SIGSTOP, signal.SIGKILL], ids=["hangs", "dies"])
async def test_a_listener_that_is_lost_disturbs_no_call(world: World, loss: signal.Signals) -> None:
    citizen, call = await talk(world)
    await captioned(world, call)
    await begun(world, call)
    pid = listener()
    os.kill(pid, loss)
    for seed in range(3):  # while it is stopped, and while it is being found out
        clip = sound.babble(0.8, seed=900 + seed)
        before = world.phone.leg.samples_heard
        await citizen.speaks(clip)
        await world.phone.leg.has_heard(before + len(clip) + 2400, 3)
        assert sound.match(world.phone.leg.heard(before), clip).correlation > 0.8
    await ended(world, call, "lost")
    await citizen.hangs_up()
    menu = world.citizen()
    await menu.dials("123451")
    await world.hears(menu, "matters-menu")
    await menu.presses("1")
    await world.reached(menu, "complaints")
    await menu.hangs_up()
