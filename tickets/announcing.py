"""Tells the case system what happens to tickets: reads history on from a bookmark, and puts an event for each line into the outbox.

The worker does it, a moment after the line was written: whoever writes history need not know that anybody listens. `ticket` is
the ticket as it is when the event is made; what exactly happened is in `line`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets import wire
from tickets.database import Database
from tickets.models import History, Ticket
from tickets.moves import CLOSED
from tickets.outbox import Outbox
from tickets.outbox_tables import Bookmark

CREATED, DISPATCHED, UPDATED, ATTACHED, CLOSED_EVENT = (f"ticket.{name}" for name in ("created", "dispatched", "updated", "attached", "closed"))
TICKET_EVENTS = (CREATED, DISPATCHED, UPDATED, ATTACHED, CLOSED_EVENT)
SCHEMA = 1  # the number of each event's form; docs/schemas has a file for each
BEGINNINGS = frozenset(("draft_opened", "message_received", "fax_received", "request_received", "received"))
OURS = frozenset(("handed_over", "hand_over_refused", "hand_over_given_up", "hand_over_replayed"))  # about telling them: no news to them
BOOKMARK = "case system"
AT_ONCE = 100  # lines in one transaction: others write meanwhile


@dataclass
class Announcer:
    """`wanted`: names of events. `show_callers`: numbers in full, unless the citizen wants to be confidential."""

    database: Database
    outbox: Outbox
    wanted: frozenset[str]
    show_callers: bool = True

    def tell(self) -> int:
        """Goes on to the end of history. Returns how many events were made."""
        if not self.wanted & set(TICKET_EVENTS):
            return self._forget()
        made = 0
        while self._behind():
            with self.database.writes() as session:
                made += self._batch(session)
        return made

    def _behind(self) -> bool:
        """Looked at without being in the way of those who write."""
        with self.database.reads() as session:
            mark = session.get(Bookmark, BOOKMARK)
            return mark is None or mark.place < _newest(session)

    def _batch(self, session: Session) -> int:
        mark = session.get(Bookmark, BOOKMARK, with_for_update=True)
        if mark is None:  # they hear what happens from now on
            session.add(Bookmark(name=BOOKMARK, place=_newest(session)))
            return 0
        lines = session.scalars(select(History).where(History.id > mark.place).order_by(History.id).limit(AT_ONCE)).all()
        made = sum(self._line(session, line) for line in lines)
        if lines:
            mark.place = lines[-1].id
        return made

    def _line(self, session: Session, line: History) -> int:
        ticket, made = session.get_one(Ticket, line.ticket_id), 0
        for name, more in said(line, ticket):
            if name in self.wanted:
                self.outbox.put(session, name, ticket.number, self._content(line, ticket) | more, ticket.id, f"{name}/{SCHEMA}")
                made += 1
        return made

    def _content(self, line: History, ticket: Ticket) -> dict[str, Any]:
        show = self.show_callers and not ticket.confidential
        return {"at": wire.moment(line.at), "line": wire.event(line), "ticket": wire.ticket(ticket, show_caller=show)}

    def _forget(self) -> int:
        """Nobody listens any more; whoever does later begins anew."""
        with self.database.reads() as session:
            if session.get(Bookmark, BOOKMARK) is None:
                return 0
        with self.database.writes() as session:
            if (mark := session.get(Bookmark, BOOKMARK)) is not None:
                session.delete(mark)
        return 0


def said(line: History, ticket: Ticket) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events a line of history is, each with what it says besides."""
    if line.event in OURS:
        return
    if line.event in BEGINNINGS:
        yield CREATED, {}
    elif line.event == "moved" and line.detail["to"] == "dispatched":
        yield DISPATCHED, {}
    elif line.event == "moved" and line.detail["to"] in CLOSED and line.detail["from"] not in CLOSED:
        yield CLOSED_EVENT, {}
    elif line.event == "attached":
        url = f"/api/tickets/{ticket.number}/attachments/{line.detail['attachment']}"
        yield ATTACHED, {"attachment": {"kind": "file", "url": url, "sha256": None, "bytes": line.detail["bytes"], "type": line.detail["kind"]}}
    else:
        yield UPDATED, {}
    if line.event in ("message_received", "fax_received"):
        shown = wire.ticket(ticket, show_caller=False)
        for kind in ("audio", "document"):
            if shown[kind] is not None and shown[kind]["url"] is not None:
                yield ATTACHED, {"attachment": {"kind": kind, **shown[kind]}}


def _newest(session: Session) -> int:
    return session.execute(select(func.coalesce(func.max(History.id), 0))).scalar_one()
