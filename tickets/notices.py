"""Tells citizens of each step of their ticket, over the way they chose, unless they waived it; never twice of one step.

History is followed line by line, so whoever moves a ticket need not know of notices, and a worker that was killed misses none.
A notice is marked before it goes out. Found so marked after a crash it may have arrived: it is sent again only over a way
that tells the same one apart (`repeatable`), and is else `unknown`, for a person to see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.model import Span
from tickets import repeats
from tickets.deadlines import Rules
from tickets.intake_rules import Report
from tickets.intake_tables import Contact
from tickets.item import new_id
from tickets.life import note, now
from tickets.models import History, Ticket
from tickets.moves import STAGES
from tickets.notice_tables import Follower, Notice
from tickets.numbers import SHANGHAI
from tickets.patience import Patience
from tickets.store import Store

NEW, QUEUED, SENDING, TOLD, REFUSED, GIVEN_UP, UNKNOWN, NO_WAY = "new", "queued", "sending", "told", "refused", "given_up", "unknown", "no_way"
STATES = {
    NEW: "waits for a worker, or, by `pull`, for the channel's system", QUEUED: "has a job", SENDING: "is on its way", TOLD: "told",
    REFUSED: "the way refused it for good", GIVEN_UP: "could not be reached for days", UNKNOWN: "may have arrived; not sent again", NO_WAY: "no such way is set up",
}  # fmt: skip
STEP, ANSWER = "step", "answer"
FOLLOWER = "notices"
AT_ONCE = 200
PATIENCE = Patience(first_seconds=30, longest_seconds=3600, give_up_days=2)
MOBILE = 11  # digits
LOST_AFTER = timedelta(minutes=10)
log = structlog.get_logger("tickets.notices")


class TellError(Exception):
    """The citizen was not told."""


class TellRefused(TellError):
    """Permanent: there is no such number or mailbox."""


class TellUnavailable(TellError):
    """Try again later; it has surely not arrived."""


class TellUnknown(TellError):
    """It may have arrived."""


class Way(Protocol):
    """How short messages, or e-mails, go out."""

    @property
    def repeatable(self) -> bool:
        """Whether the same notice sent twice arrives once."""
        ...

    def tell(self, notice: Notice) -> None:
        """Sends it once, within its own time limit. Raises TellError."""
        ...


class NoticeJobs(Protocol):
    """Where the sending is put, in the transaction of the row it belongs to."""

    def notify(self, session: Session, notice_id: str, attempts: int, at: datetime | None) -> None: ...


@dataclass(frozen=True)
class Teller:
    """Makes notices of what happened, and sends them."""

    store: Store
    jobs: NoticeJobs
    ways: Mapping[str, Way] = field(default_factory=dict)
    rules: Callable[[], Rules] = Rules
    clock: Callable[[], datetime] = now
    patience: Patience = PATIENCE
    places: Callable[[], Collection[str]] = tuple

    def gather(self) -> int:
        """Follows the history: who must be told, and which message repeats a matter. Gives a job to every notice that has none.

        Returns how many lines it read.
        """
        rules, at = self.rules(), self.clock()
        with self.store.database.writes() as session:
            follower = session.get_one(Follower, FOLLOWER, with_for_update=True)
            lines = session.scalars(select(History).where(History.id > follower.line).order_by(History.id).limit(AT_ONCE)).all()
            for line in lines:
                self._of(session, line, rules, at)
                repeats.follow(session, line, rules.channels.repeat, at, self.places())
                follower.line = line.id
            self._queue(session, rules, at)
            return len(lines)

    def tell(self, notice_id: str, attempts: int) -> None:
        """One attempt. The next is a job of its own."""
        notice = self._claim(notice_id, attempts)
        if notice is None:
            return
        try:
            self.ways[notice.by].tell(notice)
        except TellRefused as error:
            self._end(notice.id, REFUSED, str(error))
        except TellUnknown as error:
            self._end(notice.id, UNKNOWN, str(error))
        except TellUnavailable as error:
            self._later(notice, str(error))
        else:
            self._end(notice.id, TOLD)

    def _of(self, session: Session, line: History, rules: Rules, at: datetime) -> None:
        stage = line.detail.get("to" if line.event == "moved" else "stage", "") if line.event in ("moved", "handed_over") else ""
        if stage not in rules.notices.told:
            return
        ticket = session.get_one(Ticket, line.ticket_id)
        to = contact(session, ticket, rules) if ticket.reply_wanted else None
        if to is None:
            return
        words = {"number": ticket.number, "step": stage.replace("_", " ") if ticket.language == "en" else STAGES[stage]}
        text, subject = (rules.notices.text(name, ticket.language, **words) for name in ("step", "subject"))
        add(session, f"line {line.id}", STEP, to, text, at, ticket, subject)

    def _queue(self, session: Session, rules: Rules, at: datetime) -> None:
        fresh = select(Notice).where(Notice.state == NEW, Notice.by != "pull").order_by(Notice.id).limit(AT_ONCE)
        for notice in session.scalars(fresh).all():
            if notice.by not in self.ways:
                self._ended(session, notice, NO_WAY, f"no way to send {notice.by} is set up")
                continue
            begins = opening(rules.channels.told, at) if notice.by == "sms" and notice.kind == STEP else at
            notice.state, notice.next_attempt_at = QUEUED, begins
            session.flush()
            self.jobs.notify(session, notice.id, notice.attempts, begins if begins > at else None)

    def _claim(self, notice_id: str, attempts: int) -> Notice | None:
        """Marks it before it goes out. None: there is nothing to do, or nobody may."""
        with self.store.database.writes() as session:
            notice = session.get(Notice, notice_id, with_for_update=True)
            if notice is None or notice.attempts != attempts or notice.state not in (QUEUED, SENDING) or notice.by not in self.ways:
                return None
            if notice.state == SENDING and not self.ways[notice.by].repeatable:
                self._ended(session, notice, UNKNOWN, "the worker ended while it was sent")
                return None
            notice.state = SENDING
            return notice

    def _later(self, sent: Notice, error: str) -> None:
        at = self.clock()
        again = self.patience.next_attempt(sent.attempts + 1, sent.created_at, at)
        if again is None:
            return self._end(sent.id, GIVEN_UP, error)
        with self.store.database.writes() as session:
            notice = session.get_one(Notice, sent.id, with_for_update=True)
            if notice.kind == STEP and notice.by == "sms":
                again = opening(self.rules().channels.told, again)
            notice.state, notice.attempts, notice.next_attempt_at, notice.last_error = QUEUED, notice.attempts + 1, again, error
            session.flush()
            self.jobs.notify(session, notice.id, notice.attempts, again)
        log.warning("notice later", notice=sent.id, by=sent.by, next=again.isoformat())
        return None

    def _end(self, notice_id: str, state: str, error: str | None = None) -> None:
        with self.store.database.writes() as session:
            self._ended(session, session.get_one(Notice, notice_id, with_for_update=True), state, error)

    def _ended(self, session: Session, notice: Notice, state: str, error: str | None = None) -> None:
        ended(session, notice, state, self.clock(), error)


def ended(session: Session, notice: Notice, state: str, at: datetime, error: str | None = None) -> None:
    """What became of it, also in its ticket's history. What was told is not kept twice."""
    notice.state, notice.next_attempt_at, notice.last_error = state, None, error
    if state == TOLD:
        notice.told_at, notice.text = at, ""
    else:
        log.warning("citizen not told", notice=notice.id, by=notice.by, state=state)
    if notice.ticket_id and notice.kind == STEP:
        ticket = session.get_one(Ticket, notice.ticket_id)
        note(session, ticket, "told" if state == TOLD else "not_told", {"notice": notice.id, "by": notice.by, "state": state}, at=at)


