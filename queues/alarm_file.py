"""The alarms that are on, and the rates they are judged by, as files in HOME/run: telephony and worker write, all read.

    alarms.json  by telephony, which watches: web, `hotline alarms` and telephony itself after a restart read it
    rates.json   by the worker, because counting calls is work that no caller should wait for
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from queues.alarms import Alarm, Board, Rate
from queues.files import write_whole

STALE_SECONDS = 15.0
RATES_STALE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Written:
    """The alarms as they were when somebody last looked."""

    at: float
    alarms: tuple[Alarm, ...]

    def is_stale(self, now: float | None = None) -> bool:
        return (time.time() if now is None else now) - self.at > STALE_SECONDS


def where(home: Path) -> Path:
    return home / "run" / "alarms.json"


def write(path: Path, board: Board, now: float) -> None:
    """Raises OSError."""
    data = {"schema": 1, "at": now, "alarms": [alarm.as_json() for alarm in board.alarms.values()]}
    write_whole(path, json.dumps(data, ensure_ascii=False))


def read(path: Path) -> Written | None:
    """None where there is none, or it is not of this form."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        found = sorted(map(Alarm.from_json, data["alarms"]), key=lambda alarm: (alarm.since, alarm.key))
        return Written(float(data["at"]), tuple(found))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Rates:
    """接通率 of the last 24 hours over all queues, and each queue's service level of the last minutes."""

    connection: Rate
    service: Mapping[str, Rate]


def rates_where(home: Path) -> Path:
    return home / "run" / "rates.json"


def write_rates(path: Path, rates: Rates) -> None:
    """Raises OSError."""
    plain: dict[str, Any] = {"connection": _plain(rates.connection), "service": {name: _plain(rate) for name, rate in rates.service.items()}}
    write_whole(path, json.dumps(plain))


def read_rates(path: Path, now: float) -> Rates | None:
    """None where nobody has counted for a while."""
    try:
        if now - path.stat().st_mtime > RATES_STALE_SECONDS:
            return None
        data = json.loads(path.read_text(encoding="utf-8"))
        return Rates(_rate(data["connection"]), {str(name): _rate(rate) for name, rate in data["service"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _plain(rate: Rate) -> list[float | None]:
    return [rate.share, rate.calls]


def _rate(data: Any) -> Rate:
    share, calls = data
    return Rate(None if share is None else float(share), int(calls))
