"""The return visit, for real: a citizen is called, answers by keys, is not satisfied, says why; the ticket is reopened with it."""

from __future__ import annotations

import asyncio
from typing import Any

from telephone import sound
from telephone.phone import Phone
from tests.calls.conftest import until
from tests.conversations.conftest import CALLS, Floor
from tickets.case import Cases, Said, Who
from tickets.store import Store

pytestmark = CALLS
CITIZEN = "13800002222"
LIKE = 0.75


async def heard(citizen: Phone, floor: Floor, prompt: str) -> None:
    async def there() -> bool:
        return sound.match(citizen.leg.heard(), floor.prompts[prompt]).correlation >= LIKE

    await until(there, f"the citizen hears {prompt}", 15)


def answered_at_once(url: str) -> str:
    """A conversation that is over, and whose matter was answered."""
    store = Store(url)
    try:
        store.open_draft("revisit.1", "complaint", "12345-1-1", CITIZEN, "12345", "wang")
        ticket = store.finish_draft("revisit.1")
        assert ticket
        return Cases(store.database).move(ticket.number, "answer", Who("supervisor", "test"), Said(reply="已经修好")).number
    finally:
        store.close()


async def test_a_citizen_who_is_not_satisfied_reopens_the_ticket_with_what_they_say(floor: Floor) -> None:
    citizen = floor.network.centre(CITIZEN)
    number = await asyncio.to_thread(answered_at_once, floor.hotline.settings.database_url)
    await citizen.rings(within=60)
    await citizen.answers()
    for prompt, key in (("revisit-solved", "3"), ("revisit-satisfied", "3"), ("revisit-else", "1")):
        await heard(citizen, floor, prompt)
        await citizen.presses(key)
    await heard(citizen, floor, "voicemail-notice")

    async def tone() -> bool:
        return sound.tone(citizen.leg.heard()) is not None

    await until(tone, "the tone", 15)
    said = sound.babble(1.5, seed=4711)
    await citizen.leg.has_heard(citizen.leg.samples_heard + sound.RATE // 2, 5)  # the tone's own length
    await citizen.speaks(said)
    await citizen.hangs_up()

    async def visit() -> Any:
        items = (await floor.ask("boss", "GET", "/api/revisits?state=done"))["items"]
        return next((item for item in items if item["ticket"] == number and item["audio_seconds"]), None)

    done = await until(visit, "the visit with what was said", 20)
    assert (done["solved"], done["satisfied"], done["tries"]) == ("no", "dissatisfied", 1)

    async def reopened() -> bool:
        ticket = await floor.ask("boss", "GET", f"/api/tickets/{number}")
        return bool((ticket["stage"], ticket["reopened"], ticket["rating"]) == ("dispatched", 1, "dissatisfied"))

    await until(reopened, "the ticket reopened", 20)
    rates = await floor.hotline.command("revisits", "--rates", "--json")
    assert (rates["solution"], rates["satisfaction"]) == (0.0, 0.0)
    recording = await floor.http.get(
        f"/api/revisits/{done['id']}/audio", headers={"Authorization": f"Bearer {floor.tokens['boss']}", "X-Hotline-Reason": "return visit"}
    )
    assert recording.status_code == 200, recording.text
    assert len(floor.queue_log("HOTLINEREVISIT")) == 3, "dial, talks, said"
