"""One city's case system as the worker needs it: the way there, what it wants to hear, how patient we are, what is kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from tickets.announcing import TICKET_EVENTS
from tickets.connectors import Connector
from tickets.patience import Patience

CALL_EVENTS = ("call.newCall", "call.answer", "call.hangup")
EVENTS = (*TICKET_EVENTS, *CALL_EVENTS)


@dataclass(frozen=True)
class CaseSystem:
    """`events`: what it hears besides tickets that are complete. `show_callers`: with numbers in full, where the citizen allows it."""

    connector: Connector
    patience: Patience = field(default_factory=Patience)
    events: frozenset[str] = frozenset()
    show_callers: bool = True
    keep_days: int = 90
