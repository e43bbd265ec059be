"""A citizen has typed number and PIN: the dialplan asks, whoever looks it up answers, and the answer goes back as sounds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from agi import commands
from agi.wire import Wire

SCRIPT = "progress"  # AGI(agi://…/progress,secret,number,PIN,caller,language)
ANSWER, SAY = "HOTLINE_ANSWER", "HOTLINE_SAY"
COMMAND_SECONDS = 4.0


@dataclass(frozen=True)
class Asked:
    """What was typed and who typed it; hostile, all of it."""

    secret: str
    number: str
    pin: str
    caller: str
    language: str

    def __repr__(self) -> str:
        return "Asked()"  # a PIN stands in no log


@dataclass(frozen=True)
class Answer:
    """`kind`: told, wrong, locked, restricted; '' where nobody could look, and the dialplan says so."""

    kind: str
    prompts: Sequence[str] = ()


Lookup = Callable[[Asked], Awaitable[Answer]]
"""Raises NotTheDialplan."""


async def nobody(asked: Asked) -> Answer:
    """Before the register of tickets is open."""
    return Answer("")


def is_lookup(header: dict[str, str]) -> bool:
    return header.get("network_script") == SCRIPT


async def serve(wire: Wire, header: dict[str, str], lookup: Lookup) -> str:
    """One question, one answer. Raises AgiError."""
    answer = await lookup(Asked(*(header.get(f"arg_{number}", "") for number in range(1, 6))))
    if answer.kind:
        await wire.ask(commands.set_variables({SAY: commands.sounds(answer.prompts), ANSWER: answer.kind}), COMMAND_SECONDS)
    return SCRIPT
