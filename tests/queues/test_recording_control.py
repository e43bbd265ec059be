"""Pausing a recording: whose call it is, what Asterisk is told, what stays written."""

from __future__ import annotations

from typing import Any

import pytest

from queues.actor import AGENT, SUPERVISOR, Actor, Refused
from queues.errors import ActionRefused
from queues.event import Answer, Event
from queues.recording_control import RecordingControl

CALL = "h-1.1"


def leg(channel: str, uniqueid: str, linkedid: str, state: str = "6") -> Event:
    return Event("CoreShowChannel", {"channel": channel, "uniqueid": uniqueid, "linkedid": linkedid, "channelstate": state, "duration": "00:01:00"})


class Asterisk:
    """A link to one: two calls, and the phone of one of them that dials a code meanwhile."""

    def __init__(self, recorded: bool = True) -> None:
        self.recorded = recorded
        self.told: list[dict[str, Any]] = []

    async def action(self, fields: Any, *, seconds: float | None = None) -> Answer:
        if fields["Action"] == "CoreShowChannels":
            return Answer(Event("", {}), (
                leg("PJSIP/1001-00000009", "h-1.9", "h-1.9"), leg("PJSIP/trunk-00000001", CALL, CALL), leg("PJSIP/1001-00000002", "h-1.2", CALL),
                leg("PJSIP/trunk-00000003", "h-1.3", "h-1.3"), leg("PJSIP/1002-00000004", "h-1.4", "h-1.3"),
            ))  # fmt: skip
        self.told.append(dict(fields))
        if fields["Action"] == "MixMonitorMute" and not self.recorded:
            raise ActionRefused("Cannot set mute flag")
        return Answer(Event("", {"response": "Success"}))


async def phone_of(login: str) -> str:
    return {"wang": "1001", "li": "1002"}.get(login, "")


@pytest.mark.parametrize(("by", "linkedid"), [(Actor(AGENT, agent="wang"), CALL), (Actor(SUPERVISOR, token="T"), CALL), (Actor(AGENT, name="1001"), "")])
async def test_the_callers_leg_is_muted_and_asterisk_writes_it_down(by: Actor, linkedid: str) -> None:
    asterisk = Asterisk()
    control = RecordingControl(asterisk, phone_of)
    assert await control.pause(by, linkedid) == {"state": "paused", "linkedid": CALL}
    assert await control.resume(by, linkedid) == {"state": "recording", "linkedid": CALL}
    mute, note, again, _ = asterisk.told
    assert (mute["Channel"], mute["Direction"], mute["State"], again["State"]) == ("PJSIP/trunk-00000001", "both", 1, 0)
    assert (note["Event"], note["Uniqueid"], note["Message"]) == ("HOTLINERECORDING", CALL, "paused")


@pytest.mark.parametrize(
    ("by", "linkedid", "status"),
    [(Actor(AGENT, agent="li"), CALL, 403), (Actor(AGENT), CALL, 403), (Actor(AGENT, name="1003"), "", 409), (Actor(SUPERVISOR), "h-7.7", 404), (Actor(SUPERVISOR), "x\r\ny", 404)],
)
async def test_whose_call_it_is_not_changes_nothing(by: Actor, linkedid: str, status: int) -> None:
    asterisk = Asterisk()
    with pytest.raises(Refused) as no:
        await RecordingControl(asterisk, phone_of).pause(by, linkedid)
    assert (no.value.status, asterisk.told) == (status, [])


async def test_a_call_that_is_not_recorded_cannot_be_paused() -> None:
    asterisk = Asterisk(recorded=False)
    with pytest.raises(Refused, match="not being recorded"):
        await RecordingControl(asterisk, phone_of).pause(Actor(SUPERVISOR), CALL)
    assert [told["Action"] for told in asterisk.told] == ["MixMonitorMute"], "nothing is written of what did not happen"
