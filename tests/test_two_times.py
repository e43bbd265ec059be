"""Two rooms have a column type for times each (ADR 0086): they say the same of every moment, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from queues.tables import Moment
from tickets.models import UTCDateTime

MOMENTS = [
    datetime(2026, 11, 22, 9, 30, tzinfo=UTC), datetime(2026, 11, 22, 1, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8))),
    datetime(1969, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))), None,
]  # fmt: skip


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_both_keep_and_give_back_the_same(moment: datetime | None, dialect: sqlite.dialect | postgresql.dialect) -> None:
    kept = [kind.process_bind_param(moment, dialect) for kind in (Moment(), UTCDateTime())]
    assert kept[0] == kept[1]
    given = [kind.process_result_value(kept[0], dialect) for kind in (Moment(), UTCDateTime())]
    assert given == [moment, moment] and all(one is None or one.utcoffset() == timedelta(0) for one in given)


@pytest.mark.parametrize("kind", [Moment(), UTCDateTime()])
def test_neither_takes_a_time_without_a_zone(kind: Moment | UTCDateTime) -> None:
    with pytest.raises(ValueError, match="zone"):
        kind.process_bind_param(datetime(2026, 11, 22), sqlite.dialect())
