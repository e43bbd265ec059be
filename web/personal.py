"""The one door for personal data: who sees what of a citizen is decided here, and every look is a line of the audit.

A line says who, which ticket, which fields and the reason that was stated; never what they held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import Request

from queues import audit
from queues.audit import DONE, REFUSED, Line
from tickets import sight, wire
from tickets.case_tables import Note
from tickets.classes import Class
from tickets.models import Ticket
from tickets.sight import Sight, Viewer
from tickets.store import NoSuchTicket
from web.access import May, Reader
from web.asking import actor
from web.problems import Problem

READ, SEARCH = "personal.read", "personal.search"


def viewer(holder: Reader) -> Viewer:
    return Viewer(holder.role, holder.organisation, holder.reason)


def ticket(request: Request, holder: Reader, row: Ticket) -> dict[str, Any]:
    """One ticket as this reader may see it."""
    return tickets(request, holder, [row])[0]


def find(request: Request, holder: Reader, number_or_id: str) -> Ticket:
    """The ticket that an address names, if this token may know of it. Raises Problem."""
    try:
        row: Ticket = request.app.state.store.ticket(number_or_id)
    except NoSuchTicket:
        raise Problem(404, f"no ticket has the number or id {number_or_id[:40]}") from None
    within_reach(holder, row, number_or_id)
    return row


def within_reach(holder: Reader, row: Ticket, asked: str) -> None:
    """The token of a unit reads what that unit leads or helps with, and nothing else is known to it. Raises Problem."""
    if holder.organisation and holder.organisation not in (row.organisation, *row.helpers):
        raise Problem(404, f"no ticket has the number or id {asked[:40]}")


def led_by(holder: Reader, wanted: str | None) -> str | None:
    """Whose tickets a list shows. Raises Problem."""
    if holder.organisation and wanted not in (None, holder.organisation):
        raise Problem(403, f"this token is for the tickets of {holder.organisation}")
    return holder.organisation or wanted


def tickets(request: Request, holder: Reader, rows: Sequence[Ticket]) -> list[dict[str, Any]]:
    """Each as this reader may see it; a line of the audit for each whose citizen is seen."""
    seen = [(row, sight.sight(row, viewer(holder))) for row in rows]
    shown = [wire.ticket(row, sight=how) for row, how in seen]
    _write(request, holder, ((row.number, _told(item)) for (row, how), item in zip(seen, shown, strict=True) if how is Sight.FULL))
    return shown


def notes(request: Request, holder: Reader, row: Ticket, written: Sequence[Note]) -> list[dict[str, Any]]:
    """What people wrote about it."""
    how = sight.sight(row, viewer(holder))
    if how is Sight.FULL and written:
        _write(request, holder, [(row.number, "notes")])
    return [wire.note(note, how=how, names=wire.names(row)) for note in written]


def words(holder: Reader, row: Ticket, text: str) -> str:
    """What a citizen wrote, the name of a file for example, as this reader may see it."""
    return sight.masked_words(text, wire.names(row), sight.sight(row, viewer(holder))) or ""


def hears(request: Request, holder: Reader, row: Ticket, what: str) -> None:
    """Before a voice, a fax or an attachment is given out. Raises Problem."""
    if why := sight.may_hear(row, viewer(holder)):
        _line(request, Line(actor(holder), READ, row.number, REFUSED, f"{what}: {why}"))
        raise Problem(403, why)
    _write(request, holder, [(row.number, what)])


def numbers(request: Request, holder: Reader, where: str, fields: str = "caller") -> bool:
    """Whether callers' numbers outside tickets (calls, records, call-backs) are shown to this reader; then it is written down."""
    if not (holder.may(May.SEE_CALLERS) and holder.reason):
        return False
    _write(request, holder, [(where, fields)])
    return True


def searches(request: Request, holder: Reader, what: str) -> None:
    """Before anybody is looked for by their number. Raises Problem."""
    why = "" if holder.may(May.SEE_CALLERS) else f"a token with the role {holder.role} may not look for callers' numbers"
    why = why or ("" if holder.reason else sight.NO_REASON)
    _line(request, Line(actor(holder), SEARCH, what, REFUSED if why else DONE, why or holder.reason))
    if why:
        raise Problem(403, why)


def _told(item: dict[str, Any]) -> str:
    """The names of the fields that hold something of the citizen."""
    return ", ".join(name for name, value in item.items() if value and sight.classed(name) in (Class.PERSONAL, Class.SENSITIVE))


def _write(request: Request, holder: Reader, looks: Iterable[tuple[str, str]]) -> None:
    lines = [Line(actor(holder), READ, target, DONE, f"{fields}: {holder.reason}") for target, fields in looks]
    if lines:
        with request.app.state.store.database.writes() as session:
            for line in lines:
                audit.note(session, line)


def _line(request: Request, line: Line) -> None:
    audit.write(request.app.state.store.database, line)
