"""People who answer calls, as rows: made, found, changed; each change with its line of audit in one transaction.

Every function takes the database first and is synchronous (`Rows` runs it in a thread); refusals are Refused, and those
of a change are audited too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from queues import audit, pins
from queues.actor import AGENT, Actor, Refused
from queues.audit import REFUSED, Line
from queues.person_fields import checked, wrong
from queues.storage import Database
from queues.tables import Person, Shift

LOGIN = re.compile(r"[a-z][a-z0-9._-]{0,31}")
WRONG_PINS = 5
LOCK_MINUTES = 15
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WrongPin:
    """What came of a PIN that did not open: how many tries are left, or until when nobody may try."""

    left: int
    locked_until: datetime | None


def find(database: Database, login: str) -> Person:
    """Raises Refused."""
    with database.reads() as session:
        return _one(session, login)


def everybody(database: Database) -> Sequence[Person]:
    """All of them, by login; those who left included."""
    with database.reads() as session:
        return session.scalars(select(Person).order_by(Person.login)).all()


def add(database: Database, by: Actor, login: str, fields: Mapping[str, Any], pin: str | None = None) -> Person:
    """Raises Refused."""

    def made(session: Session) -> Person:
        if not LOGIN.fullmatch(login):
            raise wrong("login", "a lower-case word of a-z, 0-9, dot, dash and underscore, at most 32")
        if session.get(Person, login):
            raise Refused(409, "Conflict", f"an agent with the login {login} is there already")
        now = datetime.now(UTC)
        person = Person(
            login=login, name="", work_number="", role=AGENT, pin=None, skills={}, languages=[], dialects=[], level=1,
            wrapup_seconds=None, active=True, wrong_pins=0, locked_until=None, left_at=None, created_at=now, updated_at=now,
        )  # fmt: skip
        for name in ("name", "work_number"):
            if not fields.get(name):
                raise wrong(name, "given")
        _set(session, person, fields)
        person.pin = _hashed(pin) if pin else None
        session.add(person)
        return person

    return _audited(database, Line(by, "agent.add", login), made)


def edit(database: Database, by: Actor, login: str, fields: Mapping[str, Any]) -> Person:
    """Changes what is named. Raises Refused."""

    def changed(session: Session) -> Person:
        person = _one(session, login)
        _set(session, person, fields)
        person.updated_at = datetime.now(UTC)
        return person

    return _audited(database, Line(by, "agent.edit", login, reason=", ".join(sorted(fields))), changed)


def remove(database: Database, by: Actor, login: str) -> None:
    """Raises Refused; who is logged in must log out first, for they may be talking."""

    def gone(session: Session) -> None:
        person = _one(session, login)
        if session.get(Shift, login):
            raise Refused(409, "Conflict", f"{login} is logged in; log them out first")
        session.delete(person)

    _audited(database, Line(by, "agent.remove", login), gone)


def set_pin(database: Database, by: Actor, login: str, pin: str | None) -> None:
    """A new PIN, or none: no log-in at a phone. Also unlocks. Raises Refused."""

    def changed(session: Session) -> None:
        person = _one(session, login)
        person.pin = _hashed(pin) if pin else None
        person.wrong_pins, person.locked_until = 0, None

    _audited(database, Line(by, "agent.pin", login, reason="" if pin else "none"), changed)


def unlock(database: Database, login: str) -> None:
    """After too many wrong PINs. Raises Refused. (The desk audits it.)"""
    with database.writes() as session:
        person = _one(session, login)
        person.wrong_pins, person.locked_until = 0, None


def by_pin(database: Database, work_number: str, pin: str) -> Person:
    """Who this is. Raises Refused, with `tries_left` or `locked_until`; an unknown number looks like a wrong PIN."""
    with database.reads() as session:
        person = session.scalar(select(Person).where(Person.work_number == work_number, Person.active.is_(True)))
    if person is not None and person.locked_until is not None and person.locked_until > datetime.now(UTC):
        raise _locked(person.locked_until)
    if pins.matches(pin, person.pin if person else None) and person is not None:
        if person.wrong_pins:
            unlock(database, person.login)
        return person
    said = _count_wrong(database, person.login) if person else WrongPin(WRONG_PINS - 1, None)
    if said.locked_until:
        raise _locked(said.locked_until)
    raise Refused(403, "Forbidden", "this work number and this PIN do not belong together", tries_left=said.left)


def left(database: Database, login: str, at: datetime) -> None:
    """Remembers since when somebody is logged out."""
    with database.writes() as session:
        if person := session.get(Person, login):
            person.left_at = at


def _count_wrong(database: Database, login: str) -> WrongPin:
    """Counted in one transaction, so that two phones at once do not get twice as many tries."""
    with database.writes() as session:
        person = _one(session, login)
        person.wrong_pins += 1
        person.locked_until = None
        if person.wrong_pins < WRONG_PINS:
            return WrongPin(WRONG_PINS - person.wrong_pins, None)
        person.wrong_pins = 0
        person.locked_until = datetime.now(UTC) + timedelta(minutes=LOCK_MINUTES)
        return WrongPin(0, person.locked_until)


def _audited(database: Database, line: Line, work: Callable[[Session], T]) -> T:
    try:
        with database.writes() as session:
            result = work(session)
            audit.note(session, line)
            return result
    except Refused as no:
        audit.write(database, Line(line.by, line.action, line.target, REFUSED, no.detail))
        raise


def _one(session: Session, login: str) -> Person:
    person = session.get(Person, login)
    if person is None:
        raise Refused(404, "Not Found", f"no agent has the login {login[:40]!r}")
    return person


def _set(session: Session, person: Person, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(person, name, checked(name, value))
    other = select(Person).where(Person.work_number == person.work_number, Person.login != person.login)
    with session.no_autoflush:
        if taken := session.scalar(other):
            raise Refused(409, "Conflict", f"the work number {person.work_number} is {taken.login}'s")


def _hashed(pin: str) -> str:
    try:
        return pins.hashed(pin)
    except pins.WeakPin as weak:
        raise wrong("pin", str(weak)) from None


def _locked(until: datetime) -> Refused:
    detail = f"too many wrong PINs: locked until {until.astimezone():%H:%M:%S}; a supervisor may unlock"
    return Refused(423, "Locked", detail, locked_until=until.isoformat())
