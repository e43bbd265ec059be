"""The picture as one file, HOME/run/state.json, so that the web and the commands need no link to Asterisk of their own.

It is written by the telephony process at each change (a few times a second at most) and every few seconds without one,
so its age says whether anybody is looking. It holds callers' numbers: mode 0600.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from queues.files import write_whole
from queues.model import Agent, AgentState, Call, Doing, QueueView, Waiting
from queues.state import Picture

SCHEMA = 1
STALE_SECONDS = 15


@dataclass(frozen=True)
class Snapshot:
    """What was going on at `written_at`."""

    written_at: datetime
    connected: bool
    fault: str | None
    """Why there was no link to Asterisk."""
    queues: tuple[QueueView, ...]
    agents: tuple[Agent, ...]
    calls: tuple[Call, ...]
    recent: tuple[Call, ...]
    """Calls that have ended, the last one first."""

    def age_seconds(self, now: datetime | None = None) -> float:
        return max(0.0, ((now or datetime.now(UTC)) - self.written_at).total_seconds())

    def is_stale(self, now: datetime | None = None) -> bool:
        """Nobody is looking, or whoever looks has no link: what it says may be over."""
        return not self.connected or self.age_seconds(now) > STALE_SECONDS


def where(home: Path) -> Path:
    """The file's place in the hotline's data folder."""
    return home / "run" / "state.json"


def take(picture: Picture, now: datetime, fault: str | None) -> Snapshot:
    """The picture, as it is."""
    return Snapshot(
        written_at=now, connected=fault is None, fault=fault, queues=tuple(picture.queues()),
        agents=tuple(picture.agents()), calls=tuple(picture.live_calls()), recent=tuple(reversed(picture.recent)),
    )  # fmt: skip


def write(path: Path, snapshot: Snapshot) -> None:
    data = _plain(snapshot) | {"schema": SCHEMA, "written_at": snapshot.written_at.isoformat()}
    write_whole(path, json.dumps(data, ensure_ascii=False, default=_plain))


def read(path: Path) -> Snapshot | None:
    """None where there is none yet, or it is of another version of this program."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _parsed(data) if data["schema"] == SCHEMA else None
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _plain(item: Any) -> dict[str, Any]:
    """As `dataclasses.asdict`, without its copy of everything: this runs four times a second beside callers' menus."""
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def _parsed(data: dict[str, Any]) -> Snapshot:
    return Snapshot(
        written_at=datetime.fromisoformat(data["written_at"]), connected=bool(data["connected"]), fault=data["fault"],
        queues=tuple(
            QueueView(**_of(QueueView, item) | {"members": tuple(item["members"]), "waiting": tuple(map(_waiting, item["waiting"]))})
            for item in data["queues"]
        ),
        agents=tuple(Agent(**_of(Agent, item) | {"state": AgentState(item["state"]), "queues": tuple(item["queues"])}) for item in data["agents"]),
        calls=tuple(map(_call, data["calls"])), recent=tuple(map(_call, data["recent"])),
    )  # fmt: skip


def _waiting(item: dict[str, Any]) -> Waiting:
    return Waiting(**_of(Waiting, item) | {"needs": tuple(item["needs"])})


def _call(item: dict[str, Any]) -> Call:
    return Call(**_of(Call, item) | {"doing": Doing(item["doing"])})


def _of(kind: type, item: dict[str, Any]) -> dict[str, Any]:
    return {field.name: item[field.name] for field in fields(kind)}
