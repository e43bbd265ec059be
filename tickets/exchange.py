"""Tickets out of the register as rows of the 18 columns, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets import columns
from tickets.case_tables import Note
from tickets.columns import Cell, Names, Words
from tickets.database import Database
from tickets.item import first_id
from tickets.models import DRAFT, History, Ticket
from tickets.open311 import Service
from tickets.sight import Viewer, sight

PAGE = 500
MOST_EXPORTED = 100_000
NONE_EARLIER = ""


def categories(services: Iterable[Service]) -> Mapping[str, tuple[str, str]]:
    """事项大类 and 事项小类 of each code."""
    return {one.code: (one.group or one.name, one.name if one.group else "") for one in services}


def rows(
    database: Database, names: Names, now: datetime, viewer: Viewer, since: datetime | None = None, until: datetime | None = None, most: int = MOST_EXPORTED
) -> Iterator[list[Cell]]:  # fmt: skip
    """Oldest first, drafts left out. With a stated reason nothing is masked that this viewer may see; whoever asks writes the audit."""
    last, place = first_id(since) if since else NONE_EARLIER, 0
    while True:
        wanted = select(Ticket).where(Ticket.id > last, Ticket.status != DRAFT).order_by(Ticket.id).limit(min(PAGE, most - place))
        if until:
            wanted = wanted.where(Ticket.id < first_id(until))
        with database.reads() as session:
            page = session.scalars(wanted).all()
            words = _words(session, [ticket.id for ticket in page])
        for ticket in page:
            place += 1
            yield columns.row(ticket, place, words.get(ticket.id, Words()), names, now, sight(ticket, viewer))
        if len(page) < PAGE or place >= most:
            return
        last = page[-1].id


def result(session: Session, ticket_id: str) -> str:
    """处理结果: the last reply."""
    return _words(session, [ticket_id]).get(ticket_id, Words()).result


def _words(session: Session, ids: Sequence[str]) -> dict[str, Words]:
    replies = select(Note.ticket_id, Note.text).where(Note.ticket_id.in_(ids), Note.kind == "reply").order_by(Note.at, Note.id)
    moves = select(History.ticket_id, History.actor, History.detail).where(History.ticket_id.in_(ids), History.event == "moved").order_by(History.id)
    said = {ticket_id: text or "" for ticket_id, text in session.execute(replies)}
    sent = {ticket_id: actor for ticket_id, actor, detail in session.execute(moves) if detail.get("move") == "dispatch"}
    return {ticket_id: Words(said.get(ticket_id, ""), sent.get(ticket_id, "")) for ticket_id in said.keys() | sent.keys()}
