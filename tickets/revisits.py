"""The return visit of each ticket that is done: when to call, what was said, what follows. One a ticket and round.

Rows say what is to be done, Asterisk's queue_log what was; `follow` brings the lines into the rows in one transaction with
the place in the log, so each counts once, whoever is killed. `settle` then moves the tickets, under keys of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from ivr.revisits import Revisits, answers
from tickets.case import Cases, Said, Who
from tickets.database import Database
from tickets.item import new_id
from tickets.models import History, Ticket
from tickets.moves import MACHINE, CaseRefused
from tickets.revisit_book import of
from tickets.revisit_tables import DIALLING, DONE, TALKING, TASK, WAITING, Revisit, RevisitPlace

ENDS = ("completed", "answered_at_once")
BEFORE = timedelta(minutes=1)  # a call that could not even be ordered
LOST = timedelta(seconds=90)  # no leg stands and no line says how it ended
AT_ONCE = 100
HOTLINE = Who(MACHINE, MACHINE)
NOT_SATISFIED = "回访：诉求人不满意 the citizen is not satisfied (return visit)"
log = structlog.get_logger("tickets.revisits")


@dataclass(frozen=True)
class Line:
    """HOTLINEREVISIT of queue_log: what the dialplan did, before it did it."""

    at: datetime
    words: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """Whom to call now."""

    id: str
    ticket: str
    number: str
    language: str


def gather(cases: Cases, rules: Revisits, allows: Callable[[str], bool]) -> int:
    """Every ticket that is done gets its visit, and is 待回访 from then on. Returns how many."""
    at, made = cases.clock(), 0
    there = exists().where(Revisit.ticket_id == Ticket.id, Revisit.round == Ticket.reopened)
    wanted = (Ticket.stage.in_((*ENDS, "to_revisit")), Ticket.stage_at > at - timedelta(days=rules.within_days), ~there)
    with cases.database.reads() as session:
        numbers = session.scalars(select(Ticket.number).where(*wanted).order_by(Ticket.id).limit(AT_ONCE)).all()
    for number in numbers:
        with cases.database.reads() as session:
            stage, done_at = session.execute(select(Ticket.stage, Ticket.stage_at).where(Ticket.number == number)).one()
        if stage in ENDS:
            _move(cases, number, "revisit", Said(), f"revisit {number} {done_at.isoformat()}")
        with cases.database.writes() as session:
            ticket = session.scalar(select(Ticket).where(Ticket.number == number, *wanted).with_for_update())
            if ticket is None:
                continue
            why = _not_called(ticket, allows)
            session.add(
                Revisit(
                    id=new_id(), ticket_id=ticket.id, round=ticket.reopened, state=TASK if why else WAITING, tries=0, made_at=at,
                    changed_at=at, next_at=None if why else done_at + timedelta(minutes=rules.after_minutes), reason=why,
                    in_time=_in_time(session, ticket), solved="", satisfied="", settled=False, words_state="none", words_attempts=0,
                )
            )  # fmt: skip
        made += 1
    return made


def due(cases: Cases, room: int) -> Sequence[Call]:
    """Who is to be called now, at most so many; two visits of one telephone are not due at once. They are marked before they
    are ordered: an order whose answer is lost is found again by `lost`."""
    at = cases.clock()
    found: list[Call] = []
    with cases.database.writes() as session:
        busy = set(session.scalars(of(DIALLING, TALKING).with_only_columns(Ticket.caller)))
        rows = session.execute(of(WAITING).where(Revisit.next_at <= at).order_by(Revisit.next_at).limit(AT_ONCE)).all()
        for revisit, ticket in rows:
            if ticket.stage != "to_revisit":
                _now(revisit, DONE, at, "a person has seen to it", settled=True)
            elif len(found) < room and ticket.caller not in busy:
                busy.add(ticket.caller)
                _now(revisit, DIALLING, at)
                found.append(Call(revisit.id, ticket.number, ticket.caller, ticket.language))
    return found


def busy(database: Database) -> int:
    """How many lines return visits have now."""
    with database.reads() as session:
        return len(session.execute(of(DIALLING, TALKING)).all())


def refused(database: Database, revisit_id: str, at: datetime, reason: str) -> None:
    """Asterisk would not even try: later."""
    with database.writes() as session:
        row = session.get(Revisit, revisit_id, with_for_update=True)
        if row is not None and row.state == DIALLING:
            _now(row, WAITING, at, reason, next_at=at + BEFORE)


def lost(database: Database, living: frozenset[str], rules: Revisits, at: datetime) -> None:
    """Calls whose legs are gone with nothing written: whoever was called may have heard it ring, so that was a try."""
    with database.writes() as session:
        for row, _ in session.execute(of(DIALLING, TALKING)).all():
            if row.id not in living and at - row.changed_at > LOST:
                _again(row, rules, at, "the telephone system stopped")


def place(session: Session) -> Mapping[str, Any]:
    found = session.get(RevisitPlace, 1)
    return found.place if found else {}


def follow(session: Session, lines: Iterable[Line], now_at: Mapping[str, Any], rules: Revisits) -> None:
    """What the lines say, and the place after them."""
    for line in lines:
        row = session.get(Revisit, line.words[0]) if line.words else None
        if row is not None and row.state != DONE:
            _heard(row, line.at, (*line.words[1:], "", "", "", ""), rules)
    session.merge(RevisitPlace(id=1, place=dict(now_at)))


def settle(cases: Cases) -> int:
    """Moves the tickets by what was said: rated, and reopened where the citizen is not satisfied. Returns how many."""
    with cases.database.reads() as session:
        rows = session.execute(of(DONE).where(Revisit.settled.is_(False)).limit(AT_ONCE)).all()
        open_tasks = session.execute(of(TASK).where(Ticket.stage != "to_revisit").limit(AT_ONCE)).all()
    for revisit, ticket in rows:
        rating = revisit.satisfied or "unreachable"
        _move(cases, ticket.number, "rate", Said(rating=rating, reason=revisit.reason), f"revisit {revisit.id} rate")
        if rating == "dissatisfied":
            _move(cases, ticket.number, "reopen", Said(reason=NOT_SATISFIED), f"revisit {revisit.id} reopen")
        with cases.database.writes() as session:
            session.get_one(Revisit, revisit.id).settled = True
        log.info("return visit", ticket=ticket.number, solved=revisit.solved, satisfied=revisit.satisfied, reason=revisit.reason)
    for revisit, ticket in open_tasks:  # an agent has asked, and moved the ticket
        with cases.database.writes() as session:
            row = session.get_one(Revisit, revisit.id)
            _now(row, DONE, cases.clock(), f"asked by a person; before: {row.reason}", settled=True)
            row.satisfied = ticket.rating if ticket.rating in ("satisfied", "fair", "dissatisfied") else ""
    return len(rows)


def _not_called(ticket: Ticket, allows: Callable[[str], bool]) -> str:
    """Why the hotline does not call by itself, or nothing."""
    if not ticket.reply_wanted:
        return "they want no reply"
    if ticket.confidential:
        return "the ticket is confidential"
    if not ticket.caller:
        return "no number is known"
    return "" if allows(ticket.caller) else "this number may not be called"


def _in_time(session: Session, ticket: Ticket) -> bool | None:
    lines = select(History.detail).where(History.ticket_id == ticket.id, History.event == "moved").order_by(History.id.desc())
    replied: dict[str, Any] = next((detail for detail in session.scalars(lines) if detail.get("move") in ("reply", "answer")), {})
    if replied.get("move") == "answer":
        return True  # on the spot
    return None if "late" not in replied else not replied["late"]


def _heard(row: Revisit, at: datetime, words: tuple[str, ...], rules: Revisits) -> None:
    match words:
        case ("dial", *_):
            row.tries += 1
            _now(row, DIALLING, at)
        case ("unreached", "NUMBER", *_):
            _now(row, TASK, at, "this number may not be called")
        case ("unreached", status, *_):
            _again(row, rules, at, status.lower()[:20])
        case ("talks", *_):
            _now(row, TALKING, at)
        case ("said", asked, decided, decision, *_):
            _said(row, rules, at, asked, decided, decision)


def _said(row: Revisit, rules: Revisits, at: datetime, asked: str, decided: str, decision: str) -> None:
    """`asked`: the last question; `decided`: where the survey ended; `decision`: '' where the citizen hung up."""
    end = answers(decided)
    said = end if decision and (end.solved or end.end) else answers(asked)
    row.solved, row.satisfied = said.solved, said.satisfied
    if said.satisfied:
        _now(row, DONE, at)
    elif end.end == "person":
        _now(row, TASK, at, "asked for a person")
    elif said.solved == "no":  # whoever wants no more questions still wants it solved
        _now(row, TASK, at, "not solved, and said no more")
    elif end.end == "never" or (not decision and not said.solved):
        _now(row, DONE, at, "would not be asked")
    elif said.solved:
        _now(row, DONE, at, "hung up before saying how satisfied")
    else:  # a machine, or nobody at the telephone
        _again(row, rules, at, "no key was pressed")


def _again(row: Revisit, rules: Revisits, at: datetime, reason: str) -> None:
    if row.tries > len(rules.again_minutes):
        _now(row, TASK, at, f"not reached in {row.tries} tries, at last: {reason}")
    else:
        _now(row, WAITING, at, reason, next_at=at + timedelta(minutes=rules.again_minutes[max(0, row.tries - 1)]))


def _now(row: Revisit, state: str, at: datetime, reason: str = "", *, next_at: datetime | None = None, settled: bool = False) -> None:
    row.state, row.changed_at, row.reason, row.next_at, row.settled = state, at, reason, next_at, settled


def _move(cases: Cases, number: str, name: str, said: Said, key: str) -> None:
    """A person may have been quicker: then the ticket is where they put it."""
    try:
        cases.move(number, name, HOTLINE, said, key)
    except CaseRefused as no:
        log.info("not moved", ticket=number, move=name, reason=no.detail)
