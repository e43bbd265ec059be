"""Numbers that a person has blocked, and the log of nuisance they did it on. Never by a program, never for ever, never a class.

A block names one number, says why, and ends by itself. Withheld numbers cannot be blocked: there is nothing to name, and
those callers are callers too. Whoever calls these functions writes the audit (the desk, or a command). Emergencies are put through before anybody looks here (extensions.conf).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from queues.actor import FLOOR, INTEGRATION, Actor, Refused
from queues.callback_tables import BlockRow, NuisanceRow
from queues.storage import Database

NUMBER = re.compile(r"\+?[0-9]{7,15}")
LONGEST_REASON = 200  # characters
MOST_DAYS = 180  # a person looks again at least twice a year
MOST_LISTED = 500


def add(database: Database, by: Actor, number: str, reason: str, days: int) -> BlockRow:
    """Blocks a number from now on; one that is blocked already is blocked anew. Raises Refused."""
    reason = _checked(by, number, reason)
    if not 1 <= days <= MOST_DAYS:
        raise Refused(422, "Unprocessable Content", f"a block lasts 1 to {MOST_DAYS} days, not {days}")
    now = datetime.now(UTC)
    with database.writes() as session:
        for before in _standing(session, number, now):
            before.ended_by, before.ended_at = str(by), now
        made = BlockRow(
            number=number, reason=reason, made_by=str(by), made_at=now, until=now + timedelta(days=days), ended_by="", ended_at=None
        )
        session.add(made)
    return made


def remove(database: Database, by: Actor, number: str) -> None:
    """Takes it back. Raises Refused."""
    if by.role in (FLOOR, INTEGRATION):
        raise Refused(403, "Forbidden", "blocks are made and taken back by people")
    now = datetime.now(UTC)
    with database.writes() as session:
        standing = _standing(session, number, now)
        for block in standing:
            block.ended_by, block.ended_at = str(by), now
    if not standing:
        raise Refused(404, "Not Found", "this number is not blocked")


def listed(database: Database, *, all_: bool = False) -> Sequence[BlockRow]:
    """Those that stand, the newest first; with `all_`, those that are over too."""
    wanted = select(BlockRow).order_by(BlockRow.id.desc()).limit(MOST_LISTED)
    if not all_:
        wanted = wanted.where(BlockRow.ended_at.is_(None), BlockRow.until > datetime.now(UTC))
    with database.reads() as session:
        return session.scalars(wanted).all()


def note_nuisance(database: Database, by: Actor, number: str, what: str, linkedid: str = "") -> NuisanceRow:
    """What somebody at a telephone experienced. It blocks nobody. Raises Refused."""
    what = _checked(by, number, what)
    with database.writes() as session:
        row = NuisanceRow(number=number, at=datetime.now(UTC), by=str(by), what=what, linkedid=linkedid[:128])
        session.add(row)
    return row


def nuisances(database: Database, number: str | None = None) -> Sequence[NuisanceRow]:
    """Newest first."""
    wanted = select(NuisanceRow).order_by(NuisanceRow.id.desc()).limit(MOST_LISTED)
    with database.reads() as session:
        return session.scalars(wanted if number is None else wanted.where(NuisanceRow.number == number)).all()


def _checked(by: Actor, number: str, text: str) -> str:
    """The text on one line. Raises Refused."""
    if by.role in (FLOOR, INTEGRATION):
        raise Refused(403, "Forbidden", "blocks are made and taken back by people")
    if not NUMBER.fullmatch(number):
        raise Refused(422, "Unprocessable Content", "not a telephone number (7 to 15 digits); withheld numbers cannot be blocked")
    text = " ".join(text.split())
    if not text or len(text) > LONGEST_REASON or not text.isprintable():
        raise Refused(422, "Unprocessable Content", f"a reason is needed, in 1 to {LONGEST_REASON} characters")
    return text


def _standing(session: Session, number: str, now: datetime) -> Sequence[BlockRow]:
    return session.scalars(select(BlockRow).where(BlockRow.number == number, BlockRow.ended_at.is_(None), BlockRow.until > now)).all()
