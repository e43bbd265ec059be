"""A key for each person, so that destroying one erases what it sealed; and the blind index that finds a person by their number.

The database holds wrapped keys and HMAC marks only. The master key and the index key lie in HOME/secrets (tickets/master.py).
"""

from __future__ import annotations

import contextlib
import fcntl
import re
import threading
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets import master
from tickets.database import Database
from tickets.item import new_id
from tickets.life import now
from tickets.master import Master, VaultClosed
from tickets.models import Ticket
from tickets.person_tables import Person
from tickets.sealed import new_key

AT_ONCE = 500  # tickets or keys in one transaction
NOT_DIGITS = re.compile(r"[^0-9]+")
COUNTRY = re.compile(r"(?:00)?86(?=1[3-9]\d{9}$|0?[1-9]\d{9,10}$)")


class Persons:
    """The persons of one register. Synchronous and thread-safe. Everything raises VaultClosed where the master key is missing or wrong."""

    def __init__(self, home: Path, database: Database) -> None:
        self._home, self._database = home, database
        self._one = threading.Lock()
        self._known: Master | None = None

    def master(self) -> Master:
        """The keys of this installation; made on first use, but never where something was sealed before."""
        with self._one:
            if self._known is None:
                self._known = master.load(self._home) or self._first()
            return self._known

    def forget_master(self) -> None:
        """It was rotated: read again at the next use."""
        with self._one:
            self._known = None

    def key_for(self, number: str) -> tuple[str, bytes]:
        """The id and key of whoever has this number, made at first sight. Without a number: a new one, for this once."""
        mark = self.mark(number)
        with self._database.writes() as session:
            found = session.scalar(select(Person).where(Person.mark == mark)) if mark else None
            if found is None:
                found = self._new(session, mark)
            return found.id, self._open(found)

    def key(self, person_id: str) -> bytes:
        """Raises LookupError where the person was erased, or never was."""
        with self._database.reads() as session:
            found = session.get(Person, person_id)
        if found is None or found.wrapped_key is None:
            raise LookupError(f"{person_id}: this person's key was destroyed" if found else f"{person_id}: no such key")
        return self._open(found)

    def find(self, number: str) -> str | None:
        """Who has this number, if anybody."""
        mark = self.mark(number)
        if mark is None:
            return None
        with self._database.reads() as session:
            return session.scalar(select(Person.id).where(Person.mark == mark))

    def mark(self, number: str) -> str | None:
        """However the number is written, +86 138 0000 1234 or 13800001234, its mark is one. None: no number."""
        digits = normal(number)
        return self.master().mark(digits) if digits else None

    def claim(self, most: int | None = None) -> int:
        """Tells of each ticket whose it is; those made since the last time, or before there were persons. Returns how many, about `most`."""
        unclaimed = select(Ticket).where(Ticket.person.is_(None), Ticket.caller != "").order_by(Ticket.id).limit(AT_ONCE).with_for_update()
        total = 0
        while True:
            with self._database.writes() as session:
                rows = session.scalars(unclaimed).all()
                marks = {row.id: self.mark(row.caller) for row in rows}
                query = select(Person.mark, Person.id).where(Person.mark.in_({mark for mark in marks.values() if mark}))
                known: dict[str | None, str] = {row.mark: row.id for row in session.execute(query)}
                for row in rows:
                    mark = marks[row.id]
                    row.person = known.get(mark) or self._new(session, mark).id
                    if mark:
                        known[mark] = row.person
            total += len(rows)
            if len(rows) < AT_ONCE or (most is not None and total >= most):
                return total

    def rotate(self) -> int:
        """A new master key wraps every person's key; the old one is forgotten at the end. Killed in between it is simply done again."""
        with keys_stay(self._home, change=True):
            with self._one:
                known = master.load(self._home) or self._first()
                self._known = known = master.add(self._home, known)
            total = 0
            while done := self._wrapped_anew(known):
                total += done
            with self._one:
                self._known = master.only_current(self._home, known)
        return total

    def _wrapped_anew(self, known: Master) -> int:
        old = select(Person).where(Person.wrapped_by != known.current, Person.wrapped_key.is_not(None)).limit(AT_ONCE)
        with self._database.writes() as session:
            rows = session.scalars(old).all()
            for row in rows:
                key = known.unwrap(str(row.wrapped_key), row.wrapped_by, row.id)
                row.wrapped_key, row.wrapped_by = known.wrap(key, row.id), known.current
            return len(rows)

    def _new(self, session: Session, mark: str | None) -> Person:
        known, identity = self.master(), new_id()
        made = Person(id=identity, mark=mark, wrapped_key=known.wrap(new_key(), identity), wrapped_by=known.current, made_at=now(), erased_at=None)
        session.add(made)
        return made

    def _open(self, found: Person) -> bytes:
        try:
            return self.master().unwrap(str(found.wrapped_key), found.wrapped_by, found.id)
        except VaultClosed:
            self.forget_master()  # rotated by another process since it was read
            return self.master().unwrap(str(found.wrapped_key), found.wrapped_by, found.id)

    def _first(self) -> Master:
        with self._database.reads() as session:
            sealed = session.execute(select(func.count()).select_from(Person).where(Person.wrapped_key.is_not(None))).scalar_one()
        if sealed:
            raise VaultClosed(
                f"{master.place(self._home)} is missing, and {sealed} keys in the database are wrapped by what was in it: put the file back "
                "from a backup of this hotline, or copy it from the hotline's other machine; nothing was overwritten"
            )
        return master.make(self._home)


@contextlib.contextmanager
def keys_stay(home: Path, *, change: bool = False) -> Iterator[None]:
    """While a backup copies database and master key neither is rotated: they must fit. Raises VaultClosed where the other is going on."""
    folder = home / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "rotation.lock").open("a") as turn:
        try:
            fcntl.flock(turn, (fcntl.LOCK_EX if change else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise VaultClosed("a backup is being made: rotate the master key afterwards" if change else "the master key is being rotated: try again") from None
        yield


def normal(number: str) -> str:
    """The digits of a number without the country's own prefix; "" for what is none, such as `anonymous`."""
    return COUNTRY.sub("", NOT_DIGITS.sub("", number))
