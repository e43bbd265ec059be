"""What the audience of the demonstration sees: a line for each thing as it happens, a verdict for each step, a table at the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from hotline.log import mask
from speech.voice import CannotSay, VoiceUnavailable
from telephone.ami import AmiError
from telephone.caller import CallError
from telephone.hotline_under_test import HotlineFailed
from telephone.sound import SoundError


class DemoFailed(Exception):
    """A step of the demonstration did not come true; the message says what was seen instead."""


# Everything that can go wrong with a real call is a result to show, not a crash of the demonstration.
EXPECTED = (DemoFailed, CallError, HotlineFailed, AmiError, SoundError, VoiceUnavailable, CannotSay, httpx.HTTPError, OSError, TimeoutError)


@dataclass
class Step:
    """One of the five, and how it went."""

    number: int
    title: str
    ok: bool = False
    seconds: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


class Stage:
    """Prints, and keeps the steps."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self.steps: list[Step] = []

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def says(self, text: str) -> None:
        self._console.print(f"[dim]{self.seconds:6.1f} s[/dim]  {escape(text)}", highlight=False, soft_wrap=True)

    @asynccontextmanager
    async def step(self, number: int, title: str, limit_seconds: float) -> AsyncIterator[Step]:
        """One step; what goes wrong in it is shown and kept, and the demonstration goes on."""
        step = Step(number, title)
        self.steps.append(step)
        began = time.monotonic()
        self._console.print(f"\n[bold]{number}  {escape(title)}[/bold]", highlight=False)
        try:
            async with asyncio.timeout(limit_seconds):
                yield step
            step.ok = True
        except EXPECTED as error:
            step.problem = str(error) or type(error).__name__
        step.seconds = round(time.monotonic() - began, 1)
        verdict = "[green]came true[/green]" if step.ok else f"[red]did not come true[/red]: {escape(step.problem)}"
        self._console.print(f"{self.seconds:6.1f} s  {number}  {verdict} ({step.seconds:.1f} s)", highlight=False, soft_wrap=True)

    def shows_tickets(self, tickets: Sequence[dict[str, Any]]) -> None:
        table = Table(Column("ticket", no_wrap=True), "channel", "type", "path", "caller", "status", "text or document", title="Tickets")
        for ticket in sorted(tickets, key=lambda one: str(one["number"])):
            table.add_row(*(escape(str(cell)) for cell in _row(ticket)))
        self._console.print(table)

    def shows_verdict(self) -> None:
        table = Table("", "step", "seconds", "")
        for step in self.steps:
            table.add_row(str(step.number), step.title, f"{step.seconds:.1f}", "came true" if step.ok else "FAILED")
        self._console.print(table)


def _row(ticket: dict[str, Any]) -> tuple[Any, ...]:
    document = ticket.get("document")
    content = f"PDF, {document['pages']} page(s)" if document else ticket.get("transcript") or ticket.get("transcript_state", "")
    kind = ticket.get("type_name") or ticket.get("type", "")
    return ticket["number"], ticket["channel"], kind, ticket["path"], mask(str(ticket["caller"])), ticket["status"], content
