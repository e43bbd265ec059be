"""Call records in the database: stored by linkedid, so that storing one again changes nothing; read for people and figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Select, delete, insert, or_, select
from sqlalchemy.orm import Session

from queues.agent_time import Spell, SpellKind, with_wrapup
from queues.call_record import CallKind, CallRecord, Outcome, Segment, SegmentKind
from queues.record_tables import CallRow, SegmentRow, SpellRow
from queues.storage import Database

CALL_FIELDS = [field.name for field in fields(CallRecord) if field.name not in ("segments", "joined")]
SEGMENT_FIELDS = [field.name for field in fields(Segment)]
MOST_AT_ONCE = 500
LONGEST_CALL_SECONDS = 86_400.0


@dataclass(frozen=True)
class Wanted:
    """What to look for; None: anything."""

    linkedid: str | None = None
    begin: float | None = None
    end: float | None = None
    caller: str | None = None
    called: str | None = None
    queue: str | None = None
    agent: str | None = None
    outcome: str | None = None
    kind: str | None = None


def store(database: Database, records: Sequence[CallRecord], joined: Iterable[str] = (), spells: Iterable[Spell] = ()) -> None:
    """Each as it is now, in place of what was known of it."""
    with database.writes() as session:
        for at in range(0, len(records), MOST_AT_ONCE):
            _store(session, records[at : at + MOST_AT_ONCE])
        if gone := list(joined):
            _remove(session, gone)
        for spell in spells:
            session.merge(SpellRow(agent=spell.agent, kind=spell.kind, began_at=spell.began_at, ended_at=spell.ended_at, reason=spell.reason))


def calls(database: Database, wanted: Wanted, limit: int | None = None, before: tuple[float, str] | None = None) -> list[CallRecord]:
    """Newest first; `before`: begin and linkedid of the last one seen."""
    query = _filtered(select(CallRow), wanted).order_by(CallRow.began_at.desc(), CallRow.linkedid.desc())
    if before is not None:
        at, name = before
        query = query.where(or_(CallRow.began_at < at, (CallRow.began_at == at) & (CallRow.linkedid < name)))
    with database.reads() as session:
        rows = session.execute(query.limit(limit).with_only_columns(CallRow.__table__)).all()
        names = [row.linkedid for row in rows]
        found: dict[str, list[Segment]] = {name: [] for name in names}
        for at_once in range(0, len(names), MOST_AT_ONCE):
            part = names[at_once : at_once + MOST_AT_ONCE]
            segments = select(SegmentRow.__table__).where(SegmentRow.linkedid.in_(part)).order_by(SegmentRow.linkedid, SegmentRow.place)
            for segment in session.execute(segments):
                values = {name: getattr(segment, name) for name in SEGMENT_FIELDS}
                found[segment.linkedid].append(Segment(**values | {"kind": SegmentKind(segment.kind)}))
        spells = _spells(session, min((row.began_at for row in rows), default=0.0), None)
    records = [
        CallRecord(**{name: getattr(row, name) for name in CALL_FIELDS} | {"kind": CallKind(row.kind), "outcome": Outcome(row.outcome)},
                   joined=tuple(row.joined), segments=tuple(found[row.linkedid]))
        for row in rows
    ]  # fmt: skip
    return with_wrapup(records, spells)


def during(database: Database, begin: float, end: float) -> list[CallRecord]:
    """Calls that figures of [begin, end) look at: those that may have been in a queue then."""
    return calls(database, Wanted(begin=begin - LONGEST_CALL_SECONDS, end=end))


def spells(database: Database, begin: float, end: float) -> list[Spell]:
    """Agents' time that touches the interval."""
    with database.reads() as session:
        return _spells(session, begin, end)


def _spells(session: Session, begin: float, end: float | None) -> list[Spell]:
    query = select(SpellRow.__table__).where(or_(SpellRow.ended_at.is_(None), SpellRow.ended_at > begin)).order_by(SpellRow.began_at)
    if end is not None:
        query = query.where(SpellRow.began_at < end)
    return [Spell(row.agent, SpellKind(row.kind), row.began_at, row.ended_at, row.reason) for row in session.execute(query)]


def _filtered(query: Select[tuple[CallRow]], wanted: Wanted) -> Select[tuple[CallRow]]:
    for name in ("linkedid", "caller", "called", "outcome", "kind"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(getattr(CallRow, name) == value)
    if wanted.begin is not None:
        query = query.where(CallRow.began_at >= wanted.begin)
    if wanted.end is not None:
        query = query.where(CallRow.began_at < wanted.end)
    for name in ("queue", "agent"):
        if (value := getattr(wanted, name)) is not None:
            with_it = select(SegmentRow.linkedid).where(getattr(SegmentRow, name) == value)
            query = query.where(CallRow.linkedid.in_(with_it))
    return query


def _store(session: Session, records: Sequence[CallRecord]) -> None:
    if not records:
        return
    _remove(session, [record.linkedid for record in records])
    session.execute(insert(CallRow), [
        {name: getattr(record, name) for name in CALL_FIELDS} | {"joined": list(record.joined)} for record in records
    ])  # fmt: skip
    rows = [
        {name: getattr(segment, name) for name in SEGMENT_FIELDS} | {"linkedid": record.linkedid, "place": place}
        for record in records for place, segment in enumerate(record.segments)
    ]  # fmt: skip
    if rows:
        session.execute(insert(SegmentRow), rows)


def _remove(session: Session, names: Sequence[str]) -> None:
    session.execute(delete(SegmentRow).where(SegmentRow.linkedid.in_(names)))
    session.execute(delete(CallRow).where(CallRow.linkedid.in_(names)))
