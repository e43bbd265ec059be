"""Ticket numbers a citizen can be told on the telephone: YYYYMMDD-NNNNNN, counted anew each day in Asia/Shanghai."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from sqlalchemy import text
from sqlalchemy.orm import Session

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no daylight saving since 1991; needs no zone database


def next_number(session: Session, now: datetime) -> str:
    """The day's next number. Given back when the transaction fails, so no number is missing."""
    day = now.astimezone(SHANGHAI).strftime("%Y%m%d")
    last = session.execute(
        text(
            "INSERT INTO counters (day, last) VALUES (:day, 1) "
            "ON CONFLICT (day) DO UPDATE SET last = counters.last + 1 RETURNING last"
        ),
        {"day": day},
    ).scalar_one()
    return f"{day}-{last:06d}"
