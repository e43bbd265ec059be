"""One caller walking through a city's menus, without a telephone: what they do, what they hear, where they end.

`hotline walk`, the stories beside a city's menus and the tests' pure line all walk with this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ivr import numbers
from ivr.events import Ask, Decide, Event, FaxHeard, HungUp, Instruction, NoInput, Pressed, Say
from ivr.flow import ABANDONED, Call, Place, begin, step
from ivr.model import PASSED_ON, TYPES, City

KEYS = "0123456789*#"


class WrongStep(Exception):  # noqa: N818 - read in a sentence: it says why a step cannot be taken
    """This cannot be done or does not come true here."""


@dataclass
class Walk:
    """A walk remembers its steps, so that it can be told again as a story."""

    city: City
    now: datetime
    menu: bool = True
    place: Place | None = None
    decision: Decide | None = None
    steps: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # the texts of all `hears`, each in the caller's language
    unheard: list[str] = field(default_factory=list)

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
        if self.place is None:
            raise WrongStep("nobody has dialled yet")
        if self.over:
            raise WrongStep(f"the menu is over: the caller has reached {self.where}")
        self.steps.append((verb, value))
        self._take(*step(self.place, event))

    def _take(self, place: Place, instructions: tuple[Instruction, ...]) -> None:
        self.place, self.unheard = place, []
        for instruction in instructions:
            if isinstance(instruction, Ask | Say):
                self.unheard.extend(instruction.prompts)
                self.steps.extend(("hears", prompt) for prompt in instruction.prompts)
                self.said.extend(self.city.text(prompt, place.language) for prompt in instruction.prompts)
            else:
                self.decision = instruction
        if self.over and self.where != ABANDONED:
            self.steps.append(("reaches", self.where))


def told(walk: Walk, title: str) -> str:
    """The walk as a story, ready for the stories/ folder of the city."""
    lines = [f'"{title}":']
    if any(node.hours for node in walk.city.nodes.values()):
        lines.append(f'  - at: "{walk.now.astimezone(walk.city.timezone):%Y-%m-%d %H:%M}"')
    if not walk.menu:
        lines.append("  - without_menu")
    said = iter(walk.said)
    for verb, value in walk.steps:
        line = f"  - {verb}: {_quoted(value)}" if value else f"  - {verb}"
        meaning = next(said) if verb == "hears" else _end(walk) if verb == "reaches" else ""
        lines.append(f"{line:<30}# {meaning}".rstrip("# "))
    return "\n".join(lines)


def _quoted(value: str) -> str:
    return value if value[:1].isalpha() else f'"{value}"'


def _end(walk: Walk) -> str:
    if walk.decision is None:
        return ""
    decision, node = walk.decision, walk.city.nodes[walk.decision.path]
    kind = f", {decision.type} {TYPES[decision.type]}" if decision.type else ""
    number = f", {decision.target}" if decision.decision in ("transfer", "emergency", *PASSED_ON) else ""
    return f"{decision.path} {node.name}{kind}{number}"
