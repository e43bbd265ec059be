"""One way in for every channel that is not a telephone call: one validation, one numbering, one answer to the sender.

    Intake(store, rules).take(Report("wechat", "msg-17", "openid-1", "人民路12号路灯坏了")) -> Taken("created", …)

Each message is kept under its channel's own id, so that the same one again is answered as before and changes nothing.
Synchronous and one transaction, as the store is; what a channel needs is its city's (channels.yaml), not code's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ivr.channels import SPOKEN, Channel
from tickets import matter, models, notes, pins, progress, repeats
from tickets.deadlines import Rules
from tickets.intake_rules import IntakeRefused, Report, checked
from tickets.intake_tables import Arrival, Begun, Contact
from tickets.item import new_id
from tickets.life import begin, note, now
from tickets.matter import Said
from tickets.models import Ticket
from tickets.moves import STAGES
from tickets.numbers import SHANGHAI
from tickets.store import Store

CREATED, REPEATED, ADDED, ASKED, PROGRESS, MANY, ECHO = "created", "repeated", "added", "asked", "progress", "many", "echo"
ANSWER_WITHIN = timedelta(hours=24)  # of a question: later words begin anew
HOUR = timedelta(hours=1)
ENGLISH = {stage: stage.replace("_", " ") for stage in STAGES}


@dataclass(frozen=True)
class Taken:
    """What became of a message. `answer` is for its sender, "" where nothing is to be said; `again`: it was taken before."""

    outcome: str
    answer: str
    ticket: Ticket | None = None
    missing: str = ""
    again: bool = False
    pin: str = ""
    """Of a new ticket, told once: with it the citizen asks for progress."""


Answer = Callable[[Session, Report, str, Ticket | None], None]


def nothing(_: Session, __: Report, ___: str, ____: Ticket | None) -> None:
    """For a channel that is answered where it asked."""


@dataclass(frozen=True)
class Intake:
    """Takes messages into one register. `answer` sends the words to senders who do not wait for them, in the same transaction."""

    store: Store
    rules: Callable[[], Rules] = Rules
    clock: Callable[[], datetime] = now
    places: Callable[[], Collection[str]] = tuple
    answer: Answer = nothing
    pin_key: bytes = b""
    """Of this hotline's PINs (tickets/progress.py); without it new tickets have none."""

    def take(self, report: Report) -> Taken:
        """Raises IntakeRefused: nothing was taken, and why."""
        report, rules, at = checked(report), self.rules(), self.clock()
        channel = rules.channels.channels.get(report.channel)
        if channel is None or channel.code in SPOKEN:
            known = ", ".join(code for code in rules.channels.channels if code not in SPOKEN)
            raise IntakeRefused("channel", f"no such channel: {report.channel[:40]}; there are {known}")
        pin = pins.new() if self.pin_key else ""
        hashed = pins.hashed(pin, self.pin_key) if pin else ""  # slow on purpose, so before the transaction
        with self.store.database.writes() as session:
            if before := _before(session, report):
                return before
            taken = self._judged(session, report, channel, rules, at)
            _keep(session, report, taken, at)
            if taken.outcome == CREATED and taken.ticket and pin:
                progress.keep(session, taken.ticket, hashed, at)
                note(session, taken.ticket, "pin_issued", {}, report.channel, at)
                taken = replace(taken, pin=pin)
            if taken.answer:
                with_pin = rules.notices.text("pin", report.language, pin=pin) if taken.pin else ""
                self.answer(session, report, taken.answer + with_pin, taken.ticket)
            return taken

    def _judged(self, session: Session, report: Report, channel: Channel, rules: Rules, at: datetime) -> Taken:
        say = _Words(rules, report.language)
        if rules.notices.signature and report.text.startswith(rules.notices.signature):
            return Taken(ECHO, "")
        if (count := _of_this_hour(session, report, at)) >= channel.most_an_hour:
            return Taken(MANY, say("many") if count == channel.most_an_hour else "")
        if report.lost:
            return Taken(ASKED, say("in-parts"), missing="text")
        joined = _joined(session, report, at)
        said = matter.taken_apart(joined.text, self.places())
        if known := _own_ticket(session, report):
            if channel.progress or not matter.asks_progress(report.text, matter.taken_apart(report.text)):
                return self._added(session, report, known, say, at)
            return Taken(PROGRESS, say("progress"))
        if not channel.progress and matter.asks_progress(joined.text, said) and not joined.place:
            return Taken(PROGRESS, say("progress"))
        if lacks := _missing(joined, said, channel):
            _ask(session, joined, lacks, at)
            return Taken(ASKED, say(f"ask-{lacks}") + say.advice(report, channel), missing=lacks)
        joined = joined if joined.place else replace(joined, place="；".join(said.places)[:200])
        return self._matter(session, joined, channel, rules, at, say)

    def _matter(self, session: Session, report: Report, channel: Channel, rules: Rules, at: datetime, say: _Words) -> Taken:
        _forget(session, report)
        earlier = repeats.find(session, report, rules.channels.repeat, at, self.places())
        if earlier is not None and repeats.goes_on(earlier) and repeats.is_of(session, earlier, report):
            return self._repeated(session, report, earlier, say, at)
        ticket = _opened(session, report, at)
        if earlier is not None:
            repeats.link(session, ticket, earlier, at)
        _contact(session, ticket, report, channel)
        self.store.outbox.add(session, ticket)
        local = at.astimezone(SHANGHAI)
        answer = say("received", number=ticket.number)
        if not channel.is_answered(local):
            answer += say("queued", hours=hours(channel))
        return Taken(CREATED, answer + say.advice(report, channel), ticket)

    def _repeated(self, session: Session, report: Report, ticket: Ticket, say: _Words, at: datetime) -> Taken:
        ticket.repeats += 1
        kept = notes.keep(session, ticket, {"note": _whole(report)}, report.channel, at)
        note(session, ticket, "repeated", {"channel": report.channel, "times": ticket.repeats, "notes": kept}, report.channel, at)
        return Taken(REPEATED, say("repeated", number=ticket.number, step=say.step(ticket)), ticket)

    def _added(self, session: Session, report: Report, ticket: Ticket, say: _Words, at: datetime) -> Taken:
        kept = notes.keep(session, ticket, {"note": _whole(report)}, report.channel, at)
        note(session, ticket, "words_added", {"channel": report.channel, "notes": kept}, report.channel, at)
        return Taken(ADDED, say("noted", number=ticket.number), ticket)


