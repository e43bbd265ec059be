"""Files with the 18 columns into the register: what each row would do is said first, and done only when all rows can be.

A dry run is the real run without its last step: every row goes through the same moves and checks in one transaction,
which is then taken back. So what was promised is what happens, unless somebody changed a ticket in between.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from tickets import sheet_files
from tickets.case import Cases, Who
from tickets.columns import COLUMNS, NUMBER, Cell, Names
from tickets.database import Database
from tickets.import_rows import Given, RowRefused, brought_in, changed, known
from tickets.moves import CaseRefused
from tickets.sheet_files import MOST_ROWS, SheetError

CREATED, CHANGED, SAME, REFUSED = "created", "changed", "unchanged", "refused"
HEAD_WITHIN = 10  # rows: a title and a line of explanation often stand above the columns' names


@dataclass(frozen=True)
class Line:
    """What became of one row, or would. `changes`: what was and what is, by column or move."""

    row: int
    number: str
    outcome: str
    ticket: str = ""
    why: str = ""
    changes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """All rows of a file; `applied` only where none was refused."""

    applied: bool
    lines: tuple[Line, ...]

    def count(self, outcome: str) -> int:
        return sum(line.outcome == outcome for line in self.lines)

    def shown(self) -> dict[str, Any]:
        counts = {outcome: self.count(outcome) for outcome in (CREATED, CHANGED, SAME, REFUSED)}
        return {"applied": self.applied, **counts, "rows": [vars(line) for line in self.lines]}


class _TakenBack(Exception):  # noqa: N818 - no error: how a dry run ends
    """Leaves the transaction without a trace."""


class Within(Database):
    """A database inside somebody's transaction: what is written through it is committed with that, or not at all."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @contextlib.contextmanager
    def reads(self) -> Iterator[Session]:
        yield self._session

    @contextlib.contextmanager
    def writes(self) -> Iterator[Session]:
        yield self._session
        self._session.flush()


def run(cases: Cases, names: Names, content: bytes, who: Who, *, apply: bool) -> Report:
    """Reads a file and brings it in, or says what it would do. Raises SheetError where it cannot be read as one."""
    given = table(sheet_files.read(content))
    lines: list[Line] = []
    with contextlib.suppress(_TakenBack), cases.database.writes() as session:
        seen: set[str] = set()
        inside = Cases(Within(session), cases.rules, cases.clock)
        for row in given:
            lines.append(_line(session, inside, names, row, who, seen))
            seen.add(row.number)
        if not apply or any(line.outcome == REFUSED for line in lines):
            raise _TakenBack
        return Report(True, tuple(lines))
    return Report(False, tuple(lines))


def table(rows: Sequence[Sequence[Cell]]) -> list[Given]:
    """The rows by their columns' names. Raises SheetError: no head, a column nobody knows, or one that stands there twice."""
    at = next((place for place, row in enumerate(rows[:HEAD_WITHIN]) if NUMBER in map(_name, row)), None)
    if at is None:
        seen = "、".join(str(cell)[:20] for cell in (rows[0] if rows else ()) if cell)[:200]
        raise SheetError(f"none of the first {HEAD_WITHIN} rows names the columns ({NUMBER} must be among them); the first one says: {seen or 'nothing'}")
    head = [_name(cell) for cell in rows[at]]
    if strange := [name for name in head if name and name not in COLUMNS]:
        raise SheetError(f"no such column: {strange[0][:40]}; there are {' '.join(COLUMNS)}")
    if twice := [name for name in head if name and head.count(name) > 1]:
        raise SheetError(f"the column {twice[0]} stands there twice")
    found = []
    for place, row in enumerate(rows[at + 1 :], at + 2):
        if any(cell not in (None, "") for cell in row):
            if over := [cell for name, cell in zip(head, row, strict=False) if not name and cell]:
                raise SheetError(f"row {place}: {str(over[0])[:40]} stands below no column's name")
            found.append(Given(place, {name: cell for name, cell in zip(head, row, strict=False) if name}))
    if len(found) > MOST_ROWS:
        raise SheetError(f"the file has more than {MOST_ROWS} rows: split it")
    return found


def _line(session: Session, cases: Cases, names: Names, row: Given, who: Who, seen: set[str]) -> Line:
    """One row in a savepoint of its own: a refused one leaves nothing behind for the rows after it."""
    number = row.number[:64]
    if row.number in seen:
        return Line(row.row, number, REFUSED, why=f"{NUMBER} stands in the file twice")
    try:
        with session.begin_nested():
            ticket = known(session, row.number)
            if ticket is None:
                made = brought_in(session, cases, names, row, who)
                return Line(row.row, number, CREATED, made.number)
            changes = changed(session, cases, names, row, ticket, who)
            return Line(row.row, number, CHANGED if changes else SAME, ticket.number, changes=changes)
    except (RowRefused, CaseRefused) as no:
        return Line(row.row, number, REFUSED, why=str(no))


def _name(cell: Cell) -> str:
    return "".join(str(cell or "").split())
