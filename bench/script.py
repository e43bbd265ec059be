"""What is said in the two-key menu, as AGI commands: the same to Asterisk from every server that is measured."""

from __future__ import annotations

from typing import Final

from agi import commands

ROOT: Final = "12345"
KEYS: Final = "11"
PROMPTS: Final = (("welcome", "main-menu"), ("matters-menu",))
SECONDS: Final = 8


def _ask(place: str, prompts: tuple[str, ...]) -> str:
    state = dict(zip(commands.STATE, (place, "0", "0", "1"), strict=True))
    return commands.ask(prompts, SECONDS, 1, state)


ASKS: Final = (_ask(ROOT, PROMPTS[0]), _ask(f"{ROOT}-1", PROMPTS[1]))
QUESTION: Final = commands.get_variable("HOTLINE_KEY")
DECISION: Final = commands.set_variables({"HOTLINE_AT": f"{ROOT}-1-1", "HOTLINE_PATH": f"{ROOT}-1-1", "HOTLINE_DECISION": "hangup"})
