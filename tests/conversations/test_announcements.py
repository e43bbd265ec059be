"""Something said aloud to every agent who is free: a prompt, or a supervisor's own voice."""

from __future__ import annotations

from telephone import sound
from tests.calls.conftest import until
from tests.conversations.conftest import CALLS, Floor
from tests.conversations.ears import soon

pytestmark = CALLS
LIKE = 0.8


async def test_something_said_to_all_who_are_free(floor: Floor) -> None:
    """A prompt, then the supervisor's own voice; who talks is left out, and nobody rests after it."""
    wang, li, boss = floor.phones["wang"], floor.phones["li"], floor.phones["boss"]
    citizen, _ = await floor.talk()
    await floor.ask("wang", "POST", "/api/announcements", {"prompt": "welcome"}, expected=403)
    await floor.ask("boss", "POST", "/api/announcements", {"prompt": "no-such"}, expected=404)
    await floor.ask("boss", "POST", "/api/announcements", {"prompt": "welcome", "queue": "complaints"}, expected=409)
    said = await floor.ask("boss", "POST", "/api/announcements", {"prompt": "welcome", "queue": "general"})
    assert (said["to"], said["state"]) == (["li"], "announcing")
    await li.rings()
    await li.answers()
    heard = floor.prompts["welcome"]
    await li.is_free()
    assert sound.match(li.heard, heard[:3200]).correlation >= LIKE
    await until(lambda: floor.is_doing("li", "available"), "no rest after an announcement")
    await citizen.hangs_up()
    await wang.is_free()
    assert (await floor.ask("boss", "POST", "/api/announcements", {"phone": "boss"}))["to"] == ["wang", "li"]
    await floor.ask("boss", "POST", "/api/announcements", {"prompt": "welcome"}, expected=409)  # one at a time
    await boss.rings()
    await boss.answers()
    for phone in (wang, li):
        await phone.rings()
        await phone.answers()
    await soon({"boss": set(), "wang": {"boss"}, "li": {"boss"}}, boss=boss, wang=wang, li=li)
    await boss.hangs_up()
