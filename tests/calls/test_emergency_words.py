"""Somebody in danger reaches the message: what they say is an alarm while they are still on the line."""

from __future__ import annotations

import numpy as np

from queues.events import EventLog
from telephone import voices
from telephone.hotline_under_test import HotlineUnderTest
from tests.calls.conftest import CALLS, Citizen, until
from tests.scenario import Caller

pytestmark = CALLS

BREATH = np.zeros(4 * 8000, np.float32)  # shorter than the silence that ends a message


async def test_a_fire_is_told_before_the_caller_has_hung_up(citizen: Citizen, hotline: HotlineUnderTest) -> None:
    line = citizen()
    log = EventLog(hotline.settings.home)
    began = log.end()
    await Caller(line).dials("12345").hears("main-menu").presses("2").hears("voicemail-notice").stays()
    await line.telephone.waits_for_tone()
    words = np.concatenate([voices.clip("我家厨房着火了，请快来人。", hotline.settings), BREATH])

    async def told() -> list[dict[str, object]]:
        """Says it again until somebody has understood: how long that takes is the machine's business."""
        await line.telephone.speaks(words)
        lines, _, _ = log.read(began)
        return [dict(line.data) for line in lines if line.kind == "alarm" and line.data.get("name") == "emergency_words"]

    alarm, *_ = await until(told, "an alarm while the message is being left", 120)
    assert line.telephone.connected
    assert alarm["kinds"] == ["fire"]
    assert alarm["path"] == "12345-2"
    assert isinstance(alarm["behind_seconds"], float)
    await line.telephone.hangs_up()
