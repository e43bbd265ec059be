"""One hotline whose menus listen and whose talks can be captioned, with one agent; what is said to it is Mandarin of the demonstration voice."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import pytest_asyncio

from hotline.asterisk import find
from queues.events import EventLog
from telephone import sound, voices
from telephone.caller import Caller
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network
from telephone.phone import Phone, PhoneAccount
from telephone.prompts import Prompts
from telephone.sound import Samples
from tests.calls.asterisk_line import Decisions
from tests.calls.conftest import change, quick, until
from tests.calls.places import copied_city, record, short_folder, wired

SIP_PORT = 21360
CALLS = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]
PROMPT_SECONDS = 0.6
SPEAK = {
    "1": {"phrases": ["投诉", "我要投诉"], "confirm": "confirm-complaint"},
    "2": {"phrases": ["咨询", "我想问一下", "求助"], "confirm": "confirm-consultation"},
    "4": {"phrases": ["提建议", "建议"], "confirm": "confirm-suggestion"},
}
_numbers = itertools.count(1)


@dataclass
class World:
    """Everything of one hotline that these stories speak of."""

    hotline: HotlineUnderTest
    network: Network
    prompts: Prompts
    decisions: Decisions
    phone: Phone
    http: httpx.AsyncClient
    tokens: dict[str, str]
    log: EventLog
    callers: list[Caller] = field(default_factory=list)

    def citizen(self) -> Caller:
        self.callers.append(self.network.caller(f"137{next(_numbers):08d}"))
        return self.callers[-1]

    def says(self, text: str) -> Samples:
        return np.concatenate([voices.clip(text, self.hotline.settings), sound.silence(0.9)])

    async def hears(self, citizen: Caller, prompt: str, within: float = 20.0) -> None:
        await citizen.hears(self.prompts[prompt], prompt, within=within)

    async def reached(self, citizen: Caller, where: str) -> None:
        await self.decisions.reached(citizen.number, where, 5)

    def events(self, kind: str, linkedid: str = "") -> list[dict[str, Any]]:
        lines, _, _ = self.log.read(1)
        return [dict(line.data) for line in lines if line.kind == kind and (not linkedid or line.data.get("linkedid") == linkedid)]

    async def ask(self, who: str, method: str, path: str, expected: int) -> dict[str, Any]:
        answer = await self.http.request(method, path, headers={"Authorization": f"Bearer {self.tokens[who]}"})
        assert answer.status_code == expected, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def linkedid(self, citizen: Caller) -> str:
        async def found() -> str:
            calls = (await self.hotline.get("/api/calls")).json()["items"]
            return next((str(call["linkedid"]) for call in calls if call["caller"] == citizen.number), "")

        return str(await until(found, "the call in the live picture"))


@pytest.fixture(scope="session")
def folder() -> Any:
    with short_folder("speaking") as made:
        yield made


@pytest.fixture(scope="session")
def city(folder: Path) -> Path:
    made = copied_city(folder)
    change(made / "menus.yaml", lambda menus: menus["nodes"]["12345-1"].update(speak=SPEAK))
    more = {f"confirm-{name}": name for name in ("complaint", "consultation", "suggestion")}
    change(made / "prompts.yaml", lambda prompts: prompts.update(more))
    change(made / "queues.yaml", lambda queues: [quick(queue) for queue in queues.values()])
    change(made / "queues.yaml", lambda queues: queues["general"].update(captions="live"))
    record(made, lambda _: PROMPT_SECONDS)
    return made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(folder: Path, city: Path) -> AsyncIterator[World]:
    plan, wiring = wired(folder, SIP_PORT, 34000, city, {"speech": {"listen": False, "live_streams": 3}})
    async with (
        HotlineUnderTest(plan) as hotline,
        Network(wiring, find(hotline.settings.downloads)) as network,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{plan.http_port}", timeout=10, trust_env=False) as http,
        Decisions(hotline.settings) as decisions,
    ):
        account = await hotline.command("phone", "add", "wang", "--queue", "complaints", "--queue", "general")
        phone = await network.phone(PhoneAccount(account["username"], account["secret"]))
        tokens = {role: str((await hotline.command("token", "create", "--role", role))["token"]) for role in ("supervisor", "integration")}
        made = World(hotline, network, Prompts(hotline.settings.sounds / "zh"), decisions, phone, http, tokens, EventLog(plan.home))
        await until(lambda: asyncio.to_thread(_listens, hotline), "somebody listens", 30)
        yield made


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nobody_left(world: World) -> AsyncIterator[None]:
    """Every story ends with all telephones free."""
    yield
    while world.callers:
        citizen = world.callers.pop()
        if citizen.connected:
            await citizen.hangs_up()
    await world.phone.is_free()


def _listens(hotline: HotlineUnderTest) -> bool:
    return "live calls can be listened to" in log_of(hotline)


def log_of(hotline: HotlineUnderTest) -> str:
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted((hotline.plan.home / "log").glob("*telephony*")))
