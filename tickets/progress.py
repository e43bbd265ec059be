"""How far a matter is, for the citizen who knows its number and PIN (知情权, Jinan Art. 15); never by caller ID alone.

    pin = Progress(database, key).issue_pin("20261122-000001")      # told once; a new one ends the old one
    desk.check("20261122000001", pin, Asker("phone", "13800001234")) -> Standing | Refused

Synchronous and thread-safe, as the store is; no transaction is open while scrypt computes. A wrong number and a wrong PIN are
told alike and take as long. Each try is counted before it is looked at, so that many at once gain nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from ivr.progress import WITH_A_DATE
from tickets import pins
from tickets.case import find
from tickets.database import Database
from tickets.life import note, now
from tickets.models import Ticket
from tickets.moves import STAGES
from tickets.progress_tables import Pin, Tried

PHONE, WEB = "phone", "web"
WRONG, LOCKED, RESTRICTED = "wrong", "locked", "restricted"
NUMBER = re.compile(r"([0-9]{8})-?([0-9]{6,7})")
LONGEST = 40  # of what was typed
ON_ONE_TICKET = 5  # wrong PINs for one number until nobody may try it
BY_ONE = {PHONE: 10, WEB: 20}  # wrong tries of one caller or address in `WINDOW`
BY_ALL_WITHHELD = 100  # callers without a number cannot be told apart
WINDOW = timedelta(hours=1)
LOCK = timedelta(minutes=30)  # the first one; each further one in a row lasts twice as long
LONGEST_LOCK = timedelta(hours=24)


@dataclass(frozen=True)
class Asker:
    """Who asks: `kind` phone or web; `address` the caller's number or the browser's address, "" where it is withheld."""

    kind: str
    address: str


@dataclass(frozen=True)
class Standing:
    """What a citizen is told."""

    number: str
    stage: str
    stage_name: str
    received_at: datetime
    due_at: datetime | None
    """Until when it is to be handled; None before it is with those who handle it, and where the case system has it."""


@dataclass(frozen=True)
class Refused:
    """`why`: wrong (number or PIN), locked (until when nobody may try), restricted (a person must be asked)."""

    why: str
    until: datetime | None = None


@dataclass(frozen=True)
class Progress:
    """Issues PINs and answers for them. `key` is this hotline's, at least 16 bytes, and not in the database."""

    database: Database
    key: bytes
    clock: Callable[[], datetime] = now

    def __post_init__(self) -> None:
        if len(self.key) < 16:
            raise ValueError("the key of PINs has at least 16 bytes")

    def issue_pin(self, number_or_id: str, actor: str = "") -> str:
        """A new PIN for a ticket, told once; the one before is worth nothing any more. Raises NoSuchTicket."""
        pin = pins.new()
        hashed = pins.hashed(pin, self.key)
        with self.database.writes() as session:
            ticket = find(session, number_or_id, lock=True)
            keep(session, ticket, hashed, self.clock())
            note(session, ticket, "pin_issued", {}, actor, self.clock())
        return pin

    def check(self, number: str, pin: str, who: Asker) -> Standing | Refused:
        """What the citizen with this number and PIN may know. Everything typed is taken as it comes."""
        wanted, at = tidied(number), self.clock()
        subjects = self._subjects(wanted, who)
        with self.database.writes() as session:
            if until := _locked(session, subjects, at):
                return Refused(LOCKED, until)
            for subject, most in subjects.items():
                _count(session, subject, most, at)
            ticket, known = _known(session, wanted)
        right = pins.matches(pin if pins.PIN.fullmatch(pin) else "", self.key, known)
        if not right or ticket is None:
            return Refused(WRONG)
        with self.database.writes() as session:
            self._forgive(session, subjects, wanted)
        return Refused(RESTRICTED) if ticket.confidential else told(ticket)

    def forget_old(self) -> int:
        """Tries that count no more. Returns how many."""
        at = self.clock()
        with self.database.writes() as session:
            over = (Tried.since < at - LONGEST_LOCK, or_(Tried.locked_until.is_(None), Tried.locked_until < at - LONGEST_LOCK))
            return session.execute(delete(Tried).where(*over)).rowcount  # type: ignore[attr-defined]

    def _subjects(self, wanted: str, who: Asker) -> dict[str, int]:
        """Whom a wrong try is counted against, and how many each may have. A number that does not exist locks as one that does."""
        by = self._seal(f"{who.kind} {who.address[:100]}")
        most = BY_ONE.get(who.kind, BY_ONE[WEB]) if who.address else BY_ALL_WITHHELD
        return {self._seal(f"ticket {wanted}"): ON_ONE_TICKET, by: most}

    def _seal(self, text: str) -> str:
        return pins.sealed(self.key, text)

    def _forgive(self, session: Session, subjects: dict[str, int], wanted: str) -> None:
        """The try was right: the ticket's count begins anew, the caller's loses this one only, or their own ticket would help
        them to try others'."""
        ticket = self._seal(f"ticket {wanted}")
        for subject in subjects:
            row = session.get(Tried, subject)
            if row is not None and subject == ticket:
                session.delete(row)
            elif row is not None and row.locked_until is not None and row.wrong == 0:  # this very try was one too many
                row.wrong, row.locks, row.locked_until = subjects[subject] - 1, row.locks - 1, None
            elif row is not None:
                row.wrong = max(0, row.wrong - 1)


def keep(session: Session, ticket: Ticket, hashed: str, at: datetime) -> None:
    """In the transaction of whatever gives the PIN out."""
    session.merge(Pin(ticket_id=ticket.id, hash=hashed, made_at=at))
    session.flush()


def told(ticket: Ticket) -> Standing:
    due_at = ticket.due_at if ticket.stage in WITH_A_DATE else None
    return Standing(ticket.number, ticket.stage, STAGES[ticket.stage], ticket.began_at, due_at)


def tidied(number: str) -> str:
    """20261122000001, 20261122-000001 and the same with blanks are one number; anything else is itself, cut."""
    plain = "".join(number[:LONGEST].split())
    found = NUMBER.fullmatch(plain)
    return f"{found[1]}-{found[2]}" if found else plain


def _known(session: Session, wanted: str) -> tuple[Ticket | None, str | None]:
    row = session.execute(select(Ticket, Pin.hash).join(Pin, Pin.ticket_id == Ticket.id).where(Ticket.number == wanted)).first()
    return (row[0], row[1]) if row else (None, None)


def _locked(session: Session, subjects: dict[str, int], at: datetime) -> datetime | None:
    until = select(Tried.locked_until).where(Tried.subject.in_(subjects), Tried.locked_until > at)
    return max((found for found in session.scalars(until) if found), default=None)


def _count(session: Session, subject: str, most: int, at: datetime) -> None:
    row = session.get(Tried, subject)
    if row is None:
        row = Tried(subject=subject, wrong=0, since=at, locks=0, locked_until=None)
        session.add(row)
    if at - row.since > WINDOW:
        row.wrong, row.since = 0, at
    if row.locked_until is not None and at - row.locked_until > LONGEST_LOCK:
        row.locks, row.locked_until = 0, None
    row.wrong += 1
    if row.wrong >= most:
        row.locked_until = at + min(LOCK * 2 ** min(row.locks, 10), LONGEST_LOCK)
        row.wrong, row.locks = 0, row.locks + 1
    session.flush()
