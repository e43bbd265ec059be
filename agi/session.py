"""One call inside the menu: the flow decides, this carries out. It ends with a decision, or the dialplan goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from agi import commands
from agi.errors import ChannelGone, CommandRefused
from agi.keys import Keys, Tape
from agi.reply import Reply
from agi.wire import GONE_CODE, Wire
from agi.words import Words
from ivr import flow
from ivr.events import Ask, Decide, Event, FaxHeard, Instruction, NoInput, Pressed, Say
from ivr.model import City

COMMAND_SECONDS = 4.0  # by then the dialplan has taken the channel back from us; so do we from it
PIECE_SECONDS = 1.5  # silence is waited out in pieces: a caller who says nothing does not notice our death much later
SLOW_TIMES = 2  # an elderly caller who asked for it has so much more time
PROMPTS_SECONDS = 240.0  # the longest an Ask's prompts may play
LOST_SECONDS = 0.15  # a key reported this long ago that did not end the Ask was dropped before it began
SPEAKING_SECONDS = 9.0  # so much longer than its silence a question waits for words that have begun
SLOW = "slow"
FAX_KEY = "fax"  # [hotline-ask] tells a fax machine's tone as a key

Menus = Callable[[str], City]
"""The published menu of a version number. Raises LookupError when there is no such version."""


@dataclass(frozen=True)
class Arrival:
    """Who calls, from the AGI header; the dialplan's AGI line gives version, node, number, linkedid and care as arguments."""

    channel: str
    uniqueid: str
    version: str
    at: str
    called: str
    linkedid: str
    care: str = ""

    @classmethod
    def of(cls, header: dict[str, str]) -> Arrival:
        version, at, called, linkedid, care = (header.get(f"arg_{number}", "") for number in range(1, 6))
        return cls(header.get("channel", ""), header.get("uniqueid", ""), version, at, called, linkedid, care)


class Session:
    """Follows one caller through the menu. `run` returns the outcome: a decision's name, `abandoned` or `gone`."""

    def __init__(self, wire: Wire, arrival: Arrival, city: City, keys: Keys, words: Words | None = None) -> None:
        self._wire = wire
        self._arrival = arrival
        self._city = city
        self._keys = keys
        self._words = words or Words()
        self._fax = False
        self.at = arrival.at
        """The node the caller has reached."""

    async def run(self) -> str:
        """Raises AgiError when the session cannot go on; the dialplan can."""
        tape = self._keys.listen(self._arrival.uniqueid)
        call = flow.Call(called=self._arrival.called, now=_now(), at=self._arrival.at or None)
        place, todo = flow.begin(self._city, call)
        try:
            while not place.outcome:
                self.at = place.at
                place, todo = flow.step(place, await self._event(place, todo, tape), _now())
            self.at = place.at
            await self._decide(place, todo, tape)
        except ChannelGone:
            return "gone"
        finally:
            self._keys.stop(self._arrival.uniqueid)
            self._words.close()
        return place.outcome

    async def _event(self, place: flow.Place, todo: tuple[Instruction, ...], tape: Tape) -> Event:
        """Carries out a question and tells what the caller did."""
        for instruction in todo:
            if isinstance(instruction, Ask):
                return await self._ask(place, instruction, tape)
        raise AssertionError(f"{place.at}: a menu that asks nothing")

    async def _ask(self, place: flow.Place, ask: Ask, tape: Tape) -> Event:
        prompts, left = ask.prompts, float(ask.seconds * (SLOW_TIMES if self._arrival.care == SLOW else 1))
        if self._words.listen(ask.listen) and ask.listen is not None:
            prompts = (*prompts, *ask.listen.hint)
        more = SPEAKING_SECONDS
        while left > 0:
            if typed := tape.take():
                return Pressed(typed)  # pressed ahead, between two commands
            if said := self._words.take():
                return said
            seconds = min(left, PIECE_SECONDS)
            command = commands.ask(prompts, seconds, ask.max_digits, place.variables())
            # A key that does not end the Ask is one that Asterisk dropped; words never end one by themselves.
            with tape.watched(LOST_SECONDS, self._wake), self._words.watched(self._wake, patient=bool(prompts)):
                await self._send(command, PROMPTS_SECONDS + seconds)
            answer = (await self._send(commands.get_variable("HOTLINE_KEY"))).text
            if answer == FAX_KEY:
                self._fax = True
                return FaxHeard()
            key = await tape.settle(answer)
            if key:
                return Pressed(key)
            if key is not None:
                prompts, left = (), left - seconds
            if left <= 0 and self._words.speaking and more > 0:
                left, more = PIECE_SECONDS, more - PIECE_SECONDS
        return self._words.take() or NoInput()

    async def _wake(self) -> None:
        """Until cancelled: the wake key, too, may come where Asterisk drops it."""
        while True:
            await self._keys.wake(self._arrival.channel)
            await asyncio.sleep(LOST_SECONDS)

    async def _decide(self, place: flow.Place, todo: tuple[Instruction, ...], tape: Tape) -> None:
        values = {"HOTLINE_AT": place.at, **place.spoken()}
        if self._fax:
            values["HOTLINE_REASON"] = "detected"
        if place.outcome == "progress" and (typed := "".join(iter(tape.take, ""))):
            values["HOTLINE_TYPED"] = typed  # pressed ahead: keys of the number, which Asterisk has dropped
        for instruction in todo:
            match instruction:
                case Say(prompts):
                    values["HOTLINE_SAY"] = commands.sounds(prompts)
                case Decide():
                    values |= instruction.variables()
                case Ask():
                    raise AssertionError(f"{place.at}: a question after the decision")
                case _:
                    assert_never(instruction)
        await self._send(commands.set_variables(values))

    async def _send(self, command: str, seconds: float = COMMAND_SECONDS) -> Reply:
        reply = await self._wire.ask(command, seconds)
        if reply.code == GONE_CODE or self._wire.hung_up:
            raise ChannelGone(f"{reply.code}")
        if reply.code != 200 or reply.result.startswith("-"):
            raise CommandRefused(f"{reply.code} {reply.result} to {command.split(' ', 1)[0]}")
        return reply


def _now() -> datetime:
    return datetime.now(UTC)
