"""Whether both sides have the same of a day: for each ticket or call how many deliveries were taken, and one hash over them.

    hash = SHA-256 over "KEY SHA256\\n" for each delivery, sorted by KEY: its Idempotency-Key, the SHA-256 of its exact body in hex

Either side can ask the other; a day is that of the city, told with each delivery in X-Hotline-Day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import func, select

from tickets import models
from tickets.connectors import Connector, Held
from tickets.models import Delivery
from tickets.numbers import SHANGHAI
from tickets.outbox import Outbox
from tickets.outbox_tables import Reconciliation

PAGE = 1000  # tickets or calls
DAYS = 7  # that are compared by themselves; one that could not be is made up
MOST_NAMED = 500  # differences that are written down


@dataclass(frozen=True)
class Ours:
    """What we know they took of one day; `waiting` and `dead` are what they have not taken, as far as we know."""

    about: str
    deliveries: int
    hash: str
    waiting: int = 0
    dead: int = 0


@dataclass(frozen=True)
class Compared:
    """`missing` there altogether; of `different` they have less or something else; `unknown` to us."""

    compared: int
    missing: tuple[str, ...]
    different: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def differences(self) -> int:
        return len(self.missing) + len(self.different) + len(self.unknown)


def hash_of(deliveries: Iterable[tuple[str, str]]) -> str:
    """Of pairs of key and SHA-256 of the body."""
    return hashlib.sha256("".join(f"{key} {sha256}\n" for key, sha256 in sorted(deliveries)).encode()).hexdigest()


@dataclass(frozen=True)
class Reconciling:
    """Over one outbox. Synchronous."""

    outbox: Outbox

    def ours(self, day: date, limit: int = PAGE, after: str = "") -> list[Ours]:
        """Of one day, by `about` in order of its text. `after`: the last one seen."""
        of_day = select(Delivery.about).where(Delivery.day == day.isoformat(), Delivery.about > after)
        with self.outbox.database.reads() as session:
            abouts = session.scalars(of_day.distinct().order_by(Delivery.about).limit(limit)).all()
            if not abouts:
                return []
            columns = (Delivery.about, Delivery.idempotency_key, Delivery.body_sha256, Delivery.state, Delivery.delivered_at)
            wanted = (Delivery.day == day.isoformat(), Delivery.about > after, Delivery.about <= abouts[-1])
            rows = session.execute(select(*columns).where(*wanted).order_by(Delivery.about)).all()
        return [_ours(about, list(group)) for about, group in groupby(rows, key=lambda row: row.about)]

    def all_ours(self, day: date) -> Iterator[Ours]:
        last = ""
        while page := self.ours(day, after=last):
            yield from page
            last = page[-1].about

    def reconcile(self, day: date, connector: Connector) -> Compared | None:
        """Asks them, compares, writes down what came of it; None where they cannot be asked. Raises DeliveryError."""
        theirs = connector.held(day)
        if theirs is None:
            return None
        found = compare(self.all_ours(day), theirs)
        with self.outbox.database.writes() as session:
            row = session.get(Reconciliation, day.isoformat()) or Reconciliation(day=day.isoformat())
            row.at, row.compared, row.differences = self.outbox.clock(), found.compared, found.differences
            row.detail = {name: list(value)[:MOST_NAMED] for name, value in asdict(found).items() if name != "compared"}
            session.add(row)
        return found

    def not_compared(self) -> list[date]:
        """Of the last days those that were not compared yet, or differed, oldest first; today is not over."""
        today = self.today()
        days = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
        with self.outbox.database.reads() as session:
            done = set(session.scalars(select(Reconciliation.day).where(Reconciliation.differences == 0)))
            first = session.scalar(select(func.min(Delivery.day))) or today.isoformat()
        return [day for day in days if day.isoformat() not in done and day.isoformat() >= first]

    def with_differences(self) -> list[tuple[str, int]]:
        """Days, and how many tickets and calls differ: a person should look."""
        since = (self.today() - timedelta(days=DAYS)).isoformat()
        wanted = select(Reconciliation.day, Reconciliation.differences).where(Reconciliation.day >= since, Reconciliation.differences > 0)
        with self.outbox.database.reads() as session:
            return [(day, differences) for day, differences in session.execute(wanted.order_by(Reconciliation.day))]

    def today(self) -> date:
        return self.outbox.clock().astimezone(SHANGHAI).date()


def compare(ours: Iterable[Ours], theirs: Mapping[str, Held]) -> Compared:
    """What we do not know that they took, because it waits still, is no difference: it will be sent again and known by its key."""
    missing, different, seen, compared = [], [], set[str](), 0
    for mine in ours:
        seen.add(mine.about)
        compared += 1
        held = theirs.get(mine.about)
        if held is None and mine.deliveries:
            missing.append(mine.about)
        elif held is not None and held != Held(mine.deliveries, mine.hash) and not (mine.waiting and held.deliveries > mine.deliveries):
            different.append(mine.about)
    return Compared(compared, tuple(missing), tuple(different), tuple(sorted(theirs.keys() - seen)))


def shown(row: Ours) -> dict[str, Any]:
    return asdict(row)


def parsed(day: str, today: date) -> date:
    """YYYY-MM-DD, or `yesterday`. Raises ValueError."""
    return today - timedelta(days=1) if day == "yesterday" else datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=SHANGHAI).date()


def _ours(about: str, rows: list[Any]) -> Ours:
    taken = [(row.idempotency_key, row.body_sha256) for row in rows if row.delivered_at is not None]
    open_ = [row.state for row in rows if row.delivered_at is None]
    return Ours(about, len(taken), hash_of(taken), open_.count(models.WAITING), open_.count(models.DEAD))