def add(
    session: Session, step: str, kind: str, to: Contact, text: str, at: datetime, ticket: Ticket | None = None, subject: str = "", in_reply_to: str = "",
) -> Notice | None:  # fmt: skip
    """A notice, in the transaction of what it tells of. None where this step has one."""
    if session.scalar(select(Notice.id).where(Notice.step == step)):
        return None
    made = Notice(
        id=new_id(), step=step, ticket_id=ticket.id if ticket else None, kind=kind, by=to.by, channel=to.channel, address=to.address, subject=subject,
        text=text, in_reply_to=in_reply_to, state=NEW, attempts=0, created_at=at, next_attempt_at=None, told_at=None, last_error=None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def contact(session: Session, ticket: Ticket, rules: Rules) -> Contact | None:
    """How this citizen is told: as they chose; a caller by short message to a mobile telephone, where the city's channel says so."""
    if chosen := session.get(Contact, ticket.id):
        return chosen if chosen.by != "nothing" else None
    channel = rules.channels.channels.get(ticket.channel)
    number = ticket.caller
    if channel is None or channel.tell != "sms" or len(number) != MOBILE or not number.isdigit() or number[0] != "1":
        return None
    return Contact(ticket_id=ticket.id, by="sms", channel=ticket.channel, address=number)


def answers_by(by: str, subject: Callable[[Report, Ticket | None], str] = lambda report, ticket: "") -> Callable[[Session, Report, str, Ticket | None], None]:
    """What answers senders who do not wait for it: a notice, sent by the worker."""

    def answer(session: Session, report: Report, text: str, ticket: Ticket | None) -> None:
        to = Contact(ticket_id="", by=by, channel=report.channel, address=report.sender)
        reply_to = report.message_id if by == "email" else ""
        add(session, f"answer {report.channel} {report.message_id}", ANSWER, to, text, now(), ticket, subject(report, ticket), reply_to)

    return answer


def opening(told: tuple[Span, ...], at: datetime) -> datetime:
    """This moment, or when it next may be told, by the clock of Asia/Shanghai."""
    local = at.astimezone(SHANGHAI)
    if not told or any(span.holds(local) for span in told):
        return at
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = (midnight + timedelta(days=day, minutes=span.start) for day in range(8) for span in told if (midnight + timedelta(days=day)).weekday() in span.days)
    return min(start for start in starts if start > local).astimezone(at.tzinfo)


