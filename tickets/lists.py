"""Lists of tickets, newest first: which way each question is answered, so that none reads many rows to find few (ADR 0126).

No filter or one: off the end of that filter's index. Words, or several filters: from the index of words, which holds the filters as tokens
and intersects them itself. A call's tickets are so few that they are looked through. A page is always whole: the newest that fit, all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import TextClause, column, func, select, table, text
from sqlalchemy.orm import Session

from tickets.fulltext import kept_token, matching, postgresql_query, sqlite_query
from tickets.fulltext_tables import TicketWords
from tickets.models import Ticket
from tickets.words import Phrase, phrases

NEAR = 10_000  # PostgreSQL: the newest rows, looked through where they lie; a GIN of common words takes longer
FEW = 500  # fewer hits than these are sorted at once
FAR = 50_000  # rows of one look, where hits are many and none is near


def listed(session: Session, query: str | None, limit: int, before: str | None, equal: Mapping[str, str]) -> Sequence[Ticket]:
    """`before`: the id of the last one seen. `equal`: linkedid, and what stands in fulltext.KEPT. Raises words.NothingToFind."""
    words = phrases(query) if query is not None else ()
    if "linkedid" in equal:
        return _of_call(session, words, limit, before, equal)
    if not words and len(equal) < 2:
        return _of_index(session, limit, before, equal)
    wanted = (*words, *(Phrase((kept_token(name, value),)) for name, value in equal.items()))
    place = session.scalar(select(TicketWords.id).where(TicketWords.ticket_id == before)) if before else None
    if before and place is None:
        return ()
    found = (_walked if session.get_bind().dialect.name == "postgresql" else _matched)(session, wanted, place, limit)
    rows = select(Ticket).join(TicketWords, TicketWords.ticket_id == Ticket.id).where(TicketWords.id.in_(found))
    return session.scalars(rows.order_by(TicketWords.id.desc())).all()


def _of_index(session: Session, limit: int, before: str | None, equal: Mapping[str, str]) -> Sequence[Ticket]:
    wanted = select(Ticket).where(*(getattr(Ticket, name) == value for name, value in equal.items())).order_by(Ticket.id.desc())
    return session.scalars((wanted.where(Ticket.id < before) if before else wanted).limit(limit)).all()


def _of_call(session: Session, words: Sequence[Phrase], limit: int, before: str | None, equal: Mapping[str, str]) -> Sequence[Ticket]:
    rows = session.scalars(select(Ticket).where(Ticket.linkedid == equal["linkedid"])).all()
    fit = {row.id: row for row in rows if (before is None or row.id < before) and all(getattr(row, name) == value for name, value in equal.items())}
    if words and fit:
        having = select(TicketWords.ticket_id).where(TicketWords.ticket_id.in_(fit), matching(session, "ticket_words", words))
        fit = {ticket_id: fit[ticket_id] for ticket_id in session.scalars(having)}
    return sorted(fit.values(), key=lambda row: row.id, reverse=True)[:limit]


def _matched(session: Session, wanted: Sequence[Phrase], place: int | None, limit: int) -> Sequence[int]:
    """SQLite: FTS5 walks the lists of all tokens together, from the newest row on, and stops at the limit."""
    index = table("fts_ticket_words", column("rowid"), column("fts_ticket_words"))
    found = select(index.c.rowid).where(index.c.fts_ticket_words.op("MATCH")(sqlite_query(wanted)))
    if place is not None:
        found = found.where(index.c.rowid < place)
    return session.scalars(found.order_by(index.c.rowid.desc()).limit(limit)).all()


def _walked(session: Session, wanted: Sequence[Phrase], place: int | None, limit: int) -> Sequence[int]:
    """PostgreSQL: GIN knows all hits and not which are newest, and no estimate is trusted. What is common is found among the newest rows;
    what is rare is few enough to be sorted; what is neither (a season's word, asked for in another) is met on the way back, a stretch at a time.
    """
    asked = {"wanted": postgresql_query(wanted)}
    end = place if place is not None else (session.scalar(select(func.max(TicketWords.id))) or 0) + 1
    begin = max(0, end - NEAR)
    session.execute(ONLY, {"rows": "on", "hits": "off"})
    found = list(session.scalars(NEWEST, asked | {"begin": begin, "end": end, "limit": limit}))
    if len(found) >= limit or begin == 0:
        return found
    session.execute(ONLY, {"rows": "off", "hits": "on"})
    few = session.scalars(ANY, asked | {"few": FEW}).all()
    if len(few) < FEW:
        return sorted((hit for hit in few if hit < end), reverse=True)[:limit]
    while begin and len(found) < limit:
        begin, end = max(0, begin - FAR), begin
        found += session.scalars(STRETCH, asked | {"begin": begin, "end": end, "limit": limit - len(found)})
    return found


FITS = "SELECT id FROM ticket_words WHERE words @@ CAST(:wanted AS tsquery)"
NEWEST: TextClause = text(f"{FITS} AND id >= :begin AND id < :end ORDER BY id DESC LIMIT :limit")
ANY: TextClause = text(f"{FITS} LIMIT :few")
STRETCH: TextClause = text(f"WITH hits AS MATERIALIZED ({FITS} AND id >= :begin AND id < :end) SELECT id FROM hits ORDER BY id DESC LIMIT :limit")
ONLY: TextClause = text(  # of this transaction: the rows of a stretch one by one, or the hits that GIN knows
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', :rows, true), set_config('enable_bitmapscan', :hits, true)"
)
