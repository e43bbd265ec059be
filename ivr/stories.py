"""Stories that stand beside a city's menus and must come true before it is published: regression tests for administrators.

    投诉 a complaint:
      - dials: "12345"
      - hears: welcome
      - presses: "11"
      - reaches: complaints

Steps: at, without_menu, dials, hears, presses, says, is_silent, sends_a_fax_tone, reaches, hangs_up. `hotline walk` prints them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ivr.faults import Faults, unknown
from ivr.model import City
from ivr.source import Scalar, read
from ivr.walk import Understand, Walk, WrongStep

FOLDER = "stories/"
A_MONDAY = datetime(2026, 1, 5, 10, 0)  # when a story plays that does not say `at`
ENDS = ("reaches", "hangs_up")
MOMENT = "%Y-%m-%d %H:%M"

_SAYING: dict[str, Callable[[Walk, str], None]] = {
    "at": lambda walk, value: _set_clock(walk, value),
    "dials": Walk.dials,
    "hears": Walk.hears,
    "presses": Walk.presses,
    "says": Walk.says,
    "reaches": Walk.reaches,
}
_DOING: dict[str, Callable[[Walk], None]] = {
    "without_menu": lambda walk: _switch_menu_off(walk),
    "is_silent": Walk.is_silent,
    "sends_a_fax_tone": Walk.sends_a_fax_tone,
    "hangs_up": Walk.hangs_up,
}


def check_stories(city: City, texts: Mapping[str, str], faults: Faults, understand: Understand | None = None) -> None:
    """Tells every story; notes where one breaks. Without `understand` no menu listens."""
    for file in sorted(name for name in texts if name.startswith(FOLDER)):
        for title, steps in read(file, texts[file], faults).items():
            _tell(Walk(city, A_MONDAY.replace(tzinfo=city.timezone), understand=understand), file, title, steps, faults)


def clock(city: City, text: str) -> datetime:
    """"2026-11-23 10:00", in the city's zone. Raises WrongStep."""
    try:
        return datetime.strptime(text, MOMENT).replace(tzinfo=city.timezone)
    except ValueError:
        raise WrongStep(f'"{text}" is not a moment such as "2026-11-23 10:00"') from None


def _tell(walk: Walk, file: str, title: str, steps: Any, faults: Faults) -> None:
    if not isinstance(steps, list) or not steps:
        faults.add(file, title, "must be a list of steps, such as - dials: \"12345\"")
        return
    verb = ""
    for number, step in enumerate(steps, 1):
        path = f"{title}/{number}"
        try:
            verb = _take(walk, step)
        except WrongStep as broke:
            faults.add(file, path, f"the story breaks here: {broke}")
            return
    if verb not in ENDS:
        faults.add(file, f"{title}/{len(steps)}", "a story must say how it ends: reaches … or hangs_up")


def _take(walk: Walk, step: Any) -> str:
    """Takes one step; returns its verb."""
    verb, value = _read(step)
    if verb in _DOING and value is None:
        _DOING[verb](walk)
    elif verb in _SAYING and value is not None:
        _SAYING[verb](walk, value)
    elif verb in _DOING or verb in _SAYING:
        raise WrongStep(f"{verb} {'takes nothing after it' if verb in _DOING else 'must say what'}")
    else:
        raise WrongStep(unknown("step", verb, (*_SAYING, *_DOING)))
    return verb


def _read(step: Any) -> tuple[str, str | None]:
    if isinstance(step, Scalar):
        return step.value, None
    if not isinstance(step, dict) or len(step) != 1:
        raise WrongStep("a step is one word, or one word with a colon and a value")
    ((verb, value),) = step.items()
    if not isinstance(value, Scalar):
        raise WrongStep(f"{verb} takes one text")
    if value.is_number:
        raise WrongStep(f'must stand in quotes: "{value.value}"')
    return verb, value.value or None


def _switch_menu_off(walk: Walk) -> None:
    if walk.place is not None:
        raise WrongStep("the menu is switched off before the call begins")
    walk.menu = False


def _set_clock(walk: Walk, text: str) -> None:
    if walk.place is not None:
        raise WrongStep("the clock is set before the call begins")
    walk.now = clock(walk.city, text)
