"""Deletes what has been kept for long enough, and proves it: a line of history for each ticket, a signed line for each batch.

Counted from the day a ticket was closed or handed over; what is still worked on keeps everything. A complete run notes when it was made and by
which rules, so the next one looks only at what has become due since; other rules look at everything again. Killed in between, what
was wiped has nothing left and is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import and_, delete, or_, select

from ivr.retention import Retention
from tickets import deletions, wiping
from tickets.database import Database
from tickets.intake_tables import Arrival, Begun
from tickets.life import now
from tickets.models import HANDED_OVER, Ticket
from tickets.moves import CLOSED
from tickets.scrubbing import scrub
from tickets.vault import Vault

WHY = "retention"
AT_ONCE = 200  # tickets in one signed line
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
log = structlog.get_logger("tickets.retention")

Forget = Callable[[datetime, bool], int]
"""Of another room: empties what is older than this, or only counts it. Returns how many."""


@dataclass(frozen=True)
class Due:
    """One ticket and the parts whose time is over."""

    id: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Keeper:
    """Over one register. `others`: by part, what other rooms keep."""

    database: Database
    vault: Vault
    rules: Retention
    others: Mapping[str, Forget] = field(default_factory=dict)
    clock: Callable[[], datetime] = now

    def run(self, actor: str = "hotline", *, dry: bool = False) -> dict[str, Any]:
        """Returns how much went, or would go. Raises VaultClosed and OSError: then the rest waits for the next run."""
        moment = self.clock()
        counts = dict.fromkeys(self.rules.parts, 0)
        batch: list[dict[str, Any]] = []
        for due in self._due(moment):
            done = self._one(due, actor, dry)
            for part in done["parts"]:
                counts[part] += 1
            if done["parts"]:
                batch.append(done)
            if len(batch) >= AT_ONCE and not dry:
                self._line(actor, {"tickets": batch}, moment)
                batch = []
        for part, forget in self.others.items():
            counts[part] += forget(moment - timedelta(days=self.rules.parts[part].days), dry)
        counts["letters"] = self._letters(moment - timedelta(days=self.rules.parts["words"].days), dry)
        report = {"counts": counts, "rules": self.rules.as_json(), "complete": True}
        if not dry:
            self._line(actor, {**report, "tickets": batch}, moment)
            if any(counts.values()):
                scrub(self.database)
                log.info("deleted, their time is over", **counts)
        return {"dry_run": dry, "at": moment.isoformat(), **report}

    def _due(self, moment: datetime) -> Iterator[Due]:
        """Closed tickets, oldest first; each with the parts that became due since the last complete run."""
        since = self._since()
        parts = {part: days for part, days in self.rules.parts.items() if part in wiping.PARTS}
        spans = [days for part in parts.values() for days in (part.days, *part.of.values())]
        closed = and_(
            or_(Ticket.stage.in_(CLOSED), Ticket.status == HANDED_OVER),
            Ticket.stage_at <= moment - timedelta(days=min(spans)), Ticket.stage_at > max(LONG_AGO, since - timedelta(days=max(spans))),
        )  # fmt: skip
        last = ""
        while True:
            with self.database.reads() as session:
                rows = session.execute(select(Ticket.id, Ticket.type, Ticket.stage_at).where(closed, Ticket.id > last).order_by(Ticket.id).limit(AT_ONCE)).all()
            for row in rows:
                last = row.id
                over = [part for part, days in parts.items() if since < row.stage_at + timedelta(days=days.by_type(row.type)) <= moment]
                if over:
                    yield Due(row.id, tuple(over))
            if len(rows) < AT_ONCE:
                return

    def _one(self, due: Due, actor: str, dry: bool) -> dict[str, Any]:
        with self.database.reads() as session:
            ticket = session.get_one(Ticket, due.id)
            parts = [part for part in due.parts if wiping.holds(session, ticket, part)]
            if not dry:
                digests = {part: wiping.remove_files(self.vault, session, ticket, part) for part in parts}
        if dry or not parts:
            return {"ticket": due.id, "parts": parts}
        with self.database.writes() as session:
            ticket = session.get_one(Ticket, due.id, with_for_update=True)
            wiping.wipe(session, ticket, parts, actor, WHY, digests)
        return {"ticket": due.id, "parts": parts, "sha256": sorted(sum(digests.values(), []))}

    def _letters(self, before: datetime, dry: bool) -> int:
        """What came by message, fax or form and became no ticket; and what somebody began to say and never ended."""
        old = and_(Arrival.ticket_id.is_(None), Arrival.at < before)
        with self.database.writes() as session:
            count = len(session.scalars(select(Arrival.id).where(old)).all())
            if not dry:
                session.execute(delete(Arrival).where(old))
                session.execute(delete(Begun).where(Begun.expires_at < self.clock()))
        return count

    def _since(self) -> datetime:
        """When the last complete run by these rules was; long ago where there was none."""
        with self.database.reads() as session:
            for line in deletions.lines(session, deletions.MOST_LISTED):
                if line.why == WHY and line.report.get("complete"):
                    return line.at if line.report.get("rules") == self.rules.as_json() else LONG_AGO
        return LONG_AGO

    def _line(self, actor: str, report: dict[str, Any], moment: datetime) -> None:
        with self.database.writes() as session:
            deletions.write(session, self.vault.persons.master(), WHY, actor, report, moment)
