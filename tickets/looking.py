"""What the register says when it is asked: lists, counts, history. Reads only; tickets/store.py is who writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, select

from tickets import lists, models, reservations
from tickets.database import Database
from tickets.models import Counter, History, Ticket
from tickets.outbox import Outbox

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Backlog:
    """How much there is to do, and how much there was."""

    tickets: int
    drafts: int
    transcripts: int
    deliveries: int
    dead_letters: int
    overdue: int


class Looking:
    """A register that can be asked. Tickets come back as detached copies."""

    database: Database
    outbox: Outbox

    def tickets(self, limit: int = 50, before: str | None = None, **equal: str) -> Sequence[Ticket]:
        """Newest first. `before`: the id of the last one seen. `equal`: linkedid, and what stands in fulltext.KEPT."""
        with self.database.reads() as session:
            return lists.listed(session, None, limit, before, equal)

    def search(self, query: str, limit: int = 50, before: str | None = None, **equal: str) -> Sequence[Ticket]:
        """The same of those that hold these words. Raises words.NothingToFind."""
        with self.database.reads() as session:
            return lists.listed(session, query, limit, before, equal)

    def count(self, **equal: str) -> int:
        with self.database.reads() as session:
            query = select(func.count()).select_from(Ticket).where(*(getattr(Ticket, n) == v for n, v in equal.items()))
            return session.execute(query).scalar_one()

    def backlog(self) -> Backlog:
        with self.database.reads() as session:
            given_out = session.execute(select(func.coalesce(func.sum(Counter.last), 0))).scalar_one() - reservations.unused(session)
        return Backlog(
            tickets=int(given_out),
            drafts=self.count(status=models.DRAFT),
            transcripts=self.count(transcript_state=models.PENDING),
            deliveries=self.outbox.count(models.WAITING),
            dead_letters=self.outbox.count(models.DEAD),
            overdue=self.overdue(),
        )

    def overdue(self) -> int:
        """Tickets of whose missed deadline was told, and which are late still. Few have a deadline, and those are in an index."""
        late = select(func.count()).select_from(Ticket).where(Ticket.due_at > LONG_AGO, Ticket.due_told == "missed")
        with self.database.reads() as session:
            return session.execute(late).scalar_one()

    def oldest_unhandled(self) -> datetime | None:
        """When the oldest message or fax was left that no case system has yet; drafts are conversations."""
        wanted = select(func.min(Ticket.began_at)).where(
            Ticket.channel.in_((models.VOICEMAIL, models.FAX)), Ticket.status.in_((models.OPEN, models.REFUSED))
        )
        with self.database.reads() as session:
            return session.scalar(wanted)

    def history(self, after: int = 0, limit: int = 200, ticket_id: str | None = None) -> Sequence[History]:
        """What happened after line `after`, in the order it was committed."""
        wanted: list[ColumnElement[bool]] = [History.id > after]
        if ticket_id is not None:
            wanted.append(History.ticket_id == ticket_id)
        with self.database.reads() as session:
            return session.scalars(select(History).where(*wanted).order_by(History.id).limit(limit)).all()

    def last_event(self) -> int:
        """The id of the newest line of history; 0 when there is none."""
        with self.database.reads() as session:
            return session.execute(select(func.coalesce(func.max(History.id), 0))).scalar_one()
