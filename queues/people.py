"""People who answer calls, as rows: made, found, changed; each change with its line of audit in one transaction."""

from __future__ import annotations

from sqlalchemy import select

from queues.actor import Refused
from queues.storage import Database
from queues.tables import Person


def find(database: Database, login: str) -> Person:
    """Raises Refused."""
    with database.reads() as session:
        person = session.scalar(select(Person).where(Person.login == login))
    if person is None:
        raise Refused(404, "Not Found", f"no agent has the login {login[:40]!r}")
    return person
