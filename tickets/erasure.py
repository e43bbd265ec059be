"""A person's data, found by their number: all of it given out, or erased by destroying their key and emptying their rows.

The key opens every recording, fax and attachment of theirs, so those are noise from then on, wherever copies of the files lie. Rows are
overwritten (SQLite: freed pages are zeroed, the log is cut; PostgreSQL: vacuumed). History stays whole: nothing of a person is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, inspect, select, text, update
from sqlalchemy.orm import Session

from tickets import deletions, wiping
from tickets.database import Database
from tickets.intake_tables import Begun
from tickets.life import now
from tickets.models import HANDED_OVER, Base, Delivery, Ticket
from tickets.moves import CLOSED
from tickets.person_tables import Person
from tickets.vault import Vault

ERASURE = "erasure"
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
        """What there is of whoever has this number. Raises VaultClosed."""
        self.vault.persons.claim()
        person = self.vault.persons.find(number)
        with self.database.reads() as session:
            rows = _tickets(session, person)
        still = tuple(row.number for row in rows if row.stage not in CLOSED and row.status != HANDED_OVER)
        return Dossier(person, tuple(row.number for row in rows), still, tuple(dict.fromkeys(row.linkedid for row in rows if row.linkedid)))

    def everything(self, person: str) -> list[dict[str, Any]]:
        """Each ticket with all that is kept about it, table by table, as it stands."""
        with self.database.reads() as session:
            return [_all_of(session, row) for row in _tickets(session, person)]

    def erase(self, number: str, actor: str, why: str, *, open_too: bool = False, more: dict[str, Any] | None = None) -> dict[str, Any]:
        """Destroys the key and empties the rows; returns what the report line says. Raises StillOpen, VaultClosed and OSError.

        `more`: what was erased elsewhere in the same deed, for the report.
        """
        found = self.look(number)
        if found.open and not open_too:
            raise StillOpen(found.open)
        report: dict[str, Any] = {"person": found.person, "tickets": [], **(more or {})}
        with self.database.reads() as session:
            rows = _tickets(session, found.person)
        for row in rows:
            report["tickets"].append(self._one(row.id, actor, why))
        with self.database.writes() as session:
            session.execute(delete(Begun).where(Begun.sender.in_((number, *_spoken(rows)))))
            if found.linkedids:
                _wipe_calls(session, found.linkedids)
            _destroy(session, found.person)
            deletions.write(session, self.vault.persons.master(), ERASURE, actor, report, now())
        scrub(self.database)
        return report

    def _one(self, ticket_id: str, actor: str, why: str) -> dict[str, Any]:
        with self.database.reads() as session:
            ticket = session.get_one(Ticket, ticket_id)
            digests = {part: wiping.remove_files(self.vault, session, ticket, part) for part in wiping.PARTS}
        with self.database.writes() as session:
            ticket = session.get_one(Ticket, ticket_id, with_for_update=True)
            wiping.wipe(session, ticket, wiping.PARTS, actor, why, digests)
        return {"ticket": ticket_id, "sha256": sorted(sum(digests.values(), []))}


def scrub(database: Database) -> None:
    """What the database still holds of rows that were emptied goes too: its log, or its dead rows."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for table in Base.metadata.sorted_tables:
            if (table.name == "tickets" or "ticket_id" in table.c) and inspect(connection).has_table(table.name):
                connection.execute(text(f"VACUUM {table.name}"))


def destroy(session: Session, person: str) -> None:
    """The key of somebody of whom nothing is left."""
    _destroy(session, person)


def _destroy(session: Session, person: str | None) -> None:
    if person is not None:
        at: datetime = now()
        session.execute(update(Person).where(Person.id == person).values(wrapped_key=None, mark=None, erased_at=at))


def _tickets(session: Session, person: str | None) -> list[Ticket]:
    if person is None:
        return []
    return list(session.scalars(select(Ticket).where(Ticket.person == person).order_by(Ticket.id).limit(MOST_TICKETS)))


def _all_of(session: Session, row: Ticket) -> dict[str, Any]:
    found: dict[str, Any] = {"ticket": {column.name: getattr(row, column.name) for column in Ticket.__table__.columns}}
    for table in Base.metadata.sorted_tables:
        if "ticket_id" in table.c and table.name not in ("ticket_words", "pins"):
            found[table.name] = [dict(line) for line in session.execute(select(table).where(table.c.ticket_id == row.id)).mappings()]
    return found


def _wipe_calls(session: Session, linkedids: Sequence[str]) -> None:
    """What the case system was told of their calls."""
    for row in session.scalars(select(Delivery).where(Delivery.about.in_(linkedids))):
        row.body, row.last_error = wiping.without(row.body), None


def _spoken(rows: Sequence[Ticket]) -> set[str]:
    return {row.caller for row in rows if row.caller}
