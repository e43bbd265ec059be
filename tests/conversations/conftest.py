"""One hotline with two agents, a supervisor and an outside number; what each of them hears is what these stories are about."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from hotline.asterisk import find
from queues import audit, people
from queues.actor import Actor
from queues.desk import ask
from queues.tables import Audit
from telephone.caller import Caller
from telephone.centre import Centre
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network
from telephone.phone import Phone
from telephone.prompts import Prompts
from tests.calls.conftest import change, until
from tests.calls.places import copied_city, record, short_folder, wired
from tests.calls.staff import on_desks, tokens
from tickets.database import Database

SIP_PORT = 21160
CALLS = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]
OUTSIDE = "05468012319"
SKILLS = {"wang": "noise", "li": "tax"}
BY = Actor("administrator")
_numbers = itertools.count(1)


@dataclass
class Floor:
    """Everybody who can be heard, and the API as each role sees it."""

    hotline: HotlineUnderTest
    network: Network
    prompts: Prompts
    phones: dict[str, Phone]
    outside: Centre
    tokens: dict[str, str]
    http: httpx.AsyncClient
    citizens: list[Caller] = field(default_factory=list)
    """Who called in this story."""
    asleep: bool = False
    """The service was stopped, and is started again by the next story that needs it; after the last one, by nobody."""

    async def ask(self, who: str, method: str, path: str, body: Any = None, expected: int | None = None) -> dict[str, Any]:
        """One request with that person's token; a status other than expected (any success) fails the story."""
        answer = await self.http.request(method, path, json=body, headers={"Authorization": f"Bearer {self.tokens[who]}"})
        right = answer.status_code == expected if expected else answer.is_success
        assert right, f"{method} {path} as {who}: {answer.status_code} {answer.text}"
        if expected and expected >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
        told: dict[str, Any] = answer.json()
        return told

    async def call(self, who: str, linkedid: str, deed: str, body: Any = None, expected: int | None = None) -> dict[str, Any]:
        return await self.ask(who, "POST", f"/api/calls/{linkedid}/{deed}", {} if body is None else body, expected)

    async def talk(self, first: str = "wang", number: str = "1234511") -> tuple[Caller, str]:
        """A citizen whom this agent's phone has answered, and the call's name."""
        citizen = self.network.caller(f"139{next(_numbers):08d}")
        self.citizens.append(citizen)
        await citizen.dials(number)
        await self.phones[first].rings()
        await self.phones[first].answers()
        return citizen, await self.linkedid(citizen)

    async def linkedid(self, citizen: Caller) -> str:
        async def found() -> str:
            calls = (await self.hotline.get("/api/calls")).json()["items"]
            return next((str(call["linkedid"]) for call in calls if call["caller"] == citizen.number), "")

        return str(await until(found, "the call in the live picture"))

    async def is_doing(self, phone: str, state: str) -> bool:
        agents = (await self.hotline.get("/api/agents")).json()["items"]
        return any(agent["phone"] == phone and agent["state"] == state for agent in agents)

    async def waits(self, queue: str, linkedid: str) -> bool:
        queues = (await self.hotline.get("/api/queues")).json()["items"]
        return any(caller["uniqueid"] == linkedid for one in queues if one["name"] == queue for caller in one["waiting"])

    def audit(self) -> Sequence[Audit]:
        database = Database(self.hotline.settings.database_url)
        try:
            return audit.lines(database, 500)
        finally:
            database.close()

    def queue_log(self, event: str, linkedid: str = "") -> list[list[str]]:
        """Its lines of this kind, each as its fields."""
        text = (self.hotline.plan.home / "asterisk/log/queue_log").read_text(encoding="utf-8")
        lines = [line.split("|") for line in text.splitlines()]
        return [line for line in lines if len(line) > 4 and line[4] == event and (not linkedid or linkedid in (line[1], line[5]))]


@pytest.fixture(scope="session")
def folder() -> Any:
    with short_folder("talks") as made:
        yield made


@pytest.fixture(scope="session")
def city(folder: Path) -> Path:
    """The city as it is, with short recordings, queues that ask how it was, and a list of transfers."""
    made = copied_city(folder)
    record(made, lambda _: 0.5)
    change(made / "queues.yaml", _quick)
    (made / "revisits.yaml").write_text('after_minutes: 0\nfirst: "00:00"\nlast: "23:59"\n', encoding="utf-8")
    (made / "waiting.yaml").write_text("skills: {noise: 噪声, tax: 税务}\n", encoding="utf-8")
    return made


def _quick(queues: Any) -> None:
    for name, skill in (("complaints", "noise"), ("general", "tax")):
        queues[name].update(wait_seconds=60, wrapup_seconds=0, ring_seconds=5, skills=[skill])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def floor(folder: Path, city: Path) -> AsyncIterator[Floor]:
    plan, wiring = wired(folder, SIP_PORT, 26000, city, {"sip": {"outbound": f"127.0.0.2:{SIP_PORT}"}, "spool": {"minimum_free_mb": 1}})
    async with (
        HotlineUnderTest(plan) as hotline,
        Network(wiring, find(hotline.settings.downloads)) as network,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{plan.http_port}", timeout=10, trust_env=False) as http,
    ):
        phones = await on_desks(hotline, network, "wang", "li", "boss")
        await asyncio.to_thread(_staff, hotline)
        roles = {"boss": ("supervisor", ""), "stranger": ("integration", "")} | {login: ("agent", login) for login in SKILLS}
        secrets = await tokens(hotline, roles)
        outside = network.centre(OUTSIDE)
        yield Floor(hotline, network, Prompts(hotline.settings.sounds / "zh"), phones, outside, secrets, http)


def _staff(hotline: HotlineUnderTest) -> None:
    """Two agents, each at the phone of their name, each in one queue."""
    database = Database(hotline.settings.database_url)
    for number, (login, skill) in enumerate(SKILLS.items(), 1):
        people.add(database, BY, login, {"name": login, "work_number": f"10{number}", "skills": {skill: 5}})
        ask(hotline.plan.home, "agent.login", BY, login=login, phone=login)
    database.close()


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nobody_left(floor: Floor) -> AsyncIterator[None]:
    """Every story ends with all phones free, also one that failed."""
    if floor.asleep:
        await floor.hotline.start()
        floor.asleep = False
    yield
    citizens, floor.citizens = floor.citizens, []
    for citizen in citizens:
        if citizen.connected:
            await citizen.hangs_up()
    for phone in (*floor.phones.values(), floor.outside):
        await phone.is_free()

