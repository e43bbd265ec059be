"""The five things the demonstration shows, a function each. A step raises when it did not come true.

Each can be broken on purpose (`world.broken`), so that a test sees the demonstration notice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from PIL import Image

from hotline.log import mask
from speech.cer import error_rate
from telephone import sound
from telephone.caller import Caller
from telephone.fax import FaxResult, first_page, likeness, make_page
from telephone.stage import DemoFailed
from telephone.world import LIKE, POLL_SECONDS, Talk, World

Facts = dict[str, Any]

MESSAGE: Final = "您好，我是东城街道的居民。我们小区门口的路灯坏了三天，晚上出门很不安全，请尽快派人来修理，谢谢。"
LARGEST_ERROR: Final = 0.30
NUMBER_SECONDS: Final = 5.0  # a ticket number must exist this soon after hang-up
TRANSCRIPT_SECONDS: Final = 60.0
DOCUMENT_SECONDS: Final = 15.0
PROMPT_SECONDS: Final = 5.0  # longest silence for a caller whose service has just died, recognising the prompt included
DELIVERY_SECONDS: Final = 30.0
FAX_CALLER: Final = "05468081003"


@dataclass(frozen=True)
class Act:
    """A step's title, its limit and what it does."""

    title: str
    limit_seconds: float
    play: Callable[[World], Awaitable[Facts]]


async def person(world: World) -> Facts:
    """A citizen presses 1, 1 and talks to an agent; a draft ticket is open when the agent answers."""
    caller = world.network.caller("13805461001")
    world.stage.says(f"a citizen ({mask(caller.number)}) dials 12345")
    talk = world.talk = await world.connect(caller)
    draft = await world.ticket(caller.number, lambda ticket: ticket["status"] == "draft", "draft ticket", NUMBER_SECONDS)
    if (draft["type"], draft["path"], bool(draft["linkedid"])) != ("complaint", "12345-1-1", True):
        raise DemoFailed(f"the draft ticket is not a complaint from 12345-1-1: {draft}")
    world.stage.says(f"ticket {draft['number']} is open: {draft['type_name']}, {draft['path']}, linkedid {draft['linkedid']}")
    to_agent, to_citizen = await talk.both_speak(world.citizen_says, world.agent_says, world.folder / "recordings", mute=world.broken == 1)
    world.stage.says(f"both have talked: the agent heard the citizen ({to_agent:.3f}), the citizen heard the agent ({to_citizen:.3f})")
    if min(to_agent, to_citizen) < LIKE:
        raise DemoFailed(f"what was heard is not what was said: {to_agent:.3f} and {to_citizen:.3f}, at least {LIKE} expected")
    return {"ticket": draft["number"], "heard_by_agent": round(to_agent, 4), "heard_by_citizen": round(to_citizen, 4)}


async def message(world: World) -> Facts:
    """A citizen leaves a message while nobody is free; its number is there at hang-up, its text a little later."""
    said = await world.voice(MESSAGE)
    await world.conversation()
    caller = world.network.caller("13805461002")
    world.stage.says(f"the only agent is talking; another citizen ({mask(caller.number)}) dials 12345 and waits")
    await caller.dials("12345")
    await caller.presses("11")
    await world.hears(caller, "offer-voicemail", within=40)
    await caller.presses("1")
    hung_up = await _leave_message(world, caller, sound.silence(1) if world.broken == 2 else said)
    await world.end_talk()
    ticket = await world.ticket(caller.number, lambda one: one["channel"] == "voicemail", "ticket of the message", NUMBER_SECONDS)
    number_seconds = time.monotonic() - hung_up
    world.stage.says(f"hung up; ticket {ticket['number']} after {number_seconds:.1f} s")
    ticket = await world.ticket(caller.number, lambda one: one["transcript_state"] not in ("pending", "none"), "transcript", TRANSCRIPT_SECONDS)
    transcript_seconds = time.monotonic() - hung_up
    if ticket["transcript_state"] != "done":
        raise DemoFailed(f"the message was not understood: {ticket['transcript_state']} {ticket.get('transcript_error') or ''}")
    errors = error_rate(MESSAGE, ticket["transcript"])
    world.stage.says(f"after {transcript_seconds:.1f} s its text ({ticket['transcript_engine']} {ticket['transcript_model']}): {ticket['transcript']}")
    world.stage.says(f"said was: {MESSAGE} ({errors:.0%} of the characters wrong)")
    if errors > LARGEST_ERROR:
        raise DemoFailed(f"{errors:.0%} of the characters are wrong, more than {LARGEST_ERROR:.0%}")
    return {
        "ticket": ticket["number"], "number_seconds": round(number_seconds, 2), "transcript_seconds": round(transcript_seconds, 2),
        "character_error_rate": round(errors, 3), "engine": ticket["transcript_engine"], "model": ticket["transcript_model"],
    }  # fmt: skip


async def fax(world: World) -> Facts:
    """A citizen dials 1234515 and sends a page; the ticket's document is that page."""
    page = make_page(world.folder / "sent.tif", ("TO: 12345", "The street lamp at the gate", "has been out for three days.", "East City residents"))
    world.stage.says(f"a fax machine ({mask(FAX_CALLER)}) dials 1234515 and sends a page")
    result = await _send(world, page)
    world.stage.says(f"sent: {result.pages} page(s), by {result.mode}")
    ticket = await world.ticket(FAX_CALLER, lambda one: bool((one["document"] or {}).get("url")), "ticket with the document", DOCUMENT_SECONDS)
    pdf = (await world.hotline.get(ticket["document"]["url"])).content
    preview = Image.open(BytesIO((await world.hotline.get(ticket["document"]["preview_url"])).content))
    with Image.open(page) as sent:
        same = likeness(sent, first_page(pdf))
    world.stage.says(f"ticket {ticket['number']} has a PDF of {len(pdf)} bytes and a preview of {preview.width}x{preview.height}; its page equals the sent one ({same:.3f})")
    if same < LIKE:
        raise DemoFailed(f"the page that arrived is not the page that was sent: {same:.3f}")
    return {"ticket": ticket["number"], "mode": result.mode, "likeness": round(same, 4)}


