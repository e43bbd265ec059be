"""The return visit, for real: a citizen is called, answers by keys, is not satisfied, says why; the ticket is reopened with it.

Others reach a person, or want not to be asked; the service is killed while they answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from telephone import sound
from telephone.phone import Phone
from tests.calls.conftest import until
from tests.conversations.conftest import CALLS, Floor
from tickets import revisit_book
from tickets.case import Cases, Said, Who
from tickets.models import Ticket
from tickets.revisit_tables import STATES
from tickets.store import Store
from tickets.vault import Vault, is_sealed

pytestmark = CALLS
CITIZEN = "13800002222"
SATISFIED, NEVER, PERSON = "13800002223", "13800002224", "13800002225"
LIKE = 0.75


async def heard(citizen: Phone, floor: Floor, prompt: str, since: int = 0) -> None:
    async def there() -> bool:
        return sound.match(citizen.leg.heard(since), floor.prompts[prompt]).correlation >= LIKE

    await until(there, f"the citizen hears {prompt}", 15)


def answered_at_once(url: str, citizen: str) -> str:
    """A conversation that is over, and whose matter was answered."""
    store = Store(url)
    try:
        store.open_draft(f"revisit.{citizen}", "complaint", "12345-1-1", citizen, "12345", "wang")
        ticket = store.finish_draft(f"revisit.{citizen}")
        assert ticket
        return Cases(store.database).move(ticket.number, "answer", Who("supervisor", "test"), Said(reply="已经修好")).number
    finally:
        store.close()


async def test_a_citizen_who_is_not_satisfied_reopens_the_ticket_with_what_they_say(floor: Floor) -> None:
    citizen = floor.network.centre(CITIZEN)
    number = await asyncio.to_thread(answered_at_once, floor.hotline.settings.database_url, CITIZEN)
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

    async def said_why() -> Any:
        visit = await visit_of(floor, number)
        return visit if visit["audio_seconds"] else None

    done = await until(said_why, "the visit with what was said", 20)
    assert (done["solved"], done["satisfied"], done["tries"]) == ("no", "dissatisfied", 1)

    async def reopened() -> bool:
        ticket = await floor.ask("boss", "GET", f"/api/tickets/{number}")
        return bool((ticket["stage"], ticket["reopened"], ticket["rating"]) == ("dispatched", 1, "dissatisfied"))

    await until(reopened, "the ticket reopened", 20)
    rates = await floor.hotline.command("revisits", "--rates", "--json")
    over = (await floor.ask("boss", "GET", "/api/revisits?state=done"))["items"]
    ratings = [visit["satisfied"] for visit in over if visit["satisfied"]]
    assert (rates["solution"], rates["satisfaction"]) == (0.0, ratings.count("satisfied") / len(ratings)), "nobody's matter is solved; who is satisfied is counted"
    recording = await floor.http.get(
        f"/api/revisits/{done['id']}/audio", headers={"Authorization": f"Bearer {floor.tokens['boss']}", "X-Hotline-Reason": "return visit"}
    )
    assert recording.status_code == 200, recording.text
    steps = [line for line in floor.queue_log("HOTLINEREVISIT") if line[5] == done["id"]]
    assert [line[6] for line in steps] == ["dial", "talks", "said"]

    async def theirs() -> bool:
        return await asyncio.to_thread(lies_sealed, floor, done["id"])

    await until(theirs, "the ticket is the citizen's", 30)


async def test_killed_in_the_middle_of_the_survey_it_goes_on_and_nothing_that_was_said_is_lost(floor: Floor) -> None:
    tickets = {number: await asyncio.to_thread(answered_at_once, floor.hotline.settings.database_url, number) for number in (SATISFIED, NEVER, PERSON)}
    satisfied, never, person = (floor.network.centre(number) for number in tickets)
    for citizen in (satisfied, never):  # two lines: the third waits
        await citizen.rings(within=60)
        await citizen.answers()
    await heard(satisfied, floor, "revisit-solved")
    await satisfied.presses("3")
    await heard(satisfied, floor, "revisit-satisfied")
    await heard(never, floor, "revisit-solved")
    await floor.hotline.kill("telephony")
    await asyncio.gather(asked_again(satisfied, floor, "revisit-satisfied", "1"), asked_again(never, floor, "revisit-solved", "9"))
    await heard(satisfied, floor, "revisit-else")
    await satisfied.hangs_up()
    await never.is_free()

    await person.rings(within=60)  # by the service that is there again
    await person.answers()
    await heard(person, floor, "revisit-solved")
    await person.presses("0")
    agent = floor.phones["li"]
    await agent.rings()
    await agent.answers()
    clip = sound.babble(0.6, seed=4712)
    before = person.leg.samples_heard
    await agent.speaks(clip)

    async def talk() -> bool:
        return sound.match(person.leg.heard(before), clip).correlation >= LIKE

    await until(talk, "the citizen hears the agent", 10)
    await person.hangs_up()

    async def told() -> bool:
        visits = [await visit_of(floor, number) for number in tickets.values()]
        return [(visit["state"], visit["solved"], visit["satisfied"], visit["reason"], visit["tries"]) for visit in visits] == [
            ("done", "no", "satisfied", "", 1), ("done", "", "", "would not be asked", 1), ("task", "", "", "asked for a person", 1),
        ]  # fmt: skip

    await until(told, "what each of them said", 20)

    async def rated() -> bool:
        found = [await floor.ask("boss", "GET", f"/api/tickets/{number}") for number in tickets.values()]
        return [(ticket["stage"], ticket["rating"]) for ticket in found] == [("rated", "satisfied"), ("rated", "unreachable"), ("to_revisit", "")]

    await until(rated, "the tickets where that leads", 20)
    await floor.hotline.healthy()


async def asked_again(citizen: Phone, floor: Floor, prompt: str, key: str) -> None:
    """The key finds nobody but Asterisk, which asks again by itself."""
    since = citizen.leg.samples_heard
    await citizen.presses(key)
    await heard(citizen, floor, prompt, since)
    await citizen.presses(key)


async def visit_of(floor: Floor, ticket: str) -> Any:
    """Wherever it is; between two questions it may move on to another state."""

    async def found() -> Any:
        items = [item for state in STATES for item in (await floor.ask("boss", "GET", f"/api/revisits?state={state}"))["items"]]
        return next((item for item in items if item["ticket"] == ticket), None)

    return await until(found, f"the visit of {ticket}", 10)


def lies_sealed(floor: Floor, visit_id: str) -> bool:
    """What was said lies under the citizen's own key. Whether the ticket is known to be theirs: the worker finds that out now and then."""
    store = Store(floor.hotline.settings.database_url)
    try:
        found = revisit_book.find(store.database, visit_id)
        vault = Vault(floor.hotline.settings.home, store.database)
        assert found is not None
        path = floor.hotline.settings.home / str(found[0].audio_path)
        owner = vault.persons.find(CITIZEN)
        assert is_sealed(path) and owner and owner.encode() in path.read_bytes()[:40]
        with vault.open(path) as plain, store.database.reads() as session:
            assert plain.read(4) == b"RIFF"
            return session.get_one(Ticket, found[1].id).person == owner
    finally:
        store.close()
