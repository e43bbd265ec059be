"""Files that citizens send: told apart by what they hold, limited, sealed, and never shown as part of a page of ours.

A name's ending says nothing by itself: it must be among what the content can be (puremagic), and content of other kinds than
those below is refused, however it is called.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import puremagic
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets.attachment_tables import Attachment
from tickets.database import Database
from tickets.item import new_id, plain
from tickets.life import note
from tickets.models import Ticket
from tickets.vault import Vault

LARGEST = 20_000_000  # bytes of one
MOST = 20  # of one ticket
KINDS = {
    "jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp", "bmp": "image/bmp", "tif": "image/tiff", "heic": "image/heic",
    "pdf": "application/pdf", "mp3": "audio/mpeg", "wav": "audio/wav", "amr": "audio/amr", "ogg": "audio/ogg", "m4a": "audio/mp4",
    "mp4": "video/mp4", "mov": "video/quicktime", "3gp": "video/3gpp", "webm": "video/webm",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "doc": "application/msword", "xls": "application/vnd.ms-excel",
}  # fmt: skip
SAME = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "tiff": "tif", "oga": "ogg", "m4v": "mp4", "qt": "mov", "heif": "heic"}


class AttachmentRefused(Exception):  # noqa: N818 - a refusal, read as a sentence
    """The file was not kept; the message says why. `status`: as HTTP has it."""

    def __init__(self, detail: str, status: int = 422) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True)
class File:
    """One that came with a message."""

    name: str
    content: bytes


def ending(name: str, content: bytes) -> str:
    """Which of KINDS it is. Raises AttachmentRefused."""
    if not content:
        raise AttachmentRefused("it is empty")
    if len(content) > LARGEST:
        raise AttachmentRefused(f"it has {len(content)} bytes, at most {LARGEST} are taken")
    said = Path(name).suffix.removeprefix(".").lower()
    said = SAME.get(said, said)
    try:
        found = [one.extension.removeprefix(".") for one in puremagic.magic_string(content)]
    except (puremagic.PureError, ValueError):
        found = []
    may_be = {SAME.get(one, one) for one in found}
    if not may_be and said in ("txt", "") and _is_text(content):
        return "txt"
    if said and said not in may_be:
        raise AttachmentRefused(f"it is not what its name says: {plain(name)[:60]}")
    known = said or next((SAME.get(one, one) for one in found if SAME.get(one, one) in KINDS), "")
    if known not in KINDS:
        raise AttachmentRefused(f"files of this kind are not taken; those that are: {', '.join(KINDS)}")
    return known


@dataclass(frozen=True)
class Attachments:
    """The files of one register's tickets."""

    database: Database
    vault: Vault

    def keep(self, ticket: Ticket, source: str, file: File, at: datetime) -> Attachment:
        """Sealed and flushed first, then noted. The same `source` is kept once. Raises AttachmentRefused and OSError."""
        return self.keep_once(ticket, source, file, at)[0]

    def keep_once(self, ticket: Ticket, source: str, file: File, at: datetime) -> tuple[Attachment, bool]:
        """As `keep`, and whether it is new."""
        with self.database.reads() as session:
            if known := _already(session, ticket, source, file):
                return known, False
        suffix, identity = ending(file.name, file.content), new_id()
        relative = f"attachments/{at:%Y/%m}/{identity}.{suffix}"
        with self.vault.writing(self.vault.home / relative, ticket.caller) as sink:
            sink.write(file.content)
        made = Attachment(
            id=identity, ticket_id=ticket.id, source=source, name=shown_name(file.name, suffix), kind=KINDS[suffix], bytes=len(file.content), sha256=sink.sha256,
            path=relative, at=at,
        )  # fmt: skip
        try:
            known = self._noted(ticket, made, file)
        except AttachmentRefused:
            (self.vault.home / relative).unlink()
            raise
        if known is not None:
            (self.vault.home / relative).unlink()
        return known or made, known is None

    def _noted(self, ticket: Ticket, made: Attachment, file: File) -> Attachment | None:
        """Others may have sent the same, or the last that is taken, meanwhile: looked at again behind the ticket's lock."""
        with self.database.writes() as session:
            row = session.get_one(Ticket, ticket.id, with_for_update=True)
            if known := _already(session, ticket, made.source, file):
                return known
            session.add(made)
            note(session, row, "attached", {"attachment": made.id, "kind": made.kind, "bytes": made.bytes}, at=made.at)
            return None

    def of_ticket(self, ticket_id: str) -> Sequence[Attachment]:
        with self.database.reads() as session:
            return session.scalars(select(Attachment).where(Attachment.ticket_id == ticket_id).order_by(Attachment.id).limit(MOST)).all()


def _already(session: Session, ticket: Ticket, source: str, file: File) -> Attachment | None:
    """What was kept of this source. Raises AttachmentRefused: it was another file, or the ticket has all it may have."""
    if known := session.scalar(select(Attachment).where(Attachment.source == source)):
        if known.sha256 != hashlib.sha256(file.content).hexdigest():
            raise AttachmentRefused("another file was sent under this number", 409)
        return known
    if session.execute(select(func.count()).where(Attachment.ticket_id == ticket.id)).scalar_one() >= MOST:
        raise AttachmentRefused(f"a ticket has at most {MOST} files", 409)
    return None


def shown_name(name: str, suffix: str) -> str:
    """Only to be shown: no folders, no control characters, and the ending that it has."""
    stem = Path(plain(name.replace("\\", "/"))).stem[:80].strip(". ") or "file"
    return f"{stem}.{suffix}"


def _is_text(content: bytes) -> bool:
    for charset in ("utf-8", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            text = content.decode(charset)
            return all(letter.isprintable() or letter in "\r\n\t" for letter in text)
    return False
