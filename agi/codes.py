"""A feature code that an agent has dialled: what the dialplan asks goes to whoever answers it, and the answer back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agi import commands
from agi.wire import Wire

SCRIPT = "desk"  # AGI(agi://…/desk,secret,what,phone,number,PIN)
ANSWER = "HOTLINE_ANSWER"
COMMAND_SECONDS = 4.0

Answers = Callable[[list[str]], Awaitable[str]]
"""What was asked (the dialplan's secret, what, phone, number, PIN) -> the end of a prompt's name; '' leaves it to the dialplan.
Raises NotTheDialplan."""


async def nobody(asked: list[str]) -> str:
    """Before the desk is open."""
    return ""


def is_code(header: dict[str, str]) -> bool:
    return header.get("network_script") == SCRIPT


async def serve(wire: Wire, header: dict[str, str], answers: Answers) -> str:
    """One question, one answer. Raises AgiError."""
    asked = [header.get(f"arg_{number}", "") for number in range(1, 6)]
    if answer := await answers(asked):
        await wire.ask(commands.set_variables({ANSWER: answer}), COMMAND_SECONDS)
    return "code"