@dataclass(frozen=True)
class _Words:
    """The city's texts in the sender's language."""

    rules: Rules
    language: str

    def __call__(self, name: str, **values: object) -> str:
        return self.rules.notices.text(name, self.language, **values)

    def step(self, ticket: Ticket) -> str:
        return ENGLISH[ticket.stage] if self.language == "en" else STAGES[ticket.stage]

    def advice(self, report: Report, channel: Channel) -> str:
        """Said of what is longer than advised; nothing was cut."""
        length, most = len(report.text), channel.advised_length
        return self("long", length=length, most=most) if most and length > most else ""


def hours(channel: Channel) -> str:
    """07:00-22:00, for people."""
    return "、".join(dict.fromkeys(f"{s.start // 60:02}:{s.start % 60:02}-{s.end // 60:02}:{s.end % 60:02}" for s in channel.answered))


def _before(session: Session, report: Report) -> Taken | None:
    """The same message again is answered as before. Raises IntakeRefused where its id was another message's."""
    known = session.scalar(select(Arrival).where(Arrival.channel == report.channel, Arrival.message_id == report.message_id))
    if known is None:
        return None
    if known.fingerprint != _fingerprint(report):
        raise IntakeRefused("message_id", "this message_id was another message's")
    ticket = session.get(Ticket, known.ticket_id) if known.ticket_id else None
    return Taken(known.outcome, known.answer, ticket, again=True)


