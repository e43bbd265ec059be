"""Recordings of agents' calls: a disk that fills up in mid-call, an Asterisk that is killed."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from queues import recordings
from queues.events import EventLog
from telephone import sound
from tests.calls.conftest import until
from tests.conversations.conftest import CALLS, Floor
from tests.conversations.ears import Ear, everybody, soon

pytestmark = CALLS
SECOND = 4 * 8000  # bytes: two sides of 16 bit
LOOK_SECONDS = 20  # the worker looks for room every 15 s


async def stored(floor: Floor, call: str) -> dict[str, Any]:
    async def found() -> Any:
        answer = await floor.hotline.get(f"/api/records/{call}")
        return answer.json()["recordings"] if answer.is_success else []

    (about,) = await until(found, "the recording stored", 20)
    return dict(about)


@pytest.fixture
def small_disk(floor: Floor) -> Iterator[Path]:
    """Where Asterisk writes recordings: two megabytes of memory."""
    raw = recordings.raw_folder(floor.hotline.plan.home)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(raw)], capture_output=True, check=False).returncode:
        pytest.skip("no small disk: nobody but root may mount one")
    yield raw
    subprocess.run(["umount", "--lazy", str(raw)], check=True)


async def test_a_disk_that_fills_up_in_mid_call_costs_the_recording_and_nothing_else(floor: Floor, small_disk: Path) -> None:
    wang, home = floor.phones["wang"], floor.hotline.plan.home
    events = EventLog(home)
    place = events.end()
    citizen, call = await floor.talk()
    await until(lambda: _grown(floor, call, 4096), "it is being recorded")
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(small_disk).free)
    await until(lambda: _told(home), "the worker sees it", LOOK_SECONDS)
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    await _both_speak(citizen, wang)
    await citizen.hangs_up()
    await wang.is_free()
    other, second = await floor.talk()
    await soon(everybody("citizen", "wang"), citizen=other, wang=wang)
    assert floor.queue_log("HOTLINENOTRECORDED", second)
    await other.hangs_up()
    filler.unlink()
    about = await stored(floor, call)
    assert about["truncated"] and 0 < about["seconds"] < 60
    await until(lambda: _begins_again(home), "there is room again", LOOK_SECONDS)
    lines, _, _ = events.read(place)
    assert ("recording", "on") in [(line.data.get("alarm"), line.data.get("state")) for line in lines if line.kind == "alarm"]


async def _both_speak(*ears: Ear) -> None:
    """For long enough that what Asterisk holds back before it writes is the least of it: of silence nothing is written."""
    await asyncio.gather(*(ear.speaks(sound.babble(1.2, seed=77 + number)) for number, ear in enumerate(ears)))


async def _grown(floor: Floor, call: str, size: int) -> bool:
    raw = recordings.raw_folder(floor.hotline.plan.home) / f"{call}.raw"
    return raw.exists() and raw.stat().st_size > size


async def _told(home: Path) -> bool:
    return recordings.stop_file(home).exists()


async def _begins_again(home: Path) -> bool:
    return not await _told(home)


async def test_an_asterisk_that_is_killed_leaves_what_was_recorded_until_then(floor: Floor) -> None:
    wang = floor.phones["wang"]
    citizen, call = await floor.talk()
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    await _both_speak(citizen, wang)
    await until(lambda: _grown(floor, call, SECOND), "a second of it is recorded")
    floor.hotline.process("asterisk").kill()
    await citizen.hangs_up()
    await wang.hangs_up()  # nobody says good-bye
    await floor.hotline.healthy()
    about = await stored(floor, call)
    assert about["truncated"] and about["seconds"] > 0.5
    record = (await floor.hotline.get(f"/api/records/{call}")).json()
    assert record["ended_by"] == "asterisk" and [part["agent"] for part in record["segments"] if part["kind"] == "talk"] == ["wang"]
    await until(lambda: floor.is_doing("wang", "available"), "wang is there again", 20)
    again, _ = await floor.talk()
    await soon(everybody("citizen", "wang"), citizen=again, wang=wang)
    await again.hangs_up()
