"""Whose business a ticket's fields are, and who sees what of a ticket: one table and one rule, for the API, commands and whatever is sent out.

Numbers and names are masked unless the role and a stated reason allow them. The organisation a matter is about never learns who
complained, even when it is the one that handles it (Jinan, Art. 32); nor does anybody but supervisors where the citizen asked for
that (Weifang, Art. 11).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tickets import findings
from tickets.classes import COLUMNS, Class
from tickets.models import Ticket

LONGEST_REASON = 200
NO_REASON = "state what it is needed for: header X-Hotline-Reason or parameter reason"


class Sight(enum.Enum):
    """How much of a citizen is seen."""

    FULL = "full"
    MASKED = "masked"  # 138****1234, 王**
    WITHOUT = "without"  # nothing that tells who it was


# Of a ticket as others get it (tickets/wire.py), beside what stands under its own name in tickets/classes.py.
FIELDS = {"audio": Class.SENSITIVE, "document": Class.SENSITIVE}
SEERS = frozenset(("supervisor", "administrator", "integration"))  # with a reason
KEEPERS = frozenset(("supervisor", "administrator"))  # of what was to be kept confidential
MAIL = re.compile(r"([\w.+-])[\w.+-]*@([\w-]+\.[\w.-]+)", re.ASCII)
FIGURES = re.compile(r"\d[\d -]{5,}[\dXx]")


@dataclass(frozen=True)
class Viewer:
    """Who looks. `organisation`: the unit whose token it is; `reason`: what they said they need it for."""

    role: str
    organisation: str = ""
    reason: str = ""


def sight(row: Ticket, viewer: Viewer) -> Sight:
    """What this viewer sees of the citizen behind this ticket."""
    if row.accused and row.accused == (viewer.organisation or _handler(row, viewer)):
        return Sight.WITHOUT
    if row.confidential and viewer.role not in KEEPERS:
        return Sight.WITHOUT
    return Sight.FULL if viewer.role in SEERS and viewer.reason else Sight.MASKED


def outward(row: Ticket) -> Sight:
    """Of what is sent to whoever handles it: nothing of the citizen where they asked for that, or where the handler is the accused."""
    return sight(row, Viewer("integration", row.organisation, "hand-over"))


def may_hear(row: Ticket, viewer: Viewer) -> str:
    """Why their voice and hand are not given; "" where they are."""
    if sight(row, viewer) is Sight.WITHOUT:
        return "who complained is not told here: the matter is confidential, or about the organisation that asks"
    return "" if viewer.reason else NO_REASON


def classed(name: str) -> Class:
    return FIELDS.get(name) or COLUMNS.get(f"tickets.{name}", Class.INTERNAL)


def masked(number: str) -> str:
    """138****1234: enough to recognise, not enough to call."""
    if len(number) <= 4:
        return "*" * len(number)
    keep = 3 if len(number) >= 10 else 1
    return f"{number[:keep]}****{number[-4:]}" if len(number) >= 7 else f"****{number[-2:]}"


def masked_name(name: str) -> str:
    """A display name often is the number again, or a person's name."""
    return f"{name[:1]}**" if name else ""


def masked_words(text: str | None, names: Iterable[str] = (), how: Sight = Sight.MASKED) -> str | None:
    """What somebody said or wrote without the numbers, mail addresses and known names in it; WITHOUT: nothing is left of them."""
    if not text or how is Sight.FULL:
        return text
    nothing = how is Sight.WITHOUT
    for name in sorted({name for name in names if len(name) > 1}, key=len, reverse=True):
        text = text.replace(name, "**" if nothing else masked_name(name))
    text = MAIL.sub("***" if nothing else r"\1***@\2", text)
    return FIGURES.sub("****", text) if nothing else findings.masked_text(text)


def _handler(row: Ticket, viewer: Viewer) -> str:
    """A token of no unit is the city's case system, which hands on to whoever handles: what it gets, the handler gets."""
    return row.organisation if viewer.role == "integration" else ""
