"""One hotline for all stories of this folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest_asyncio
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from hotline.asterisk import find
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network
from telephone.phone import Phone, PhoneAccount
from tests.calls.conftest import change
from tests.calls.places import wired
from tests.calls.waiting.floor import RELAXED_SECONDS, SITE, Floor

SIP_PORT = 21160
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def floor(folder: Path, city: Path) -> AsyncIterator[Floor]:
    here = folder / "waiting"
    change(_copied(city, here / "city") / "queues.yaml", _queues)
    change(here / "city" / "menus.yaml", _menus)
    change(here / "city" / "hours.yaml", _hours)
    change(here / "city" / "waiting.yaml", _waiting)
    plan, wiring = wired(here, SIP_PORT, 24000, here / "city", {"sip": {"sites": {SITE: f"127.0.0.1:{SIP_PORT + 4}"}}})
    async with HotlineUnderTest(plan) as hotline, Network(wiring, find(hotline.settings.downloads)) as network:
        made = Floor(hotline, network)
        await made.connects()
        await made.served()
        yield made
        await made.ami.close()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def phones(floor: Floor) -> dict[str, Phone]:
    """Three on their desks; whoever works at them joins queues in the stories."""
    made = {}
    for name in ("able", "learning", "other"):
        account = await floor.hotline.command("phone", "add", name)
        made[name] = await floor.network.phone(PhoneAccount(account["username"], account["secret"]))
    return made


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def cleared(floor: Floor, phones: dict[str, Phone]) -> AsyncIterator[None]:
    yield
    await floor.over()
    for phone in phones.values():
        await phone.is_free()


def _queues(queues: Any) -> None:
    queues["general"].update(languages={"en": "english"}, relax=["0 7", f"{RELAXED_SECONDS} 1", f"{2 * RELAXED_SECONDS} 0"], wait_seconds=60)
    queues["complaints"].update(say="both", say_seconds=15, wait_seconds=60)
    queues["timed"] = {**deepcopy(queues["complaints"]), "name": "timed"}  # of its calls nothing was measured yet
    ways = {
        "moving": "after 3 to queue general", "many": "above 0 to number 13800001999",
        "empty": "nobody to voicemail 12345-2", "closed": "outside elsewhen to voicemail 12345-2", "later": "after 3 to voicemail 12345-2",
        "far": f"nobody to site {SITE}",
    }  # fmt: skip
    for name, way in ways.items():
        queues[name] = {"name": name, "strategy": "linear", "wait_seconds": 60, "wrapup_seconds": 0, "overflow": "12345-2", "overflows": [way]}


def _menus(menus: Any) -> None:
    nodes = menus["nodes"]
    nodes["12345-1-2"]["skills"] = ["tax"]
    nodes["12345-1-3"]["queue"], nodes["12345-1-4"]["queue"] = "moving", "many"
    nodes["12345-1-7"] = {"name": "timed", "kind": "queue", "queue": "timed", "type": "help"}
    nodes["12345-1"]["choices"]["7"] = "12345-1-7"
    nodes["12345-1-6"] = {"name": "empty", "kind": "queue", "queue": "empty", "type": "help"}
    nodes["12345-1"]["choices"]["6"] = "12345-1-6"
    for key, queue in (("5", "closed"), ("6", "general"), ("7", "later"), ("9", "far")):
        nodes[f"12345-{key}"] = {"name": queue, "kind": "queue", "queue": queue, "type": "help"}
        nodes["12345"]["choices"][key] = f"12345-{key}"
    nodes["12345-6"]["priority"] = 7


def _hours(hours: Any) -> None:
    """A time that is not now: today's and tomorrow's weekdays are not in it."""
    today = time.localtime().tm_wday
    hours["hours"]["elsewhen"] = [f"{DAYS[(today + 3) % 7]} 10:00-11:00"]


def _waiting(waiting: Any) -> None:
    """These stories are told at any time of the day."""
    waiting["callbacks"].update(first=DoubleQuotedScalarString("00:00"), last=DoubleQuotedScalarString("23:59"))


def _copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target
