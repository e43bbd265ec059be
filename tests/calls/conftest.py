"""One hotline and one telephone network for all stories of this folder, started once; every story leaves no call behind."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from hotline.asterisk import find
from telephone.hotline_under_test import HotlineUnderTest, Plan
from telephone.network import Network, Wiring
from telephone.phone import Phone, PhoneAccount
from telephone.prompts import Prompts
from tests.calls.asterisk_line import PATIENCE, AsteriskLine, Decisions
from tests.calls.places import copied_city, record, short_folder, wired
from tests.scenario import Caller

SIP_PORT = 21060
WAIT_SECONDS = 5  # the least that the check allows
NO_INPUT_SECONDS = 2
PROMPT_SECONDS = 1.6
SHORT = ("digit-", "ticket-", "month-", "day-")  # of which many are said in a row
SHORT_SECONDS = 0.24
SUB_CENTRE = "05462212366"
TAX = {"name": "税务", "mode": "sub-centre", "number": DoubleQuotedScalarString(SUB_CENTRE), "category": "tax", "type": "consultation"}
# Every module here has it: the hotline and the network are shared, so is their event loop.
CALLS = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]
_numbers = itertools.count(1)

Citizen = Callable[..., AsteriskLine]


@pytest.fixture(scope="session")
def folder() -> Any:
    with short_folder("calls") as made:
        yield made


@pytest.fixture(scope="session")
def city(folder: Path) -> Path:
    """The city as it is, but callers are not kept waiting: shorter waits, and short prompts."""
    made = copied_city(folder)
    record(made, lambda name: SHORT_SECONDS if name.startswith(SHORT) else PROMPT_SECONDS)
    change(made / "menus.yaml", lambda menus: menus.update(no_input_seconds=NO_INPUT_SECONDS))
    change(made / "queues.yaml", lambda queues: [quick(queue) for queue in queues.values()])
    change(made / "numbers.yaml", lambda numbers: numbers["numbers"].update({DoubleQuotedScalarString("12366"): TAX}))
    change(made / "alarms.yaml", lambda alarms: alarms.update(nobody_seconds=1, clear_seconds=1))
    return made


def quick(queue: Any) -> None:
    """Nobody is kept waiting, nor asked how it was."""
    queue.update(wait_seconds=WAIT_SECONDS, wrapup_seconds=0)
    queue.pop("satisfaction", None)


def change(path: Path, how: Callable[[Any], object]) -> None:
    yaml = YAML()
    data = yaml.load(path.read_text(encoding="utf-8"))
    how(data)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(data, file)


@pytest.fixture(scope="session")
def wires(folder: Path, city: Path) -> tuple[Plan, Wiring]:
    # Short messages come and go by the trunk.
    return wired(folder, SIP_PORT, 22000, city, {"sms": {"sip_numbers": ["12345"], "sip_outbound": f"127.0.0.2:{SIP_PORT}"}})


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hotline(wires: tuple[Plan, Wiring]) -> AsyncIterator[HotlineUnderTest]:
    plan, _ = wires
    async with HotlineUnderTest(plan) as running:
        yield running


@asynccontextmanager
async def down(hotline: HotlineUnderTest) -> AsyncIterator[None]:
    """Every Python process is dead for a while; Asterisk is alone."""
    await hotline.kill_python()
    try:
        yield
    finally:
        await hotline.start()


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["service", "asterisk alone"])
async def either(request: pytest.FixtureRequest, hotline: HotlineUnderTest, decisions: Decisions) -> AsyncIterator[HotlineUnderTest]:
    """The story must be the same with the service and without it."""
    if request.param == "service":
        yield hotline
    else:
        async with down(hotline):
            yield hotline


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def network(wires: tuple[Plan, Wiring], hotline: HotlineUnderTest) -> AsyncIterator[Network]:
    _, wiring = wires
    async with Network(wiring, find(hotline.settings.downloads)) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def agent(hotline: HotlineUnderTest, network: Network) -> Phone:
    """The one agent, in both queues, with a phone that has registered."""
    account = await hotline.command("phone", "add", "agent-1001", "--queue", "complaints", "--queue", "general")
    return await network.phone(PhoneAccount(account["username"], account["secret"]))


@pytest.fixture(scope="session")
def prompts(hotline: HotlineUnderTest) -> Prompts:
    return Prompts(hotline.settings.sounds / "zh")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def decisions(hotline: HotlineUnderTest) -> AsyncIterator[Decisions]:
    async with Decisions(hotline.settings) as listening:
        yield listening


@pytest_asyncio.fixture(loop_scope="session")
async def citizen(network: Network, prompts: Prompts, decisions: Decisions, agent: Phone) -> AsyncIterator[Citizen]:
    """Makes citizens, each with a number of their own; hangs up after them."""
    lines: list[AsteriskLine] = []

    def make(number: str | None = None, **how: Any) -> AsteriskLine:
        own = f"138{next(_numbers):08d}" if number is None else number
        lines.append(AsteriskLine(network.caller(own, **how), prompts, decisions))
        return lines[-1]

    yield make
    for line in lines:
        if line.telephone.connected:
            await line.telephone.hangs_up()
    await agent.is_free()


@pytest.fixture
def caller(citizen: Citizen) -> Caller:
    """One citizen, as stories speak of them."""
    return Caller(citizen())


async def ticket_of(hotline: HotlineUnderTest, number: str) -> dict[str, Any]:
    """The newest ticket of this caller, or nothing; masked numbers keep their beginning and end."""
    found = [ticket for ticket in await hotline.tickets() if _ends(str(ticket["caller"])) == _ends(number)]
    return found[0] if found else {}


def _ends(number: str) -> tuple[str, str]:
    return number[:3], number[-4:]


async def until(true: Callable[[], Any], what: str, seconds: float = 10.0) -> Any:
    """Looks again and again, for as long as that may take on an idle machine and PATIENCE times that; for what nothing announces."""
    try:
        async with asyncio.timeout(seconds * PATIENCE):
            while not (found := await true()):  # noqa: ASYNC110 - another process, which announces nothing
                await asyncio.sleep(0.1)
            return found
    except TimeoutError:
        raise AssertionError(f"{what}: not within {seconds * PATIENCE:g} s") from None


