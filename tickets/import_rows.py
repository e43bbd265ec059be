"""One row of a file, and what it does: a ticket that was not here is made as it stands there, one that is here is moved along.

A ticket from elsewhere lived its life elsewhere: its stage is taken over, and its history here begins with that. Ours goes
only where the table of moves leads, each move with its line of history. What the hotline itself says in an export
(序号, times, 派单员, 预警状态) changes nothing here; a citizen's own words are never changed by a file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tickets import models, notes, wire
from tickets.case import Cases, Said, Who
from tickets.case_edits import Edits
from tickets.case_tables import Note
from tickets.columns import DISPATCHED, DUE, NUMBER, Cell, Names, moment, seen
from tickets.import_tables import Imported
from tickets.intake_rules import LONGEST, PHONE, tidied_number
from tickets.life import begin, note
from tickets.matter import cleaned
from tickets.models import Ticket
from tickets.moves import CLOSED, MOVES, STAGES
from tickets.sight import Sight, masked_words

FOREIGN = "import"
LONGEST_NUMBER, LONGEST_REFERENCE = 64, 40
BY_NAME = {name: code for code, name in STAGES.items()}
WITHOUT_UNIT = frozenset(("pending", "not_accepted", "answered_at_once", "to_dispatch", "returned"))
WALKED = ("accept", "answer", "dispatch", "take_up", "reply", "complete", "revisit", "file")  # what a file can say enough for
OWN_WORDS = {"诉求内容": LONGEST["text"], "诉求主题": LONGEST["title"], "诉求人": LONGEST["sender_name"]}


class RowRefused(Exception):  # noqa: N818 - a refusal, read as a sentence
    """This row cannot be brought in; the message says what to correct."""


@dataclass(frozen=True)
class Given:
    """A row as the file has it; a column that is not there is empty."""

    row: int
    cells: Mapping[str, Cell]

    @property
    def number(self) -> str:
        return self.text(NUMBER)

    def text(self, column: str) -> str:
        cell = self.cells.get(column)
        return str(cell).strip() if cell is not None else ""

    def line(self, column: str, longest: int) -> str:
        """One line of text. Raises RowRefused where it is longer."""
        said = " ".join(cleaned(self.text(column)).split())
        if len(said) > longest:
            raise RowRefused(f"{column} has {len(said)} characters, at most {longest} are taken")
        return said

    def moment(self, column: str) -> datetime | None:
        """Raises RowRefused."""
        try:
            return moment(self.cells.get(column))
        except (ValueError, OverflowError) as error:
            raise RowRefused(f"{column}: {error}") from None


def known(session: Session, number: str) -> Ticket | None:
    """The ticket of a number, theirs or ours. Raises RowRefused for what cannot be one."""
    if not number or len(number) > LONGEST_NUMBER or not number.isprintable() or " " in number:
        raise RowRefused(f"{NUMBER} is needed: 1 to {LONGEST_NUMBER} characters without blanks")
    brought = session.get(Imported, number)
    wanted = Ticket.id == brought.ticket_id if brought else or_(Ticket.number == number, Ticket.id == number)
    return session.scalar(select(Ticket).where(wanted).with_for_update())


def brought_in(session: Session, cases: Cases, names: Names, row: Given, who: Who) -> Ticket:
    """A new ticket, as the row has it. Raises RowRefused."""
    at, stage = cases.clock(), _stage(row) or "pending"
    ticket = begin(session, names.channel(row.text("办件来源")) or FOREIGN, models.OPEN)
    ticket.title, ticket.reference = row.line("诉求主题", LONGEST["title"]), row.line("市级编号", LONGEST_REFERENCE)
    ticket.transcript = _matter(row) or None
    ticket.caller, ticket.caller_name = _phone(row), row.line("诉求人", LONGEST["sender_name"])
    if not (ticket.title or ticket.transcript):
        raise RowRefused("诉求主题 or 诉求内容 is needed")
    if hidden := [name for name, text in (("诉求人电话", ticket.caller), ("诉求人", ticket.caller_name)) if "**" in text]:
        raise RowRefused(f"{hidden[0]} is masked: a file with full names and numbers is needed for new tickets")
    ticket.category = _category(row, names) or ""
    if unit := _organisation(row, names):
        ticket.organisation, ticket.level = unit, names.organisations[unit].level
    elif stage not in WITHOUT_UNIT:
        raise RowRefused(f"办理单位 is needed: the ticket is {STAGES[stage]}")
    ticket.stage, ticket.stage_at, ticket.dispatched_at = stage, at, row.moment(DISPATCHED)
    ticket.ended_at = ticket.began_at
    due = row.moment(DUE)
    if due and stage not in CLOSED:
        ticket.due_at, ticket.warn_at, ticket.due_told = due, due, "missed" if due < at else ""
    session.add(ticket)
    session.flush()
    session.add(Imported(number=row.number, ticket_id=ticket.id, at=at))
    kept = notes.keep(session, ticket, {"reply": result}, who.name, at) if (result := notes.checked(row.text("处理结果"))) else {}
    note(session, ticket, "imported", {"number": row.number, "stage": stage} | ({"notes": kept} if kept else {}), who.name, at)
    return ticket


def changed(session: Session, cases: Cases, names: Names, row: Given, ticket: Ticket, who: Who) -> dict[str, str]:
    """What the row changes, done. Raises RowRefused and CaseRefused."""
    _same_words(row, ticket)
    changes: dict[str, str] = {}
    edits = Edits(cases)
    category, unit = _category(row, names, ticket.category), _organisation(row, names, ticket.organisation)
    result = notes.checked(row.text("处理结果"))
    told = not result or _is_said(session, ticket, result)
    if category is not None and category != ticket.category:
        changes["事项小类"] = f"{ticket.category or '-'} → {category or '-'}"
        edits.edit(ticket.id, who, {"category": category})
    if (reference := row.line("市级编号", LONGEST_REFERENCE)) and reference != ticket.reference:
        changes["市级编号"] = f"{ticket.reference or '-'} → {reference}"
        note(session, ticket, "edited", {"is": {"reference": reference}, "was": {"reference": ticket.reference}}, who.name, cases.clock())
        ticket.reference = reference
    stage = _stage(row) or ticket.stage
    path = _path(ticket.stage, stage, who.role, unit or "", result)
    for move in path:
        wants = MOVES[move].wants
        cases.move(ticket.id, move, who, Said(organisation=unit or "" if "organisation" in wants else "", reply=result if "reply" in wants else ""))
        told = told or "reply" in wants
    if path:
        changes["办件状态"] = " → ".join((*(MOVES[move].label for move in path), STAGES[stage]))
    if unit and unit != ticket.organisation:
        changes["办理单位"] = f"{ticket.organisation or '-'} → {unit}"
        edits.assign(ticket.id, who, unit, [helper for helper in ticket.helpers if helper != unit])
    if not told:
        changes["处理结果"] = "noted"
        edits.add_note(ticket.id, who, result)
    return changes


def _same_words(row: Given, ticket: Ticket) -> None:
    """What the citizen said stays: in full, masked, or not in the file at all."""
    for column, longest in OWN_WORDS.items():
        text = _matter(row) if column == "诉求内容" else row.line(column, longest)
        if text and text not in (seen(ticket, column, how).strip() for how in Sight):
            raise RowRefused(f"{column} is not what ticket {ticket.number} says: a file does not change the citizen's words")
    phone = row.text("诉求人电话")
    if phone and tidied_number(phone) not in (seen(ticket, "诉求人电话", how) for how in Sight):
        raise RowRefused(f"诉求人电话 is not that of ticket {ticket.number}")


def _path(here: str, there: str, role: str, unit: str, result: str) -> tuple[str, ...]:
    """The shortest way by moves that the row says enough for. Raises RowRefused."""
    given = {"organisation": unit, "reply": result}
    open_ = deque([here])
    ways: dict[str, tuple[str, ...]] = {here: ()}
    while open_ and there not in ways:
        stage = open_.popleft()
        for name in WALKED:
            end = MOVES[name].ends.get(stage)
            if end and end not in ways and role in MOVES[name].who and all(given[what] for what in MOVES[name].wants):
                ways[end] = (*ways[stage], name)
                open_.append(end)
    if there not in ways:
        lacks = "；".join(f"{column} is empty" for column, text in (("办理单位", unit), ("处理结果", result)) if not text)
        raise RowRefused(f"no way leads from {STAGES[here]} to {STAGES[there]} by what the row says{f' ({lacks})' if lacks else ''}")
    return ways[there]


def _is_said(session: Session, ticket: Ticket, result: str) -> bool:
    known = wire.names(ticket)
    texts = session.scalars(select(Note.text).where(Note.ticket_id == ticket.id, Note.kind.in_(("reply", "note")))).all()
    return any(text and result in (masked_words(text, known, how) for how in Sight) for text in texts)


def _stage(row: Given) -> str | None:
    name = row.text("办件状态")
    if name and name not in BY_NAME:
        raise RowRefused(f"办件状态: no such state: {name[:20]}; there are {' '.join(BY_NAME)}")
    return BY_NAME[name] if name else None


def _category(row: Given, names: Names, now: str = "") -> str | None:
    """None where the row says nothing of it; `now`: the ticket's, which categories.yaml may have lost meanwhile."""
    wide, narrow = row.text("事项大类"), row.text("事项小类")
    if not (wide or narrow):
        return None
    code = now if (wide, narrow) == names.matter(now) else names.category(wide, narrow)
    if code is None:
        raise RowRefused(f"事项大类, 事项小类: categories.yaml has no {wide[:20]} / {narrow[:20]}")
    return code


def _organisation(row: Given, names: Names, now: str = "") -> str | None:
    unit, office = row.text("办理单位"), row.text("办理科室")
    if not (unit or office):
        return None
    code = now if (unit, office) == names.unit(now) else names.organisation(unit, office)
    if code is None:
        raise RowRefused(f"办理单位, 办理科室: organisations.yaml has no (or more than one) {unit[:40]} / {office[:40]}")
    return code


def _matter(row: Given) -> str:
    text = cleaned(row.text("诉求内容"))
    if len(text) > LONGEST["text"]:
        raise RowRefused(f"诉求内容 has {len(text)} characters, at most {LONGEST['text']} are taken")
    return text


def _phone(row: Given) -> str:
    phone = tidied_number(row.text("诉求人电话"))
    if phone and "*" not in phone and not PHONE.fullmatch(phone):
        raise RowRefused("诉求人电话 is not a telephone number")
    return phone