def _keep(session: Session, report: Report, taken: Taken, at: datetime) -> None:
    session.flush()
    session.add(
        Arrival(
            id=new_id(), channel=report.channel, message_id=report.message_id, sender=report.sender, at=at, outcome=taken.outcome,
            ticket_id=taken.ticket.id if taken.ticket else None, text=report.text, answer=taken.answer, fingerprint=_fingerprint(report),
        )
    )  # fmt: skip
    session.flush()


def _fingerprint(report: Report) -> str:
    said = {name: value for name, value in asdict(report).items() if name not in ("at", "lost")}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def _of_this_hour(session: Session, report: Report, at: datetime) -> int:
    same = (Arrival.channel == report.channel, Arrival.sender == report.sender, Arrival.at > at - HOUR)
    return session.execute(select(func.count()).select_from(Arrival).where(*same)).scalar_one()


def _joined(session: Session, report: Report, at: datetime) -> Report:
    """With what the sender had given before they were asked; what was asked for is taken as it stands."""
    begun = session.get(Begun, (report.channel, report.sender))
    if begun is None or begun.expires_at < at or report.text == begun.text:  # the same words again answer nothing
        return report
    given = replace(report, place=report.place or begun.place, sender_name=report.sender_name or begun.name, phone=report.phone or begun.phone)
    match begun.asked:
        case "text":
            return replace(given, text=f"{begun.text}\n{report.text}".strip())
        case "name":
            return replace(given, text=begun.text, sender_name=given.sender_name or report.text[:80])
        case "phone":
            return replace(given, text=begun.text, phone=given.phone or report.text[:32])
    return replace(given, text=begun.text, place=given.place or report.text[:200])


def _own_ticket(session: Session, report: Report) -> Ticket | None:
    """The ticket whose number is in the words, where it is this sender's: a number alone is nobody's key."""
    for number in matter.numbers(f"{report.title} {report.text}")[:5]:
        ticket = session.scalar(select(Ticket).where(Ticket.number == number))
        if ticket is not None and repeats.is_of(session, ticket, report):
            return ticket
    return None


def _missing(report: Report, said: Said, channel: Channel) -> str:
    """What must still be asked for: one thing at a time."""
    if len(said.matter) < matter.LEAST and not report.attachments:
        return "text"
    given = {"place": bool(report.place or said.places), "name": bool(report.sender_name), "phone": bool(report.phone)}
    return next((need for need in channel.needs if not given[need]), "")


def _ask(session: Session, report: Report, lacks: str, at: datetime) -> None:
    session.merge(
        Begun(
            channel=report.channel, sender=report.sender, text=report.text, place=report.place, name=report.sender_name, phone=report.phone,
            asked=lacks, expires_at=at + ANSWER_WITHIN,
        )
    )  # fmt: skip


def _forget(session: Session, report: Report) -> None:
    if begun := session.get(Begun, (report.channel, report.sender)):
        session.delete(begun)


def _opened(session: Session, report: Report, at: datetime) -> Ticket:
    ticket = begin(session, report.channel, models.OPEN)
    ticket.type, ticket.category, ticket.language = report.type, report.category, report.language
    ticket.caller, ticket.caller_name = report.phone, report.sender_name
    ticket.title, ticket.place = report.title, report.place
    ticket.transcript, ticket.transcript_state = report.text, models.NONE
    ticket.confidential, ticket.reply_wanted = report.confidential, report.reply_wanted
    ticket.began_at = ticket.ended_at = report.at or at
    session.add(ticket)
    note(session, ticket, "received", {"channel": report.channel, "characters": len(report.text)}, report.channel, at)
    return ticket


def _contact(session: Session, ticket: Ticket, report: Report, channel: Channel) -> None:
    """How the sender is told, unless they waived it: as they chose, or by their channel's usual way."""
    by = report.tell_by or channel.tell
    address = {"sms": report.phone, "email": report.email, "pull": report.sender}.get(by, "")
    if report.reply_wanted and address:
        session.add(Contact(ticket_id=ticket.id, by=by, channel=report.channel, address=address))


def _whole(report: Report) -> str:
    return "\n".join(part for part in (report.title, report.place, report.text) if part)
