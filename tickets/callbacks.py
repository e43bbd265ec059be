"""What a case system tells us back: where a matter stands there, its reply, who is on it. Signed, once, within a few minutes.

    POST; X-Hotline-Timestamp, X-Hotline-Signature over timestamp + "." + body, with the callbacks' own key

The same words under the same id are carried out once, however often they come, each time newly signed; the same signature twice
is a replay and refused. What it may do is what the table of moves lets the role integration do.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from tickets import notes
from tickets.case import NOTHING, Cases, Said, Who, assign, find, is_repeat, standing
from tickets.life import note
from tickets.models import Ticket
from tickets.moves import MOVES, CaseRefused, allowed
from tickets.outbox_tables import Nonce
from tickets.signing import signature

INTEGRATION = "integration"
CASE_SYSTEM = Who(INTEGRATION, "case system")
WINDOW_SECONDS = 300
STATUSES = {"handling": "take_up", "returned": "return", "replied": "reply"}  # where it can bring a matter, and by which move
LONGEST_HANDLER = 200


@dataclass(frozen=True)
class Callback:
    """`id`: theirs, unique. What is empty stays as it is. `organisation` is a code of organisations.yaml, `handler` a name of theirs."""

    id: str
    ticket: str
    status: str = ""
    reply: str = ""
    reason: str = ""
    organisation: str = ""
    handler: str = ""


def check(key: bytes, timestamp: str, claimed: str, body: bytes, now: datetime) -> None:
    """Raises CaseRefused (401) unless the case system signed exactly this, just now."""
    if not hmac.compare_digest(signature(key, timestamp, body).encode(), claimed.encode("utf-8", "replace")):
        raise CaseRefused(401, "wrong signature")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12 and abs(now.timestamp() - int(timestamp)) <= WINDOW_SECONDS):
        raise CaseRefused(401, f"the signature has expired: it counts for {WINDOW_SECONDS} s; sign again")


@dataclass(frozen=True)
class Callbacks:
    """Carries them out. Raises CaseRefused and NoSuchTicket; then nothing was changed."""

    cases: Cases

    def first_time(self, claimed: str) -> None:
        """Remembers a signature that was right. Raises CaseRefused (409) where it was shown before."""
        at = self.cases.clock()
        with self.cases.database.writes() as session:
            session.execute(delete(Nonce).where(Nonce.at < at - timedelta(seconds=3 * WINDOW_SECONDS)))
            if (seen := session.get(Nonce, claimed)) is not None:
                raise CaseRefused(409, f"a replay: this very request was received at {seen.at.isoformat(timespec='seconds')}; sign again to repeat it")
            session.add(Nonce(signature=claimed, at=at))

    def carry_out(self, said: Callback) -> Ticket:
        """All of it in one transaction, or none of it."""
        words = {name: notes.checked(getattr(said, name)) for name in ("reply", "reason", "handler")}
        if said.status and said.status not in STATUSES:
            raise CaseRefused(422, f"no such status: {said.status[:40]}; there are {', '.join(STATUSES)}")
        if words["reply"] and said.status != "replied":
            raise CaseRefused(422, "a reply comes with the status replied")
        if len(words["handler"]) > LONGEST_HANDLER or "\n" in words["handler"]:
            raise CaseRefused(422, f"a handler is one line of at most {LONGEST_HANDLER} characters")
        if not (said.status or said.organisation or words["handler"]):
            raise CaseRefused(422, "nothing was said: status, organisation or handler")
        with self.cases.database.writes() as session:
            ticket = find(session, said.ticket, lock=True)
            if is_repeat(session, f"{CASE_SYSTEM.name} {said.id}", [ticket.id, {k: v for k, v in vars(said).items() if v}], self.cases.clock()):
                return ticket
            if said.organisation:
                self._organisation(session, ticket, said.organisation)
            if words["handler"]:
                self._handler(session, ticket, words["handler"])
            if said.status:
                self._status(session, ticket, said.status, Said(reason=words["reason"], reply=words["reply"]))
            return ticket

    def _organisation(self, session: Session, ticket: Ticket, code: str) -> None:
        if ticket.dispatched_at is None:
            raise CaseRefused(409, "it is not dispatched yet", self._possible(ticket))
        if code == ticket.organisation:
            return
        before = {"was": {"organisation": ticket.organisation, "helpers": ticket.helpers}}
        helpers = tuple(helper for helper in ticket.helpers if helper != code)
        note(session, ticket, "assigned", assign(self.cases.rules(), ticket, code, helpers) | before, CASE_SYSTEM.name, self.cases.clock())

    def _handler(self, session: Session, ticket: Ticket, name: str) -> None:
        """A name of a person: in a note, never in the history."""
        at = self.cases.clock()
        kept = notes.keep(session, ticket, {"handler": name}, CASE_SYSTEM.name, at)
        note(session, ticket, "handler_named", {"notes": kept}, CASE_SYSTEM.name, at)

    def _status(self, session: Session, ticket: Ticket, status: str, said: Said) -> None:
        """Whoever replies to what they had not taken up has taken it up: nothing is skipped, both are in the history."""
        if ticket.stage == status and said == NOTHING:
            return
        move = STATUSES[status]
        if move == "reply" and ticket.stage in MOVES["take_up"].ends:
            self.cases.step(session, ticket, "take_up", CASE_SYSTEM)
        self.cases.step(session, ticket, move, CASE_SYSTEM, said)

    def _possible(self, ticket: Ticket) -> tuple[str, ...]:
        return allowed(standing(ticket), INTEGRATION, self.cases.rules().deadlines.most_extensions)


