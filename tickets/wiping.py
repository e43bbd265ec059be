"""Takes out of a ticket what may not be kept any longer, in parts; by whose time is over or whose person is erased alike.

What goes is said by tickets/classes.py, so a table that is added later is wiped too. Files go first, then the rows and a line of history
in one transaction: killed in between, it is simply done again. History and its chain stay whole, for nothing of a person is in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Table, UniqueConstraint, literal, null, select, update
from sqlalchemy.orm import Session

from tickets import classes, findings, fulltext, tables, wire  # noqa: F401 - tables: no table is forgotten
from tickets.attachment_tables import Attachment
from tickets.classes import Class
from tickets.life import note
from tickets.models import Base, Delivery, Ticket
from tickets.vault import Vault

PARTS = {
    "recordings": "a caller's voice",
    "documents": "a fax, and what was made of it; attachments",
    "words": "what was said and written: transcripts, notes, letters, answers",
    "identity": "number, name, contact, place",
    "hand_overs": "what was sent to the case system, and what it said",
}
FILES = {"recordings": ("audio_path",), "documents": ("document_path", "preview_path", "source_path")}
OF_CLASS = {Class.SENSITIVE: "words", Class.PERSONAL: "identity"}
OWN_PART = {"deliveries": "hand_overs", "attachments": "documents"}


def holds(session: Session, ticket: Ticket, part: str) -> bool:
    """Whether there is anything of this part left."""
    if any(getattr(ticket, column) for column in FILES.get(part, ())):
        return True
    if part == "recordings" and any(
        session.scalar(select(table.c.audio_path).where(table.c.ticket_id == ticket.id, table.c.audio_path.is_not(None)).limit(1)) for table in _spoken()
    ):
        return True
    for table, columns in _columns(part):
        key = table.c.id if table.name == "tickets" else table.c.ticket_id
        for row in session.execute(select(*(table.c[name] for name in columns)).where(key == ticket.id)):
            if any(value and not _is_wiped(value) for value in row):
                return True
    return False


def remove_files(vault: Vault, session: Session, ticket: Ticket, part: str) -> list[str]:
    """The files of this part, gone for good; returns the SHA-256 of what they held, as far as it was known."""
    known = {"audio_path": ticket.audio_sha256, "document_path": ticket.document_sha256}
    gone = []
    for column in FILES.get(part, ()):
        path = getattr(ticket, column)
        if path:
            vault.delete(_inside(vault.home, path))
            gone.append(known.get(column) or "")
    if part == "recordings":
        for table in _spoken():
            for path in session.scalars(select(table.c.audio_path).where(table.c.ticket_id == ticket.id, table.c.audio_path.is_not(None))):
                gone.append(_digest(vault, _inside(vault.home, path)))
                vault.delete(_inside(vault.home, path))
    if part == "documents":
        for path, digest in attached(session, ticket):
            vault.delete(_inside(vault.home, path))
            gone.append(digest)
    return [digest for digest in gone if digest]


def wipe(session: Session, ticket: Ticket, parts: Iterable[str], actor: str, why: str, digests: Mapping[str, list[str]] | None = None) -> None:
    """Empties the rows of these parts; the files have gone before. One line of history says what went and why."""
    parts = sorted(parts)
    for part in parts:
        for column in FILES.get(part, ()):
            setattr(ticket, column, None)
        if part == "hand_overs":
            _wipe_deliveries(session, ticket)
        for table, columns in _columns(part):
            _empty(session, table, columns, ticket.id)
    if "recordings" in parts:
        for table in _spoken():
            session.execute(update(table).where(table.c.ticket_id == ticket.id).values(audio_path=null()))
    if "words" in parts:
        ticket.needs_review = False
    if "identity" in parts:
        ticket.person = None
    session.flush()
    session.expire(ticket)
    fulltext.reindex(session.connection(), ticket.id)
    note(session, ticket, "erased", {"parts": parts, "why": findings.masked_text(why), "sha256": {k: v for k, v in (digests or {}).items() if v}}, actor)


def attached(session: Session, ticket: Ticket) -> list[tuple[str, str]]:
    """Files of attachments that are still there, and their digests."""
    rows = session.execute(select(Attachment.path, Attachment.sha256, Attachment.name).where(Attachment.ticket_id == ticket.id))
    return [(row.path, row.sha256) for row in rows if row.name]


def _digest(vault: Vault, path: Path) -> str:
    """Of what a row has no digest of. "" where it cannot be read any more: it goes all the same."""
    try:
        return vault.sha256(path)
    except (OSError, LookupError):
        return ""


def _spoken() -> list[Table]:
    """Other tables whose rows have a voice: what was said at the end of a return visit."""
    return [table for table in Base.metadata.sorted_tables if table.name != "tickets" and {"ticket_id", "audio_path"} <= set(table.c.keys())]


def _columns(part: str) -> Iterable[tuple[Table, list[str]]]:
    """What of which tables belongs to a part."""
    for table in Base.metadata.sorted_tables:
        if table.name != "tickets" and "ticket_id" not in table.c:
            continue
        if own := OWN_PART.get(table.name):
            names = classes.of(table.name, Class.PERSONAL, Class.SENSITIVE) if own == part else []
        else:
            names = [name for kind, its in OF_CLASS.items() if its == part for name in classes.of(table.name, kind)]
        if names := [name for name in names if name in table.c]:
            yield table, names


def _empty(session: Session, table: Table, columns: list[str], ticket_id: str) -> None:
    if table.name == "deliveries":
        return
    key = table.c.id if table.name == "tickets" else table.c.ticket_id
    session.execute(update(table).where(key == ticket_id).values({name: _nothing(table, name) for name in columns}))


def _nothing(table: Table, name: str) -> Any:
    """What stands there afterwards: nothing; where two rows may not be the same, the row's own id."""
    column = table.c[name]
    if column.nullable:
        return null()
    unique = [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    if column.unique or any(name in constraint.columns for constraint in unique) or any(index.unique and name in index.columns for index in table.indexes):
        return literal(WIPED) + next(iter(table.primary_key.columns))
    return ""


def _wipe_deliveries(session: Session, ticket: Ticket) -> None:
    """Their bodies stay JSON of the same form: one that waits can still be sent, and says nothing of anybody."""
    shown = wire.ticket(ticket)
    for delivery in session.scalars(select(Delivery).where(Delivery.ticket_id == ticket.id)):
        delivery.body, delivery.last_error = without(delivery.body, shown), None


def without(body: str, ticket: Mapping[str, Any] | None = None) -> str:
    """What was sent, without whom it was about."""
    try:
        content = json.loads(body)
    except ValueError:
        content = {}
    head = {name: content[name] for name in ("schema", "event", "delivery", "sequence", "at") if name in content}
    nobody = {"ticket": {**ticket, "caller": "", "caller_name": "", "transcript": None, "transcript_corrected": None, "findings": None, "title": "", "place": ""}} if ticket else {}
    return json.dumps({**head, "erased": True, **(nobody if "ticket" in content else {})}, ensure_ascii=False, separators=(",", ":"))


def _is_wiped(value: object) -> bool:
    return isinstance(value, str) and (value.startswith(WIPED) or '"erased":true' in value)


def _inside(home: Path, relative: str) -> Path:
    path = (home / relative).resolve()
    folders = [home, *((home / name).resolve() for name in ("recordings", "documents", "attachments"))]
    if not any(path.is_relative_to(folder.resolve()) for folder in folders):
        raise OSError(f"{relative} is not a file of this hotline")
    return path


WIPED = "erased-"
