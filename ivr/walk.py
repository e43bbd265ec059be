"""One caller walking through a city's menus, without a telephone: what they do, what they hear, where they end.

`hotline walk`, the stories beside a city's menus and the tests' pure line all walk with this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ivr import numbers
from ivr.events import Ask, Decide, Event, FaxHeard, HungUp, Instruction, Listen, NoInput, Pressed, Spoke
from ivr.flow import ABANDONED, Call, Place, begin, step
from ivr.model import PASSED_ON, TYPES, City
from ivr.speaking import Wish

KEYS = "0123456789*#"
LONGEST_SAID = 60

Understand = Callable[[str, Sequence[Wish] | None], Spoke | None]
"""What words mean to a menu, or (None) as an answer; speech.choosing.meaning. This room has no ear of its own."""


class WrongStep(Exception):  # noqa: N818 - read in a sentence: it says why a step cannot be taken
    """This cannot be done or does not come true here."""


@dataclass
class Walk:
    """A walk remembers its steps, so that it can be told again as a story."""

    city: City
    now: datetime
    menu: bool = True
    understand: Understand | None = None  # without it nobody listens: a walk of keys only
    place: Place | None = None
    decision: Decide | None = None
    steps: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # the texts of all `hears`, each in the caller's language
    meant: list[str] = field(default_factory=list)  # of all `says`, what was understood
    unheard: list[str] = field(default_factory=list)
    listening: Listen | None = None

    def dials(self, number: str) -> None:
        if self.place is not None:
            raise WrongStep("the call has begun already")
        table = numbers.table(self.city)
        if number not in table and not numbers.emergency(number, self.city):
            raise WrongStep(f"{number} is no number of this hotline")
        self.steps.append(("dials", number))
        self._take(*begin(self.city, Call(number, self.now, at=table.get(number), menu=self.menu)))

    def presses(self, keys: str) -> None:
        if not keys or any(key not in KEYS for key in keys):
            raise WrongStep(f'"{keys}" is not on a telephone (0-9, * and #)')
        for key in keys:
            self._event(Pressed(key), "presses", key)

    def says(self, words: str) -> None:
        """Words that are heard as they stand here; what a recogniser makes of a voice is another matter."""
        if not words.strip() or len(words) > LONGEST_SAID or not words.isprintable():
            raise WrongStep(f"what is said is 1 to {LONGEST_SAID} characters, in one line")
        self._asked()
        if self.listening is None or self.understand is None:
            raise WrongStep("nobody listens here: this menu takes keys only (speak in menus.yaml)")
        spoke = self.understand(words, self.listening.wishes or None)
        if spoke is None:
            raise WrongStep(f'"{words}" is nothing that a person says to this menu')
        self._event(spoke, "says", words)
        self.meant.append(_meaning(spoke))

    def is_silent(self) -> None:
        self._event(NoInput(), "is_silent", "")

    def sends_a_fax_tone(self) -> None:
        self._event(FaxHeard(), "sends_a_fax_tone", "")

    def hangs_up(self) -> None:
        self._event(HungUp(), "hangs_up", "")

    def hears(self, prompt: str) -> None:
        """The prompt is among what is said now, after what was heard before it."""
        if prompt not in self.unheard:
            raise WrongStep(f'"{prompt}" is not said here; said: {", ".join(self.unheard) or "nothing more"}')
        del self.unheard[: self.unheard.index(prompt) + 1]

    def reaches(self, where: str) -> None:
        if self.where != where:
            raise WrongStep(f"the caller has reached {self.where or 'no end; the menu waits for a key'}")

    @property
    def where(self) -> str:
        """The queue's name, or voicemail, fax, transfer, dual, sub-centre, province, emergency, hangup, abandoned;
        '' while the menu asks."""
        if self.decision is not None and self.decision.decision == "queue":
            return self.decision.target
        return self.place.outcome if self.place is not None else ""

    @property
    def over(self) -> bool:
        return bool(self.where)

    def _event(self, event: Event, verb: str, value: str) -> None:
        place = self._asked()
        self.steps.append((verb, value))
        self._take(*step(place, event))

    def _asked(self) -> Place:
        """Where something can be answered."""
        if self.place is None:
            raise WrongStep("nobody has dialled yet")
        if self.over:
            raise WrongStep(f"the menu is over: the caller has reached {self.where}")
        return self.place

    def _take(self, place: Place, instructions: tuple[Instruction, ...]) -> None:
        self.place, self.unheard, self.listening = place, [], None
        for instruction in instructions:
            if isinstance(instruction, Decide):
                self.decision = instruction
                continue
            prompts = instruction.prompts
            if isinstance(instruction, Ask) and instruction.listen is not None and self.understand is not None:
                self.listening, prompts = instruction.listen, (*prompts, *instruction.listen.hint)
            self.unheard.extend(prompts)
            self.steps.extend(("hears", prompt) for prompt in prompts)
            self.said.extend(self.city.text(prompt, place.language) for prompt in prompts)
        if self.over and self.where != ABANDONED:
            self.steps.append(("reaches", self.where))


def told(walk: Walk, title: str) -> str:
    """The walk as a story, ready for the stories/ folder of the city."""
    lines = [f'"{title}":']
    if any(node.hours for node in walk.city.nodes.values()):
        lines.append(f'  - at: "{walk.now.astimezone(walk.city.timezone):%Y-%m-%d %H:%M}"')
    if not walk.menu:
        lines.append("  - without_menu")
    said, meant = iter(walk.said), iter(walk.meant)
    for verb, value in walk.steps:
        line = f"  - {verb}: {_quoted(value)}" if value else f"  - {verb}"
        meaning = next(said) if verb == "hears" else next(meant) if verb == "says" else _end(walk) if verb == "reaches" else ""
        lines.append(f"{line:<30}# {meaning}".rstrip("# "))
    return "\n".join(lines)


def _quoted(value: str) -> str:
    return value if value[:1].isalpha() and re.fullmatch(r"[\w-]+", value) else json.dumps(value, ensure_ascii=False)


def _meaning(spoke: Spoke) -> str:
    match spoke:
        case Spoke("choice", key, sure):
            return f"key {key}" if sure else f"perhaps key {key}"
        case Spoke("danger", number):
            return f"perhaps {number}"
    return spoke.meant


def _end(walk: Walk) -> str:
    if walk.decision is None:
        return ""
    decision, node = walk.decision, walk.city.nodes[walk.decision.path]
    kind = f", {decision.type} {TYPES[decision.type]}" if decision.type else ""
    number = f", {decision.target}" if decision.decision in ("transfer", "emergency", *PASSED_ON) else ""
    return f"{decision.path} {node.name}{kind}{number}"
