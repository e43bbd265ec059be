"""One hotline with two agents, a supervisor and an outside number; what each of them hears is what these stories are about."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from hotline.asterisk import find
from hotline.settings import DIALPLANS
from queues import audit, people
from queues.actor import Actor
from queues.desk import ask
from queues.tables import Audit
from speech.prompts import texts
from telephone import sound
from telephone.caller import Caller
from telephone.centre import Centre
from telephone.hotline_under_test import HotlineUnderTest, Plan
from telephone.network import Network, Wiring
from telephone.phone import Phone, PhoneAccount
from telephone.prompts import Prompts
from tests.calls.conftest import change, until
from tickets.database import Database

SIP_PORT = 21160
CALLS = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]
LIKE = 0.8
UNLIKE = 0.3
OUTSIDE = "05468012319"
SKILLS = {"wang": "noise", "li": "tax"}
BY = Actor("administrator")
_numbers = itertools.count(1)
_clips = itertools.count(1)

Ear = Caller | Phone


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


async def hears(**ears: Ear) -> dict[str, set[str]]:
    """Each says something in turn; who heard whom. Neither clearly heard nor clearly not fails."""
    found: dict[str, set[str]] = {name: set() for name in ears}
    for speaker, leg in ears.items():
        clip = sound.babble(0.4, seed=10_000 + next(_clips))
        before = {name: ear.leg.samples_heard for name, ear in ears.items()}
        await leg.speaks(clip)
        for name, ear in ears.items():
            if name == speaker:
                continue
            await ear.leg.has_heard(before[name] + len(clip) + 2400, 2)
            likeness = sound.match(ear.leg.heard(before[name]), clip).correlation
            assert likeness >= LIKE or likeness <= UNLIKE, f"{name} half heard {speaker}: {likeness:.2f}"
            if likeness >= LIKE:
                found[name].add(speaker)
    return found


def everybody(*names: str) -> dict[str, set[str]]:
    """All hear all."""
    return {name: set(names) - {name} for name in names}


async def soon(wanted: Mapping[str, set[str]], seconds: float = 8, **ears: Ear) -> None:
    """Waits until exactly these hear each other."""
    heard: dict[str, set[str]] = {}
    try:
        async with asyncio.timeout(seconds):
            while (heard := await hears_once(**ears)) != dict(wanted):
                pass
    except TimeoutError:
        raise AssertionError(f"heard: {heard}, not {dict(wanted)}") from None


async def hears_once(**ears: Ear) -> dict[str, set[str]]:
    """As `hears`; while something changes, half heard is not heard."""
    try:
        return await hears(**ears)
    except AssertionError:
        return {}


@pytest.fixture(scope="session")
def folder() -> Any:
    made = Path(tempfile.mkdtemp(prefix="talks-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def city(folder: Path) -> Path:
    """The city as it is, with short recordings, queues that ask how it was, and a list of transfers."""
    made = folder / "city"
    shutil.copytree(DIALPLANS / "12345", made)
    for name in texts(made):
        sound.write(made / "recordings" / "zh" / f"{name}.wav", sound.babble(0.5, seed=zlib.crc32(name.encode())))
    change(made / "queues.yaml", _quick)
    (made / "revisits.yaml").write_text('after_minutes: 0\nfirst: "00:00"\nlast: "23:59"\n', encoding="utf-8")
    (made / "waiting.yaml").write_text("skills: {noise: 噪声, tax: 税务}\n", encoding="utf-8")
    return made


def _quick(queues: Any) -> None:
    for name, skill in (("complaints", "noise"), ("general", "tax")):
        queues[name].update(wait_seconds=60, wrapup_seconds=0, ring_seconds=5, skills=[skill])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def floor(folder: Path, city: Path) -> AsyncIterator[Floor]:
    plan = Plan(
        folder / "hotline", SIP_PORT, SIP_PORT + 1, SIP_PORT + 2, SIP_PORT + 3, (26000, 27999),
        settings={"sip": {"address": "127.0.0.1", "outbound": f"127.0.0.2:{SIP_PORT}"}, "menu": {"city": str(city)}, "spool": {"minimum_free_mb": 1}},
    )  # fmt: skip
    wiring = Wiring(folder / "network", hotline_port=SIP_PORT, sip_port=SIP_PORT, phones_port=SIP_PORT + 4, ami_port=SIP_PORT + 5, rtp_ports=(28000, 29999))
    async with (
        HotlineUnderTest(plan) as hotline,
        Network(wiring, find(hotline.settings.downloads)) as network,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{plan.http_port}", timeout=10, trust_env=False) as http,
    ):
        phones = {name: await _phone(hotline, network, name) for name in ("wang", "li", "boss")}
        await asyncio.to_thread(_staff, hotline)
        tokens = {"boss": await _token(hotline, "supervisor"), "stranger": await _token(hotline, "integration")}
        tokens |= {login: await _token(hotline, "agent", "--agent", login) for login in SKILLS}
        outside = network.centre(OUTSIDE)
        yield Floor(hotline, network, Prompts(hotline.settings.sounds / "zh"), phones, outside, tokens, http)


async def _token(hotline: HotlineUnderTest, role: str, *more: str) -> str:
    return str((await hotline.command("token", "create", "--role", role, *more))["token"])


def _staff(hotline: HotlineUnderTest) -> None:
    """Two agents, each at the phone of their name, each in one queue."""
    database = Database(hotline.settings.database_url)
    for number, (login, skill) in enumerate(SKILLS.items(), 1):
        people.add(database, BY, login, {"name": login, "work_number": f"10{number}", "skills": {skill: 5}})
        ask(hotline.plan.home, "agent.login", BY, login=login, phone=login)
    database.close()


async def _phone(hotline: HotlineUnderTest, network: Network, name: str) -> Phone:
    account = await hotline.command("phone", "add", name)
    return await network.phone(PhoneAccount(account["username"], account["secret"]))


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nobody_left(floor: Floor) -> AsyncIterator[None]:
    """Every story ends with all phones free, also one that failed."""
    yield
    citizens, floor.citizens = floor.citizens, []
    for citizen in citizens:
        if citizen.connected:
            await citizen.hangs_up()
    for phone in (*floor.phones.values(), floor.outside):
        await phone.is_free()

