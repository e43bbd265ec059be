"""Call-backs and missed callers as rows, from what Asterisk wrote into queue_log; place in the log and rows move together.

`read_on` is one transaction: the lines after our place, what they do to the rows, and the new place. A crash anywhere
means the same lines again, or not at all; so nothing is counted twice and nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ivr.queueing import CallBacks
from queues import callbacks
from queues.callback_tables import CallBackRow, MissedRow, PlaceRow
from queues.callbacks import OPEN, CallBack
from queues.log_file import Bookmark, LogFile
from queues.records import Record
from queues.storage import Database

MOST_REMEMBERED = 2000  # callers in queues
MOST_LISTED = 500
KEPT_DAYS = 30  # what is over, and missed callers nobody called back
SHORT_SECONDS = 5  # whoever hangs up sooner has not waited (short abandon)


@dataclass
class Known:
    """By callid, between lines: who a caller is, and which call-back a place is."""

    callers: dict[str, list[str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def caller(self, callid: str, said: list[str]) -> None:
        self.callers[callid] = said
        while len(self.callers) > MOST_REMEMBERED:
            self.callers.pop(next(iter(self.callers)))


def read_on(database: Database, log: LogFile, rules: CallBacks) -> int:
    """Reads what is new; how many lines. Raises OSError."""
    with database.writes() as session:
        row = session.get(PlaceRow, 1)
        known = Known(**row.known) if row else Known()
        lines, place = log.read(Bookmark(**row.place) if row and row.place else None)
        _follow(session, known, filter(None, map(Record.parse, lines)), rules)
        if lines or row is None:
            session.merge(PlaceRow(id=1, place=asdict(place) if place else {}, known=asdict(known)))
    return len(lines)


def open_ones(database: Database) -> list[CallBack]:
    """What is not over."""
    with database.reads() as session:
        return [_thing(row) for row in session.scalars(select(CallBackRow).where(CallBackRow.state.in_(OPEN)))]


def listed(database: Database, *, all_: bool = False) -> list[CallBack]:
    """Newest first; what is over too, if all are wanted."""
    wanted = select(CallBackRow).order_by(CallBackRow.asked_at.desc()).limit(MOST_LISTED)
    with database.reads() as session:
        return [_thing(row) for row in session.scalars(wanted if all_ else wanted.where(CallBackRow.state.in_(OPEN)))]


def missed(database: Database) -> Sequence[MissedRow]:
    """Those who gave up waiting, the longest ago first: nobody has talked to them since."""
    with database.reads() as session:
        return session.scalars(select(MissedRow).order_by(MissedRow.last_at).limit(MOST_LISTED)).all()


def missed_id(row: MissedRow) -> str:
    """By which a row is asked for, also by those who may not see the number."""
    return f"{row.first_at:%Y%m%d%H%M%S}-{row.number[-4:]}"


def missed_json(row: MissedRow) -> Mapping[str, Any]:
    """The form of the API and of `--json`."""
    names = ("number", "queue", "path", "type", "times", "first_at", "last_at", "waited_seconds")
    return {"id": missed_id(row), **{name: getattr(row, name) for name in names}}


def find(database: Database, id_: str) -> CallBack | None:
    with database.reads() as session:
        row = session.get(CallBackRow, id_)
        return _thing(row) if row else None


def keep(database: Database, changed: CallBack, *, was: str) -> bool:
    """Writes it down, if it is still in the state it was in; False where the log knew better meanwhile."""
    with database.writes() as session:
        row = session.get(CallBackRow, changed.id)
        if row is not None and row.state != was:
            return False
        _put(session, changed)
        return True


def add(database: Database, new: CallBack) -> CallBack:
    """A call-back made by hand; one per number and matter: where one is open, that one is answered."""
    with database.writes() as session:
        first = _open_for(session, new.number, new.path)
        if first is not None:
            return first
        _put(session, new)
        session.execute(delete(MissedRow).where(MissedRow.number == new.number))
    return new


def forget_old(database: Database, now: datetime) -> None:
    """Personal data is not kept for longer than it serves."""
    before = now - timedelta(days=KEPT_DAYS)
    with database.writes() as session:
        session.execute(delete(CallBackRow).where(CallBackRow.changed_at < before, CallBackRow.state.not_in(OPEN)))
        session.execute(delete(MissedRow).where(MissedRow.last_at < before))


def _follow(session: Session, known: Known, records: Iterable[Record], rules: CallBacks) -> None:
    for record in records:
        if record.event == "QUEUESTART":
            known.callers, known.places = {}, {}
            for row in session.scalars(select(CallBackRow).where(CallBackRow.state.in_(OPEN))).all():
                _put(session, callbacks.lost(_thing(row), record.at, rules))
        elif record.event == "HOTLINE":
            known.caller(record.callid, [record.word(3), record.word(1), record.word(2), record.word(4)])
        elif record.event == "HOTLINEPLACE":
            known.places[record.callid] = record.word(0)
        elif record.event == "HOTLINECALLBACK":
            _asked(session, record)
        elif record.event in ("HOTLINEDIAL", "HOTLINETALKS", "HOTLINEDIALED"):
            _dialling(session, record, rules)
        elif record.event == "CONNECT":
            _connected(session, known, record)
        elif record.event == "ABANDON":
            _abandoned(session, known, record)


def _asked(session: Session, record: Record) -> None:
    new = callbacks.asked(record)
    if new is None or session.get(CallBackRow, new.id) is not None:
        return
    first = _open_for(session, new.number, new.path)
    if first is not None:
        session.execute(delete(CallBackRow).where(CallBackRow.id == first.id))
    _put(session, callbacks.asked_again(first, new) if first else new)
    session.execute(delete(MissedRow).where(MissedRow.number == new.number))


def _dialling(session: Session, record: Record, rules: CallBacks) -> None:
    row = session.get(CallBackRow, record.word(0))
    if row is None:
        return
    now = _thing(row)
    if record.event == "HOTLINEDIAL":
        _put(session, callbacks.dialled(now, record.at))
    elif record.event == "HOTLINETALKS":
        _put(session, callbacks.talks(now, record.at))
        session.execute(delete(MissedRow).where(MissedRow.number == now.number))
    else:
        _put(session, callbacks.ended(now, record.at, record.word(1), rules))


def _connected(session: Session, known: Known, record: Record) -> None:
    """A place: its agent is there. A caller: they talk to somebody, so neither list needs them."""
    row = session.get(CallBackRow, known.places.pop(record.callid, ""))
    if row is not None:
        _put(session, callbacks.reserved(_thing(row), record.at, record.agent))
        return
    number, path, *_ = known.callers.pop(record.callid, ["", ""])
    if number:
        session.execute(delete(MissedRow).where(MissedRow.number == number))
        waiting = _open_for(session, number, path)
        if waiting is not None:
            _put(session, callbacks.spoken_to(waiting, record.at))


def _abandoned(session: Session, known: Known, record: Record) -> None:
    if known.places.pop(record.callid, None) is not None:
        return
    number, path, type_, called = known.callers.pop(record.callid, ["", "", "", ""])
    waited = record.number(2)
    if not number or waited < SHORT_SECONDS:
        return
    row = session.get(MissedRow, number)
    session.merge(
        MissedRow(
            number=number, queue=record.queue, path=path, type=type_, called=called, times=(row.times if row else 0) + 1,
            first_at=row.first_at if row else record.at, last_at=record.at, waited_seconds=waited,
        )
    )  # fmt: skip


def _open_for(session: Session, number: str, path: str) -> CallBack | None:
    wanted = select(CallBackRow).where(CallBackRow.number == number, CallBackRow.path == path, CallBackRow.state.in_(OPEN))
    row = session.scalars(wanted.limit(1)).first()
    return _thing(row) if row else None


def _thing(row: CallBackRow) -> CallBack:
    return CallBack(**{each.name: getattr(row, each.name) for each in fields(CallBack)})


def _put(session: Session, callback: CallBack) -> None:
    session.merge(CallBackRow(**asdict(callback)))
    session.flush()


def by_hand(missed_row: MissedRow, section: str, version: str, number: int, now: datetime | None = None) -> CallBack:
    """What one click makes of a missed caller: the end of the queue, before nobody who waits."""
    at = now or datetime.now(UTC)
    return CallBack(
        id=f"hand-{at:%Y%m%d%H%M%S}-{number}", number=missed_row.number, path=missed_row.path, type=missed_row.type,
        called=missed_row.called, queue=section, place=0, priority=0, penalty=9, trunk="", trunk_at="", version=version,
        state=callbacks.WAITING, asked_at=at, changed_at=at,
    )  # fmt: skip


def as_json(callback: CallBack) -> Mapping[str, Any]:
    """The form of the API and of `--json`."""
    return {name: value for name, value in asdict(callback).items() if name not in ("trunk", "trunk_at", "version", "penalty")}
