"""Keeps what tickets are found by, words and filters, in step with the rows, in the rows' own transactions.

Only masked text is indexed: whole telephone numbers and the names of callers are in no index. What a question may be is
tickets/words.py's; SQLite (FTS5) and PostgreSQL (GIN) give the same answers. Lists are read by tickets/lists.py.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
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
from tickets.models import FILTERED, Ticket
from tickets.wire import masked_name
from tickets.words import Phrase, tokens

TEXTS = ("title", "place", "transcript", "transcript_corrected")  # of a ticket; its notes are beside it
HIDDEN = re.compile(r"[\w-]*\*{2,}[\w-]*", re.ASCII)
KEPT = (*FILTERED, "person")  # what lists filter by: tokens of their own, beside the words
SIGN = "\u00a7"  # no word has it, and FTS5 takes it for a letter


def indexed(number: str, texts: Iterable[str | None], names: Iterable[str]) -> list[str]:
    """A ticket's tokens: its number, and its texts masked. The one place that says what may be found by."""
    known = sorted({name for name in names if len(name) > 1}, key=len, reverse=True)
    return tokens("\n".join((number, *(_masked(words, known) for words in texts if words))))


def kept(values: Mapping[str, str | None]) -> list[str]:
    """Tokens of what a ticket is filtered by: words and filters are looked for in one go."""
    return [kept_token(name, value) for name in KEPT if (value := values[name]) is not None]


@functools.lru_cache(1024)
def kept_token(name: str, value: str) -> str:
    """Whatever the value is, one token of letters and figures, and no other value's."""
    return f"{SIGN}{name.replace('_', '')}{SIGN}{value.encode('utf-8', 'surrogatepass').hex()}"


def reindex(connection: Connection, ticket_id: str) -> None:
    """What a ticket is found by, from its rows as they are now."""
    columns = ("number", "caller_name", "findings", *TEXTS, *KEPT)
    row = connection.execute(select(*(getattr(Ticket, name) for name in columns)).where(Ticket.id == ticket_id)).one()
    said = connection.scalars(select(Note.text).where(Note.ticket_id == ticket_id).order_by(Note.at, Note.id)).all()
    words = indexed(row.number, [*(getattr(row, name) for name in TEXTS), *said], [row.caller_name, *findings.persons(row.findings)])
    connection.execute(update(TicketWords).where(TicketWords.ticket_id == ticket_id).values(words=[*words, *kept(row._asdict())]))


def matching(session: Session, words: str, wanted: Sequence[Phrase]) -> ColumnElement[bool]:
    """The condition on a table of words (`ticket_words`, …), in the database's own language; nothing of it is the asker's syntax."""
    if session.get_bind().dialect.name == "postgresql":
        return text(f"{words}.words @@ CAST(:wanted AS tsquery)").bindparams(wanted=postgresql_query(wanted))  # type: ignore[return-value]
    index = table(f"fts_{words}", column("rowid"), column(f"fts_{words}"))
    hits = select(index.c.rowid).where(index.c[f"fts_{words}"].op("MATCH")(sqlite_query(wanted)))
    return literal_column(f"{words}.id").in_(hits)


def sqlite_query(wanted: Sequence[Phrase]) -> str:
    """For MATCH of FTS5."""
    return " AND ".join(map(_sqlite, wanted))


def postgresql_query(wanted: Sequence[Phrase]) -> str:
    """A tsquery."""
    return " & ".join(map(_postgresql, wanted))


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
    if any(attributes[name].history.has_changes() for name in ("caller_name", "findings", *TEXTS, *KEPT)):
        reindex(connection, ticket.id)


@event.listens_for(Note, "after_insert")
@event.listens_for(Note, "after_update")
def _said(_: Mapper[Note], connection: Connection, note: Note) -> None:
    reindex(connection, note.ticket_id)
