"""What a citizen says at the end of a return visit: its recording belongs to the visit, its words are a note of the ticket."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from tickets import notes
from tickets.database import Database
from tickets.life import note
from tickets.models import Ticket
from tickets.moves import MACHINE
from tickets.revisit_tables import Revisit

WORDS_ATTEMPTS = 3
SPOKEN = "回访留言 said at the return visit: "


def attach(database: Database, revisit_id: str, path: str, seconds: float, at: datetime) -> Ticket | None:
    """What was spoken at its end belongs to the ticket it is about. The same again changes nothing; None: there is no such visit."""
    with database.writes() as session:
        row = session.get(Revisit, revisit_id, with_for_update=True)
        if row is None or row.audio_path not in (None, path):
            return None
        ticket = session.get_one(Ticket, row.ticket_id)
        if row.audio_path is None:
            row.audio_path, row.audio_seconds, row.words_state = path, seconds, "pending" if seconds > 0 else "failed"
            note(session, ticket, "revisit_message", {"revisit": row.id, "seconds": seconds}, at=at)
        return ticket


def begin_words(database: Database) -> tuple[str, str] | None:
    """Id and path of a message that waits for its words; an attempt is counted before it is made, three are."""
    with database.writes() as session:
        row = session.scalars(select(Revisit).where(Revisit.words_state == "pending").order_by(Revisit.id).limit(1)).first()
        if row is None:
            return None
        row.words_attempts += 1
        if row.words_attempts > WORDS_ATTEMPTS:
            row.words_state = "failed"
            return None
        return row.id, str(row.audio_path)


def words(database: Database, revisit_id: str, text: str, at: datetime) -> None:
    """What was said, as a note on the ticket; without words a person must listen. Only the first result counts."""
    with database.writes() as session:
        row = session.get_one(Revisit, revisit_id, with_for_update=True)
        if row.words_state != "pending":
            return
        row.words_state = "done" if text else "failed"
        ticket = session.get_one(Ticket, row.ticket_id)
        if text:
            kept = notes.keep(session, ticket, {"note": f"{SPOKEN}{text}"[: notes.LONGEST]}, MACHINE, at)
            note(session, ticket, "note_added", {"notes": kept, "revisit": row.id}, MACHINE, at)
