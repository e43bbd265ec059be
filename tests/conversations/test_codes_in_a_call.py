"""The codes *14 and *15, dialled at a telephone in a call: its recording is paused, and goes on."""

from __future__ import annotations

import io

import soundfile

from telephone import sound
from tests.conversations.conftest import CALLS, Floor
from tests.conversations.test_recordings import stored

pytestmark = CALLS
LIKE = 0.9
WHOLE = 3200  # samples of a prompt of half a second; its end may be cut by the hang-up


async def test_a_telephones_codes_pause_and_resume_the_recording(floor: Floor) -> None:
    """*14 and *15 on the second line; what is said between them is not in it."""
    wang = floor.phones["wang"]
    citizen, call = await floor.talk()
    clips = {name: sound.babble(0.6, seed=40_000 + number) for number, name in enumerate(("before", "secret", "after"))}
    for name, clip in clips.items():
        if code := {"secret": "*14", "after": "*15"}.get(name):
            line = wang.second_line()
            await line.dials(code)
            prompt = "agent-unrecorded" if code == "*14" else "agent-recorded"
            await line.hears(floor.prompts[prompt][:WHOLE], prompt, within=12)
            await line.is_hung_up_on()
        await citizen.speaks(clip)
        await wang.leg.has_heard(wang.leg.samples_heard + 8000, 2)
    await citizen.hangs_up()
    about = await stored(floor, call)
    samples, _ = soundfile.read(io.BytesIO((await floor.hotline.get(about["url"])).content), dtype="int16")
    likeness = {name: sound.match(samples[:, 0], clip).correlation for name, clip in clips.items()}
    assert likeness["before"] >= LIKE and likeness["after"] >= LIKE and likeness["secret"] < 0.5, likeness
    assert [line[5] for line in floor.queue_log("HOTLINERECORDING") if line[1] == call] == ["paused", "recording"]
