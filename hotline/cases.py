"""What the city's files say about tickets, for every process that moves them; and the moves as commands."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

import structlog

from hotline import city
from hotline.menus import PublishError, whoever
from hotline.settings import Settings
from ivr.faults import CityRefused
from queues import audit
from queues.actor import ADMINISTRATOR, Actor
from queues.audit import Line

if TYPE_CHECKING:  # the database's packages take seconds to import
    from tickets.case import Said
    from tickets.deadlines import Rules
    from tickets.models import Ticket
    from tickets.store import Store

READ_AGAIN_SECONDS = 60.0  # a version may have been published
log = structlog.get_logger("hotline.cases")


@dataclass
class CityRules:
    """The published organisations, deadlines and calendar. With a city that cannot be read the last ones stand, or the usual."""

    settings: Settings
    _rules: Rules | None = None
    _read_at: float = 0.0
    _one: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> Rules:
        with self._one:
            if self._rules is None or monotonic() - self._read_at > READ_AGAIN_SECONDS:
                self._rules, self._read_at = self._read(), monotonic()
            return self._rules

    def _read(self) -> Rules:
        from tickets.deadlines import Rules  # noqa: PLC0415

        try:
            now = city.now(self.settings)
        except (PublishError, CityRefused, OSError) as error:
            log.error("the city's files cannot be read: organisations and deadlines stay as they were", reason=str(error).splitlines()[0])
            return self._rules or Rules()
        return Rules(now.deadlines, now.calendar, dict(now.organisations), now.channels, now.notices)


def move(store: Store, settings: Settings, number: str, name: str, said: Said) -> dict[str, Any]:
    """A move by whoever sits at this machine; a refusal is in the audit. Raises NoSuchTicket and CaseRefused."""
    from tickets import wire  # noqa: PLC0415
    from tickets.case import Cases, Who  # noqa: PLC0415
    from tickets.moves import CaseRefused  # noqa: PLC0415

    me = Actor(ADMINISTRATOR, name=whoever())
    try:
        row = Cases(store.database, CityRules(settings)).move(number, name, Who(ADMINISTRATOR, str(me)), said)
    except CaseRefused as no:
        audit.write(store.database, Line(me, f"ticket.{name[:40]}", number, audit.REFUSED, no.detail))
        raise
    return wire.ticket(row)


def shown(store: Store, rows: Sequence[Ticket], reason: str) -> list[dict[str, Any]]:
    """Tickets for whoever sits at this machine: in full for a stated reason, with a line of the audit for each; else masked."""
    from tickets import sight, wire  # noqa: PLC0415

    me, viewer = Actor(ADMINISTRATOR, name=whoever()), sight.Viewer(ADMINISTRATOR, reason=reason)
    found = [wire.ticket(row, sight=sight.sight(row, viewer)) for row in rows]
    if reason and rows:
        with store.database.writes() as session:
            for row in rows:
                audit.note(session, Line(me, "personal.read", row.number, audit.DONE, f"hotline tickets: {reason}"))
    return found


def verified(store: Store, head: str) -> tuple[bool, str]:
    """Whether the history is whole, and a line that says so."""
    from tickets.chain import verify  # noqa: PLC0415

    with store.database.reads() as session:
        found = verify(session, head)
    if found.broken is not None:
        return False, f"line {found.broken} of history: {found.why}"
    if found.why:
        return False, found.why
    return True, json.dumps({"lines": found.lines, "head": found.head})
