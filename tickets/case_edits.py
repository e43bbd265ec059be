"""What is put right on a ticket without moving it: who leads, how urgent it is, its category, its words, a note.

Each is one line of history with what it was before; words that people wrote are notes. Raises NoSuchTicket and CaseRefused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tickets import deadlines, notes
from tickets.case import Cases, Who, assign, find, is_repeat, limit, standing
from tickets.case_tables import Note
from tickets.life import note
from tickets.models import TYPES, URGENCIES, VOICE, Ticket
from tickets.moves import CLOSED, STAFF, CaseRefused, allowed

CATEGORY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*|")
LONGEST_CATEGORY = 40
WAITING = frozenset(("pending", "to_dispatch", "returned"))
EDITABLE = ("urgency", "category", "type", "confidential", "reply_wanted", "accused")


@dataclass(frozen=True)
class Edits:
    """Changes of a ticket that is not closed; notes may be added at any time."""

    cases: Cases

    def assign(self, number: str, who: Who, organisation: str, helpers: Sequence[str] = ()) -> Ticket:
        """Another organisation leads, or others help. Before its dispatch a ticket has none: dispatch names it."""
        with self.cases.database.writes() as session:
            ticket = self._open(session, number, who)
            if ticket.dispatched_at is None:
                raise CaseRefused(409, "it is not dispatched yet: dispatch names the organisation", self._possible(ticket, who))
            before = {"was": {"organisation": ticket.organisation, "helpers": ticket.helpers}}
            detail = assign(self.cases.rules(), ticket, organisation, tuple(helpers)) | before
            note(session, ticket, "assigned", detail, who.name, self.cases.clock())
            return ticket

    def edit(self, number: str, who: Who, fields: Mapping[str, Any]) -> Ticket:
        """Urgency, category, type, confidentiality, whether a reply is wanted. A deadline that is not missed yet is found anew."""
        with self.cases.database.writes() as session:
            ticket = self._open(session, number, who)
            _checked(fields)
            if fields.get("accused", "") not in ("", *self.cases.rules().organisations):
                raise CaseRefused(422, f"no such organisation: {fields['accused'][:40]}")
            changed = {name: value for name, value in fields.items() if getattr(ticket, name) != value}
            if not changed:
                return ticket
            was = {name: getattr(ticket, name) for name in changed}
            for name, value in changed.items():
                setattr(ticket, name, value)
            self._due_again(ticket)
            note(session, ticket, "edited", {"is": changed, "was": was}, who.name, self.cases.clock())
            return ticket

    def correct(self, number: str, who: Who, text: str) -> Ticket:
        """What was really said, written down by a person who listened; the machine's words stay."""
        text = notes.checked(text)
        with self.cases.database.writes() as session:
            ticket = self._open(session, number, who, closed_too=True)
            if not text:
                raise CaseRefused(422, "no text was given")
            at = self.cases.clock()
            ticket.transcript_corrected, ticket.needs_review = text, False
            note(session, ticket, "transcript_corrected", {"notes": notes.keep(session, ticket, {"transcript": text}, who.name, at)}, who.name, at)
            return ticket

    def add_note(self, number: str, who: Who, text: str, key: str = "") -> Ticket:
        """Something to remember, by anybody who works on it. `key`: as for a move."""
        text = notes.checked(text)
        with self.cases.database.writes() as session:
            ticket, at = find(session, number, lock=True), self.cases.clock()
            if not text:
                raise CaseRefused(422, "no text was given")
            if not (key and is_repeat(session, f"{who.name} {key}", [ticket.id, "note", text], at)):
                note(session, ticket, "note_added", {"notes": notes.keep(session, ticket, {"note": text}, who.name, at)}, who.name, at)
            return ticket

    def notes(self, number: str) -> Sequence[Note]:
        """All that was said about it, oldest first."""
        with self.cases.database.reads() as session:
            return notes.of_ticket(session, find(session, number).id)

    def _open(self, session: Session, number: str, who: Who, *, closed_too: bool = False) -> Ticket:
        ticket = find(session, number, lock=True)
        if who.role not in STAFF:
            raise CaseRefused(403, f"the role {who.role} may not change a ticket", self._possible(ticket, who))
        if ticket.stage in CLOSED and not closed_too:
            raise CaseRefused(409, f"a ticket that is {ticket.stage} is not changed: reopen it first", self._possible(ticket, who))
        return ticket

    def _possible(self, ticket: Ticket, who: Who) -> tuple[str, ...]:
        return allowed(standing(ticket), who.role, self.cases.rules().deadlines.most_extensions)

    def _due_again(self, ticket: Ticket) -> None:
        """By the row that fits now; an extension that was granted, and a deadline already missed, stand."""
        if ticket.due_at is None or ticket.due_told == "missed" or ticket.extensions:
            return
        rules = self.cases.rules()
        if ticket.stage in WAITING:
            limit(ticket, deadlines.dispatch(rules, ticket, _waits_since(ticket)))
        elif ticket.dispatched_at and not (ticket.replied_at and ticket.replied_at > ticket.dispatched_at):
            limit(ticket, deadlines.handling(rules, ticket, ticket.dispatched_at))


def _waits_since(ticket: Ticket) -> datetime:
    if ticket.stage == "returned" or ticket.reopened:
        return ticket.stage_at
    spoken = ticket.accepted_at if ticket.channel == VOICE else ticket.ended_at
    return spoken or ticket.stage_at


def _checked(fields: Mapping[str, Any]) -> None:
    """Raises CaseRefused for what cannot be a value."""
    if strange := [name for name in fields if name not in EDITABLE]:
        raise CaseRefused(422, f"no such field: {strange[0][:40]}; there are {', '.join(EDITABLE)}")
    for name, known in (("urgency", URGENCIES), ("type", TYPES)):
        if name in fields and fields[name] not in known:
            raise CaseRefused(422, f"{name} is one of {', '.join(known)}")
    category = fields.get("category", "")
    if not CATEGORY.fullmatch(category) or len(category) > LONGEST_CATEGORY:
        raise CaseRefused(422, "a category is a code of categories.yaml: small letters, digits and dashes")
