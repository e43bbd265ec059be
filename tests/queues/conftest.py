"""A small real Asterisk with queues, whose phones are calls to itself; and citizens who call."""

from __future__ import annotations

import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hotline.asterisk import Asterisk, Instance, find, render
from hotline.settings import Settings
from ivr.model import Queue
from queues import config
from queues.ami import AmiLink, Limits
from queues.storage import MIGRATIONS
from tests.queues.peer import Peer
from tests.tickets import postgres
from tests.tickets.conftest import postgres_server as postgres_server  # noqa: PLC0414 - a fixture here, too
from tickets.database import Database

HERE = Path(__file__).parent
SECRETS = {"hotline": "hotline-secret", "network": "network-secret"}
PHONES = {"answers": ("complaints",), "rings": ("patience",), "talks": ("general",)}

QUICK = Limits(
    connect_seconds=1, login_seconds=4, boot_seconds=5, action_seconds=2, ping_seconds=0.2, silent_seconds=0.6,
    callback_seconds=0.5, resync_seconds=5, first_retry_seconds=0.02, longest_retry_seconds=0.2, refused_retry_seconds=0.3,
)  # fmt: skip


class Phone:
    """A phone as `hotline phone add` knows it."""

    def __init__(self, name: str, queues: tuple[str, ...]) -> None:
        self.name = name
        self.queues = queues


def queue(name: str, strategy: str = "ringall") -> Queue:
    return Queue(
        name=name, label=name, strategy=strategy, wait_seconds=60, overflow="12345-2", ring_seconds=3, wrapup_seconds=0
    )


QUEUES = [queue("complaints", "leastrecent"), queue("general"), queue("nobody"), queue("patience")]


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class QueueHouse:
    """The running Asterisk, where its AMI is and where it writes queue_log."""

    def __init__(self, asterisk: Asterisk, port: int, sip_port: int) -> None:
        self.asterisk = asterisk
        self.port = port
        self.sip_port = sip_port
        self.queue_log = asterisk.instance.home / "log" / "queue_log"

    def link(self, user: str = "hotline", secret: str | None = None, limits: Limits = QUICK) -> AmiLink:
        return AmiLink("127.0.0.1", self.port, user, secret or SECRETS[user], limits=limits)


@contextmanager
def running_house(home: Path) -> Iterator[QueueHouse]:
    port, sip_port = free_port(), free_port(socket.SOCK_DGRAM)
    phones = [Phone(name, queues) for name, queues in PHONES.items()]
    instance = Instance(
        name="queues", home=home, templates=HERE / "asterisk",
        variables={
            "language": "en", "ami_port": port, "sip_port": sip_port, "rtp_first": 21000,
            "phones": list(PHONES), "queues": config.render(QUEUES, phones),
        },
    )  # fmt: skip
    asterisk = Asterisk(find(Settings.load({}).downloads), instance)
    render(instance, asterisk.runtime)
    asterisk.start()
    try:
        yield QueueHouse(asterisk, port, sip_port)
    finally:
        asterisk.stop()


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with Peer() as peer:
        yield peer


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueueHouse]:
    with running_house(tmp_path_factory.mktemp("queue-house")) as house:
        yield house


@pytest.fixture
async def network(house: QueueHouse) -> AsyncIterator[AmiLink]:
    """The telephone network's hand on that Asterisk: places citizens' calls."""
    async with house.link("network") as link:
        await link.wait_connected(5)
        yield link


@pytest.fixture(scope="session")
def queues_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once; each test has a copy."""
    path = tmp_path_factory.mktemp("queues-template") / "hotline.sqlite3"
    _migrated(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def queues_postgres(postgres_server: postgres.Server) -> Iterator[str]:
    with postgres_server.database() as address:
        _migrated(address).close()
        yield postgres.name_of(address)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of each kind with all tables of tickets and queues."""
    if request.param == "sqlite":
        copy = shutil.copyfile(request.getfixturevalue("queues_sqlite"), tmp_path / "hotline.sqlite3")
        opened = Database(f"sqlite:///{copy}")
        yield opened
        opened.close()
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    with server.database(request.getfixturevalue("queues_postgres")) as address:
        opened = Database(address)
        yield opened
        opened.close()


def _migrated(url: str) -> Database:
    database = Database(url)
    database.migrate()
    database.migrate(MIGRATIONS)
    return database
