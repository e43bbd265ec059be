"""An API over a small register: one conversation, one message, one fax; and a token of each role."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queues.model import Agent, AgentState, Call, Doing, QueueView, Waiting
from queues.snapshot import Snapshot
from queues.storage import MIGRATIONS
from tests.tickets.stage import page, speak, write_fax
from tickets.adopt import Adoption
from tickets.models import Ticket
from tickets.spool import Spool
from tickets.store import Store
from tickets.tokens import ROLES
from web.app import create_app

CALLER = "13800001234"


@dataclass
class Hotline:
    """What lies behind the API."""

    home: Path
    store: Store
    reasons: list[str] = field(default_factory=list)
    floor: Snapshot | None = None
    tokens: dict[str, str] = field(default_factory=dict)

    def headers(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}", "X-Hotline-Reason": "a test"}

    def leave(self, kind: str) -> Ticket:
        """A caller leaves a message or a fax."""
        spool = Spool(self.home / "spool")
        item = spool.open(kind, {"caller": CALLER, "caller_name": "王<b>", "path": "12345-1", "type": "complaint", "linkedid": "1.1"})
        if kind == "voicemail":
            speak(spool.media(item), 1)
        else:
            write_fax(spool.media(item), [page("one")])
        spool.close(item.item, fax={"status": "SUCCESS", "pages": "1"} if kind == "fax" else None)
        return Adoption(self.home, spool, self.store).adopt(spool.waiting()[0])


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "hotline.sqlite3"
    store = Store(f"sqlite:///{path}")
    store.migrate()
    store.database.migrate(MIGRATIONS)
    store.close()
    return path


@pytest.fixture
def hotline(tmp_path: Path, template: Path) -> Iterator[Hotline]:
    shutil.copyfile(template, tmp_path / "hotline.sqlite3")
    store = Store(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    (tmp_path / "spool").mkdir()
    hotline = Hotline(tmp_path, store)
    hotline.tokens = {role: store.tokens.create(role)[1] for role in ROLES}
    yield hotline
    store.close()


@pytest.fixture
def api(hotline: Hotline) -> Iterator[TestClient]:
    app = create_app(hotline.store, home=hotline.home, reasons=lambda: hotline.reasons, floor=lambda: hotline.floor)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def busy_floor(hotline: Hotline) -> None:
    hotline.floor = Snapshot(
        written_at=datetime.now(UTC), connected=True, fault=None,
        queues=(QueueView("complaints", "leastrecent", ("1001",), 1, 0, (Waiting("1.1", "complaints", CALLER, 1.0),)),),
        agents=(Agent("1001", AgentState.TALKING, False, "", ("complaints",), 3, "1.2"),),
        calls=(Call("1.1", CALLER, "12345", 1.0, doing=Doing.WAITING),), recent=(Call("0.9", CALLER, "12345", 0.5, ended=0.9),),
    )  # fmt: skip
