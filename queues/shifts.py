"""Where people are logged in, as rows: what a restart of the telephony process reads first."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from queues.actor import Refused
from queues.storage import Database
from queues.tables import Person, Shift


def everything(database: Database) -> Sequence[tuple[Shift, Person]]:
    """Everybody who is logged in."""
    with database.reads() as session:
        rows = session.execute(select(Shift, Person).join(Person, Person.login == Shift.login).order_by(Shift.login))
        return [(shift, person) for shift, person in rows]


def login_at(database: Database, phone: str) -> str:
    """Who is logged in at this phone; '' where nobody is."""
    with database.reads() as session:
        return session.scalar(select(Shift.login).where(Shift.phone == phone)) or ""


def begin(database: Database, shift: Shift) -> None:
    """Raises Refused where the phone is taken: the table holds one agent a phone, whoever asked first."""
    try:
        with database.writes() as session:
            session.add(shift)
    except IntegrityError:
        raise Refused(409, "Conflict", f"somebody else is logged in at phone {shift.phone}", phone=shift.phone) from None


def keep(database: Database, shift: Shift) -> None:
    """Writes down what they are doing now; one who has logged out meanwhile stays so."""
    with database.writes() as session:
        row = session.get(Shift, shift.login)
        if row is not None:
            for name in ("queues", "state", "why", "since", "until", "linkedid"):
                setattr(row, name, getattr(shift, name))


def end(database: Database, login: str) -> None:
    with database.writes() as session:
        row = session.get(Shift, login)
        if row is not None:
            session.delete(row)
