"""What people said with a move or about a matter, kept outside the history: it may name citizens, and can be erased.

A line of history holds a note's id and its seal, SHA-256 over a random salt and the text. The salt goes with the text:
nobody can find out afterwards, by trying, what an erased note said.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.case_tables import Note
from tickets.item import new_id
from tickets.models import Ticket
from tickets.moves import CaseRefused

LONGEST = 4000  # characters


def checked(text: str) -> str:
    """Lines of text without anything that could steer a terminal. Raises CaseRefused."""
    text = text.replace("\r\n", "\n").strip()
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Cf") and letter not in "\n\t" for letter in text):
        raise CaseRefused(422, "the text holds control characters")
    if len(text) > LONGEST:
        raise CaseRefused(422, f"the text has {len(text)} characters, at most {LONGEST} are taken")
    return text


def keep(session: Session, ticket: Ticket, texts: Mapping[str, str], actor: str, at: datetime) -> dict[str, dict[str, str]]:
    """Stores each text; returns what the line of history says of them, by kind."""
    sealed = {}
    for kind, text in texts.items():
        note = Note(id=new_id(), ticket_id=ticket.id, kind=kind, text=text, salt=secrets.token_hex(16), actor=actor, at=at)
        session.add(note)
        sealed[kind] = {"id": note.id, "seal": seal(note.salt or "", text)}
    return sealed


def of_ticket(session: Session, ticket_id: str) -> Sequence[Note]:
    """Oldest first."""
    return session.scalars(select(Note).where(Note.ticket_id == ticket_id).order_by(Note.at, Note.id)).all()


def seal(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}{text}".encode()).hexdigest()
