"""A person's data, found by their number or by the name a channel has for them: all of it given out, or erased by destroying their key and emptying their rows.

The key opens every recording, fax and attachment of theirs, so those are noise from then on, wherever copies of the files lie. Rows are
overwritten, and what the database keeps of what it overwrote goes too (tickets/scrubbing.py). History stays whole: nothing of a person is in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from tickets import deletions, wiping
from tickets.database import Database
from tickets.intake_tables import Arrival, Begun
from tickets.life import now
from tickets.models import HANDED_OVER, Base, Delivery, Ticket
from tickets.moves import CLOSED
from tickets.notice_tables import Notice
from tickets.person_tables import Person
from tickets.scrubbing import scrub
from tickets.vault import Vault

ERASURE = "erasure"
BY_CHANNEL = re.compile(r"([a-z][a-z0-9_]{1,19}):(.{1,200})")
MOST_TICKETS = 10_000  # of one person


class StillOpen(Exception):  # noqa: N818 - read as a sentence
    """Somebody still works for this person: their tickets are not erased unless that is wanted."""

    def __init__(self, numbers: Sequence[str]) -> None:
        super().__init__(f"still open: {', '.join(numbers[:20])}")
        self.numbers = numbers


@dataclass(frozen=True)
class Dossier:
    """Whose tickets these are. `person` is None where nobody has this number."""

    person: str | None
    tickets: tuple[str, ...]  # numbers
    open: tuple[str, ...]
    linkedids: tuple[str, ...]


@dataclass(frozen=True)
class Erasure:
    """Over one register."""

    database: Database
    vault: Vault

    def look(self, number: str) -> Dossier:
        """What there is of whoever has this number, or is so known (`sender_of`). Raises VaultClosed."""
        self.vault.persons.claim()
        person = None if sender_of(number) else self.vault.persons.find(number)
        with self.database.reads() as session:
            rows = _tickets(session, person, sender_of(number))
        still = tuple(row.number for row in rows if row.stage not in CLOSED and row.status != HANDED_OVER)
        return Dossier(person, tuple(row.number for row in rows), still, tuple(dict.fromkeys(row.linkedid for row in rows if row.linkedid)))

    def everything(self, number: str) -> list[dict[str, Any]]:
        """Each ticket with all that is kept about it, table by table, as it stands."""
        person = self.look(number).person
        with self.database.reads() as session:
            return [_all_of(session, row) for row in _tickets(session, person, sender_of(number))]

    def forget_calls(self, linkedids: Sequence[str]) -> None:
        """What the case system was told of these calls, whether or not they have a ticket."""
        with self.database.writes() as session:
            for row in session.scalars(select(Delivery).where(Delivery.about.in_(linkedids), Delivery.ticket_id.is_(None))):
                row.body, row.last_error = wiping.without(row.body), None

    def erase(self, number: str, actor: str, why: str, *, open_too: bool = False, forms: Collection[str] = (), more: dict[str, Any] | None = None) -> dict[str, Any]:
        """Destroys the key and empties the rows; returns what the report line says. Raises StillOpen, VaultClosed and OSError.

        `forms`: how else the number may be written; `more`: what was erased elsewhere in the same deed, for the report.
        `scrubbed` is not in that line: whether the bytes of it have left the database's files too (`scrub`).
        """
        found = self.look(number)
        if found.open and not open_too:
            raise StillOpen(found.open)
        self.forget_calls(found.linkedids)
        report: dict[str, Any] = {"person": found.person, "tickets": [], **(more or {})}
        with self.database.reads() as session:
            rows = _tickets(session, found.person, sender_of(number))
        for row in rows:
            report["tickets"].append(self._one(row.id, actor, why))
        with self.database.writes() as session:
            _forget_letters(session, {(sender_of(number) or ("", number))[1], *forms, *_spoken(rows)})
            _destroy(session, found.person)
            deletions.write(session, self.vault.persons.master(), ERASURE, actor, report, now())
        return {**report, "scrubbed": scrub(self.database, anew=True)}

    def _one(self, ticket_id: str, actor: str, why: str) -> dict[str, Any]:
        with self.database.reads() as session:
            ticket = session.get_one(Ticket, ticket_id)
            digests = {part: wiping.remove_files(self.vault, session, ticket, part) for part in wiping.PARTS}
        with self.database.writes() as session:
            ticket = session.get_one(Ticket, ticket_id, with_for_update=True)
            wiping.wipe(session, ticket, wiping.PARTS, actor, why, digests)
        return {"ticket": ticket_id, "sha256": sorted(sum(digests.values(), []))}


def sender_of(who: str) -> tuple[str, str] | None:
    """Channel and sender of somebody who wrote without a number: an e-mail address, or `wechat:OPENID`. None: it is a number."""
    if found := BY_CHANNEL.fullmatch(who):
        return found[1], found[2]
    return ("email", who.lower()) if "@" in who else None


def destroy(session: Session, person: str) -> None:
    """The key of somebody of whom nothing is left."""
    _destroy(session, person)


def _destroy(session: Session, person: str | None) -> None:
    if person is not None:
        at: datetime = now()
        session.execute(update(Person).where(Person.id == person).values(wrapped_key=None, mark=None, erased_at=at))


def _tickets(session: Session, person: str | None, sender: tuple[str, str] | None) -> list[Ticket]:
    theirs: ColumnElement[bool]
    if sender is not None:
        theirs = Ticket.id.in_(select(Arrival.ticket_id).where(Arrival.channel == sender[0], Arrival.sender == sender[1]))
    elif person is not None:
        theirs = Ticket.person == person
    else:
        return []
    return list(session.scalars(select(Ticket).where(theirs).order_by(Ticket.id).limit(MOST_TICKETS)))


def _all_of(session: Session, row: Ticket) -> dict[str, Any]:
    found: dict[str, Any] = {"ticket": {column.name: getattr(row, column.name) for column in Ticket.__table__.columns}}
    for table in Base.metadata.sorted_tables:
        if "ticket_id" in table.c and table.name not in ("ticket_words", "pins"):
            found[table.name] = [dict(line) for line in session.execute(select(table).where(table.c.ticket_id == row.id)).mappings()]
    return found


def _forget_letters(session: Session, senders: Collection[str]) -> None:
    """What came from them and became no ticket, what was answered to that, and what they began to say."""
    session.execute(delete(Begun).where(or_(Begun.sender.in_(senders), Begun.phone.in_(senders))))
    session.execute(delete(Arrival).where(Arrival.sender.in_(senders), Arrival.ticket_id.is_(None)))
    session.execute(delete(Notice).where(Notice.address.in_(senders), Notice.ticket_id.is_(None)))


def _spoken(rows: Sequence[Ticket]) -> set[str]:
    return {row.caller for row in rows if row.caller}