async def fault(world: World) -> Facts:
    """kill -9 of every Python process while a citizen is in the menu: Asterisk goes on alone, and takes new callers."""
    caller = world.network.caller("13805461004")
    world.stage.says(f"a citizen ({mask(caller.number)}) dials 12345 and presses 1")
    await caller.dials("12345")
    await world.hears(caller, "welcome")
    await caller.presses("1")
    await world.hears(caller, "matters-menu")
    await _kill(world)
    world.stage.says("kill -9: supervisor, telephony, web and worker are dead; Asterisk is alone")
    try:
        return await _alone(world, caller)
    finally:
        await world.hotline.start()
        world.stage.says("the hotline is started again; it found its Asterisk running")


async def _alone(world: World, caller: Caller) -> Facts:
    """Both the citizen who was in the menu and a new one reach the agent."""
    await caller.presses("1")  # a key that nobody but Asterisk can take
    pressed = time.monotonic()
    await world.hears(caller, "matters-menu", within=PROMPT_SECONDS)
    silence_seconds = time.monotonic() - pressed
    await caller.presses("1")
    connected = await _talks(world, caller)
    newcomer = world.network.caller("13805461014")
    world.stage.says(f"a new citizen ({mask(newcomer.number)}) dials 12345")
    await newcomer.dials("12345")
    await world.hears(newcomer, "welcome", within=PROMPT_SECONDS)
    await newcomer.presses("11")
    greeted = await _talks(world, newcomer)
    return {"prompt_after_seconds": round(silence_seconds, 2), "citizen": connected, "new_citizen": greeted}


async def hand_over(world: World) -> Facts:
    """Every finished ticket reached the case system, which checked its signature."""
    if not await world.hotline.tickets():
        await _short_message(world)
    deadline = time.monotonic() + DELIVERY_SECONDS
    while time.monotonic() < deadline:
        tickets = await world.hotline.tickets()
        kept = {str(delivery["ticket"]["number"]) for delivery in world.case_system.kept()}
        if refused := [ticket["number"] for ticket in tickets if ticket["status"] == "refused"]:
            raise DemoFailed(f"the case system refused {', '.join(refused)}: wrong signature ({world.case_system.refused()} times)")
        finished = {str(ticket["number"]) for ticket in tickets if ticket["status"] != "draft"}
        if finished and finished <= kept and all(ticket["status"] in ("handed_over", "draft") for ticket in tickets):
            world.stage.says(f"{len(kept)} tickets are with the case system, each with a right signature: {', '.join(sorted(kept))}")
            return {"tickets": sorted(kept)}
        await asyncio.sleep(POLL_SECONDS)
    raise DemoFailed(f"not handed over in {DELIVERY_SECONDS:g} s: {', '.join(sorted(finished - kept)) or 'no ticket at all'}")


ACTS: Final = {
    1: Act("A person, and a draft ticket", 60, person),
    2: Act("A message while nobody is free", 150, message),
    3: Act("A fax", 120, fax),
    4: Act("The service is killed", 90, fault),
    5: Act("Handed over to the case system", 90, hand_over),
}


async def _leave_message(world: World, caller: Caller, said: sound.Samples) -> float:
    """After the notice and the tone; returns when the citizen hung up."""
    await world.hears(caller, "voicemail-notice")
    await caller.waits_for_tone()
    await caller.speaks(said)
    await caller.hangs_up()
    return time.monotonic()


async def _short_message(world: World) -> None:
    caller = world.network.caller("13805461005")
    world.stage.says("there is no ticket yet: a citizen leaves a short message")
    await caller.dials("12345")
    await caller.presses("2")
    await _leave_message(world, caller, sound.silence(1))
    await world.ticket(caller.number, lambda one: one["status"] != "draft", "ticket of the message", NUMBER_SECONDS)


async def _send(world: World, page: Any) -> FaxResult:
    machine = world.network.fax_machine(FAX_CALLER)
    sending = asyncio.create_task(machine.sends(page, "1234515"))
    if world.broken == 3:
        await machine.cuts_off()
    result = await sending
    if not result.sent:
        raise DemoFailed(f"the fax was not sent: {result.error or 'the line was cut'}")
    return result


async def _kill(world: World) -> None:
    await world.hotline.kill_python()
    if world.broken == 4:
        await world.hotline.kill("asterisk")


async def _talks(world: World, caller: Caller) -> float:
    """The agent answers, both are heard; returns the worse likeness."""
    await world.answered()
    heard = await Talk(caller, world.phone).both_speak(world.citizen_says, world.agent_says, world.folder / "recordings" / caller.number[-4:])
    world.stage.says(f"connected: {heard[0]:.3f} and {heard[1]:.3f}")
    await caller.hangs_up()
    if min(heard) < LIKE:
        raise DemoFailed(f"connected, but not heard: {heard[0]:.3f} and {heard[1]:.3f}")
    return round(min(heard), 4)
