"""What may stand in each field of a person, whoever sends it; a wrong value is refused by its field's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from queues.actor import AGENT, SUPERVISOR, Refused
from queues.tables import Person

WORK_NUMBER = re.compile(r"[0-9]{1,10}")
WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # skills, languages, dialects: names of queues.yaml and waiting.yaml
LABEL = re.compile(r"[^\x00-\x1f\x7f]{1,80}")
MOST_WORDS = 50
ROLES = (AGENT, SUPERVISOR)


def checked(name: str, value: Any) -> Any:
    """The value, if it may stand in this field. Raises Refused."""
    if name not in CHECKS:
        raise wrong(name, f"none of {', '.join(CHECKS)}")
    return CHECKS[name](name, value)


def shown(person: Person) -> dict[str, Any]:
    """A person as the API and the commands show them: everything but the PIN."""
    locked = person.locked_until is not None and person.locked_until > datetime.now(UTC)
    return {"login": person.login, **{name: getattr(person, name) for name in CHECKS}, "has_pin": person.pin is not None, "locked": locked}


def wrong(name: str, what: str) -> Refused:
    return Refused(422, "Unprocessable Content", f"{name}: must be {what}", field=name)


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise wrong(name, what)
        return value

    return check


def _within(least: int, most: int, *, none: bool = False) -> Callable[[str, Any], int | None]:
    def check(name: str, value: Any) -> int | None:
        if none and value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise wrong(name, f"a whole number from {least} to {most}")
        return value

    return check


def _skills(name: str, value: Any) -> dict[str, int]:
    if not isinstance(value, Mapping) or len(value) > MOST_WORDS:
        raise wrong(name, "names with a level from 1 to 9")
    for skill, level in value.items():
        _matching(WORD, "names of small letters, digits and dashes")(name, skill)
        _within(1, 9)(f"{name}/{skill}", level)
    return dict(value)


def _words(name: str, value: Any) -> list[str]:
    if not isinstance(value, list | tuple) or len(value) > MOST_WORDS:
        raise wrong(name, f"a list of at most {MOST_WORDS} names")
    return sorted({_matching(WORD, "names of small letters, digits and dashes")(name, word) for word in value})


def _switch(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise wrong(name, "true or false")
    return value


def _role(name: str, value: Any) -> str:
    if value not in ROLES:
        raise wrong(name, f"one of {', '.join(ROLES)}")
    return str(value)


CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "name": _matching(LABEL, "a name of at most 80 characters"),
    "work_number": _matching(WORK_NUMBER, "1 to 10 digits"),
    "role": _role,
    "skills": _skills,
    "languages": _words,
    "dialects": _words,
    "level": _within(1, 9),
    "wrapup_seconds": _within(0, 3600, none=True),
    "active": _switch,
}
