"""Finds tickets by their words, newest first; keeps the words in step with the rows, in the rows' own transactions.

Only masked text is indexed: whole telephone numbers and the names of callers are in no index. What a question may be is
tickets/words.py's; SQLite (FTS5) and PostgreSQL (GIN) give the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    column,
    event,
    insert,
    inspect,
    literal_column,
    select,
    table,
    text,
    update,
)
from sqlalchemy.orm import Mapper, Session

from tickets import findings
from tickets.case_tables import Note
from tickets.fulltext_tables import TicketWords
from tickets.models import Ticket
from tickets.wire import masked_name
from tickets.words import Phrase, phrases, tokens

TEXTS = ("title", "place", "transcript", "transcript_corrected")  # of a ticket; its notes are beside it
HIDDEN = re.compile(r"[\w-]*\*{2,}[\w-]*", re.ASCII)
FIRST, LARGEST = 200, 5_000  # words' rows read at once, while filters leave something over


def search(session: Session, query: str, limit: int, before: str | None = None, **equal: str) -> list[Ticket]:
    """Tickets that hold all of it, newest first. `before`: the id of the last one seen. Raises NothingToFind."""
    wanted = phrases(query)
    place = session.scalar(select(TicketWords.id).where(TicketWords.ticket_id == before)) if before else None
    found: list[str] = []
    for ids in _hits(session, wanted, place, FIRST if equal else limit):
        columns = (TicketWords.ticket_id, *(getattr(Ticket, name) for name in equal))
        rows = select(*columns).join(Ticket, Ticket.id == TicketWords.ticket_id) if equal else select(*columns)
        for ticket_id, *values in session.execute(rows.where(TicketWords.id.in_(ids)).order_by(TicketWords.id.desc())):
            if values == list(equal.values()):  # here and not there: a planner may begin at the filter's end, which is the longer one
                found.append(ticket_id)
        if len(found) >= limit:
            break
    known = {ticket.id: ticket for ticket in session.scalars(select(Ticket).where(Ticket.id.in_(found[:limit])))}
    return [known[ticket_id] for ticket_id in found[:limit]]


def indexed(number: str, texts: Iterable[str | None], names: Iterable[str]) -> list[str]:
    """A ticket's tokens: its number, and its texts masked. The one place that says what may be found by."""
    known = sorted({name for name in names if len(name) > 1}, key=len, reverse=True)
    return tokens("\n".join((number, *(_masked(words, known) for words in texts if words))))


def reindex(connection: Connection, ticket_id: str) -> None:
    """What a ticket is found by, from its rows as they are now."""
    row = connection.execute(select(*(getattr(Ticket, name) for name in ("number", "caller_name", "findings", *TEXTS))).where(Ticket.id == ticket_id)).one()
    said = connection.scalars(select(Note.text).where(Note.ticket_id == ticket_id).order_by(Note.at, Note.id)).all()
    words = indexed(row.number, [*(getattr(row, name) for name in TEXTS), *said], [row.caller_name, *findings.persons(row.findings)])
    connection.execute(update(TicketWords).where(TicketWords.ticket_id == ticket_id).values(words=words))


def matching(session: Session, words: str, wanted: Sequence[Phrase]) -> ColumnElement[bool]:
    """The condition on a table of words (`ticket_words`, …), in the database's own language; nothing of it is the asker's syntax."""
    if session.get_bind().dialect.name == "postgresql":
        return text(f"{words}.words @@ CAST(:wanted AS tsquery)").bindparams(wanted=" & ".join(map(_postgresql, wanted)))  # type: ignore[return-value]
    index = table(f"fts_{words}", column("rowid"), column(f"fts_{words}"))
    hits = select(index.c.rowid).where(index.c[f"fts_{words}"].op("MATCH")(" AND ".join(map(_sqlite, wanted))))
    return literal_column(f"{words}.id").in_(hits)


def _hits(session: Session, wanted: Sequence[Phrase], place: int | None, size: int) -> Iterator[Sequence[int]]:
    """Rows of words, newest first, in growing handfuls."""
    while True:
        ids = session.scalars(_newest(session, wanted, place).limit(size)).all()
        if ids:
            yield ids
        if len(ids) < size:
            return
        place, size = ids[-1], min(size * 4, LARGEST)


def _newest(session: Session, wanted: Sequence[Phrase], place: int | None) -> Select[Any]:
    if session.get_bind().dialect.name == "postgresql":
        rows = select(TicketWords.id).where(matching(session, "ticket_words", wanted)).order_by(TicketWords.id.desc())
        return rows.where(TicketWords.id < place) if place else rows
    index = table("fts_ticket_words", column("rowid"), column("fts_ticket_words"))
    found = select(index.c.rowid).where(index.c.fts_ticket_words.op("MATCH")(" AND ".join(map(_sqlite, wanted)))).order_by(index.c.rowid.desc())
    return found.where(index.c.rowid < place) if place else found


def _sqlite(phrase: Phrase) -> str:
    return f'"{" ".join(phrase.tokens)}"' + ("*" if phrase.open else "")


def _postgresql(phrase: Phrase) -> str:
    return " <-> ".join(f"'{token}'" for token in phrase.tokens) + (":*" if phrase.open else "")


def _masked(words: str, names: Sequence[str]) -> str:
    """What is left of a number is not looked for either: it would find its owner."""
    masked = findings.masked_text(words) or ""
    for name in names:
        masked = masked.replace(name, masked_name(name))
    return HIDDEN.sub(" ", masked)


@event.listens_for(Ticket, "after_insert")
def _come(_: Mapper[Ticket], connection: Connection, ticket: Ticket) -> None:
    connection.execute(insert(TicketWords).values(ticket_id=ticket.id, words=[]))
    reindex(connection, ticket.id)


@event.listens_for(Ticket, "after_update")
def _changed(_: Mapper[Ticket], connection: Connection, ticket: Ticket) -> None:
    attributes = inspect(ticket).attrs
    if any(attributes[name].history.has_changes() for name in ("caller_name", "findings", *TEXTS)):
        reindex(connection, ticket.id)


@event.listens_for(Note, "after_insert")
@event.listens_for(Note, "after_update")
def _said(_: Mapper[Note], connection: Connection, note: Note) -> None:
    reindex(connection, note.ticket_id)
