"""One record a call, from what Asterisk wrote, and the recording of what was said in it: on the real Asterisk."""

from __future__ import annotations

import asyncio
import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
import soundfile

from telephone import sound
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network
from telephone.phone import Phone
from tests.calls.asterisk_line import AsteriskLine, spoken
from tests.calls.conftest import CALLS, Citizen, until
from tests.calls.staff import on_desks
from tests.scenario import Caller

pytestmark = CALLS

LIKE = 0.9
KEEP = ""  # a folder that takes the logs of these calls, to renew tests/queues/logs


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def colleague(hotline: HotlineUnderTest, network: Network) -> Phone:
    """A phone in no queue; calls are passed on to it."""
    return (await on_desks(hotline, network, "agent-1002"))["agent-1002"]


@pytest.fixture(scope="module", autouse=True)
def logs(hotline: HotlineUnderTest) -> Any:
    yield
    if KEEP:
        folder = hotline.settings.home / "asterisk" / "log"
        Path(KEEP).mkdir(parents=True, exist_ok=True)
        for path in (folder / "queue_log", folder / "cel-custom" / "cel.csv"):
            shutil.copy(path, KEEP)


async def record_of(hotline: HotlineUnderTest, number: str, ended: bool = True) -> dict[str, Any]:
    """The record of this caller's call, as soon as it is over."""

    async def found() -> dict[str, Any] | None:
        items = (await hotline.get(f"/api/records?caller={number}")).json()["items"]
        return items[0] if items and bool(items[0]["ended_at"]) == ended else None

    record: dict[str, Any] = await until(found, f"the record of {number}", 15)
    return (await hotline.get(f"/api/records/{record['linkedid']}")).json()  # type: ignore[no-any-return]


def told(record: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(part["kind"], part["queue"], part["agent"], part["how"]) for part in record["segments"] if part["kind"] != "menu"]


async def answered(citizen: Citizen, agent: Phone) -> AsteriskLine:
    line = citizen()
    await Caller(line).dials("1234511").reaches("complaints").stays()
    await agent.rings()
    await agent.answers()
    return line


async def test_a_call_on_hold_whose_recording_was_paused(citizen: Citizen, agent: Phone, hotline: HotlineUnderTest) -> None:
    line = await answered(citizen, agent)
    live = (await record_of(hotline, line.telephone.number, ended=False))["linkedid"]
    await asyncio.gather(line.telephone.speaks(spoken("citizen")), agent.speaks(spoken("agent")))
    await agent.leg.has_heard(agent.leg.samples_heard + 16_000, 1)
    assert (await hotline.post(f"/api/calls/{live}/recording", {"state": "paused"})).json()["state"] == "paused"
    await line.telephone.speaks(spoken("secret"))
    await agent.leg.has_heard(agent.leg.samples_heard + 16_000, 1)
    assert (await hotline.post(f"/api/calls/{live}/recording", {"state": "recording"})).json()["state"] == "recording"
    await hotline.post(f"/api/calls/{live}/hold", {})
    await line.telephone.speaks(sound.silence(1.5))
    await hotline.post(f"/api/calls/{live}/resume", {})
    await line.telephone.speaks(sound.silence(0.5))
    await agent.hangs_up()
    await Caller(line).is_hung_up_on()

    record = await record_of(hotline, line.telephone.number)
    assert told(record) == [("queue", "complaints", "agent-1001", "answered"), ("talk", "complaints", "agent-1001", "agent")]
    assert (record["outcome"], record["ended_by"]) == ("answered", "agent")
    assert 1.0 < record["segments"][-1]["hold_seconds"] < 4

    async def stored() -> Any:
        return (await hotline.get(f"/api/records/{record['linkedid']}")).json()["recordings"]

    (about,) = await until(stored, "the recording stored", 15)
    assert not about["truncated"]
    samples, rate = soundfile.read(io.BytesIO((await hotline.get(about["url"])).content), dtype="int16")
    assert (rate, samples.shape[1]) == (8000, 2)
    said, heard = samples[:, 0], samples[:, 1]
    assert sound.match(said, spoken("citizen")).correlation >= LIKE, "left is what the caller said"
    assert sound.match(heard, spoken("agent")).correlation >= LIKE, "right is what the caller heard"
    assert sound.match(said, spoken("secret")).correlation < 0.5, "what was said meanwhile is not in it"
    assert np.abs(said[-4000:].astype(int)).max() < 2000


async def test_a_call_that_was_passed_on_is_one_record(citizen: Citizen, agent: Phone, colleague: Phone, hotline: HotlineUnderTest) -> None:
    line = await answered(citizen, agent)
    live = (await record_of(hotline, line.telephone.number, ended=False))["linkedid"]
    await hotline.post(f"/api/calls/{live}/transfer", {"to": {"kind": "phone", "name": "agent-1002"}})
    await colleague.rings()
    await colleague.answers()
    await agent.is_free()
    await Caller(line).hangs_up()
    await colleague.is_free()
    record = await record_of(hotline, line.telephone.number)
    assert told(record) == [
        ("queue", "complaints", "agent-1001", "answered"), ("talk", "complaints", "agent-1001", "transfer"),
        ("talk", "", "agent-1002", "caller"),
    ]  # fmt: skip
    assert (record["outcome"], record["ended_by"]) == ("answered", "caller")


async def test_the_service_may_be_killed_in_mid_call(citizen: Citizen, agent: Phone, hotline: HotlineUnderTest) -> None:
    line = await answered(citizen, agent)
    await hotline.kill("worker")
    await agent.hangs_up()
    await Caller(line).is_hung_up_on()
    record = await record_of(hotline, line.telephone.number)
    assert told(record) == [("queue", "complaints", "agent-1001", "answered"), ("talk", "complaints", "agent-1001", "agent")]


async def test_figures_are_made_of_these_calls(citizen: Citizen, agent: Phone, hotline: HotlineUnderTest) -> None:
    before = (await hotline.get("/api/figures?by=queue&name=complaints")).json()["items"][0]
    line = citizen()
    await Caller(line).dials("1234511").reaches("complaints").stays()
    await agent.rings()
    await Caller(line).hangs_up()
    record = await record_of(hotline, line.telephone.number)
    assert (record["outcome"], told(record)) == ("abandoned", [("queue", "complaints", "", "abandoned")])
    after = (await hotline.get("/api/figures?by=queue&name=complaints")).json()["items"][0]
    assert (after["offered"], after["abandoned"], after["answered"]) == (before["offered"] + 1, before["abandoned"] + 1, before["answered"])


async def test_who_calls_at_the_same_time_has_a_record_each(citizen: Citizen, agent: Phone, hotline: HotlineUnderTest) -> None:
    """The larger one is `bench.crowd`."""
    lines = [citizen() for _ in range(3)]
    stories = [asyncio.create_task(_stays(line)) for line in lines]
    for _ in lines:
        await agent.rings()
        await agent.answers()
        await agent.hangs_up()
    await asyncio.gather(*stories)
    records = [await record_of(hotline, line.telephone.number) for line in lines]
    assert [(record["outcome"], len(record["segments"]), record["ended_by"]) for record in records] == [("answered", 3, "agent")] * 3
    assert len({record["linkedid"] for record in records}) == 3


async def _stays(line: AsteriskLine) -> None:
    await Caller(line).dials("1234511").reaches("complaints").is_hung_up_on(within=30)
