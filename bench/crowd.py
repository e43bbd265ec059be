"""Sixty citizens at once, twenty agents at their phones, on the real Asterisk: nobody is lost, and every record is right."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

from telephone.caller import Caller, CallError
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network
from telephone.phone import Phone, PhoneAccount

TALK_SECONDS = 2.0
DIALLED = "1234511"  # straight to the queue of complaints
RECORD_SECONDS = 60.0
ANSWER_SECONDS = 120.0


async def measure(hotline: HotlineUnderTest, network: Network, callers: int = 60, phones: int = 20) -> list[dict[str, Any]]:
    """One row: who was answered, and what the records say. Phones of the queue are left as they are found, plus these."""
    desks = []
    for number in range(phones):
        account = await hotline.command("phone", "add", f"crowd-{number}", "--queue", "complaints")
        desks.append(await network.phone(PhoneAccount(account["username"], account["secret"])))
    begin = time.time()
    answering = [asyncio.create_task(_agent(phone)) for phone in desks]
    citizens = [network.caller(f"1390000{number:04d}") for number in range(callers)]
    try:
        ended = await asyncio.gather(*(_citizen(citizen) for citizen in citizens), return_exceptions=True)
    finally:
        for task in answering:
            task.cancel()
        answers = await asyncio.gather(*answering, return_exceptions=True)
    took = time.time() - begin
    records = await _records(hotline, begin, callers)
    outcomes = Counter(record["outcome"] for record in records)
    right = sum(_is_right(record) for record in records)
    return [{
        "callers": callers, "phones": phones, "served": sum(error is None for error in ended), "seconds": took,
        "records": len(records), "callers with a record": len({record["caller"] for record in records}), "answered": outcomes["answered"],
        "left a message": outcomes["voicemail"], "right": right, "crashed agents": sum(isinstance(answer, CallError) for answer in answers),
    }]  # fmt: skip


async def _citizen(citizen: Caller) -> None:
    """Dials, and stays until the agent hangs up. Raises CallError."""
    await citizen.dials(DIALLED)
    await citizen.is_hung_up_on(ANSWER_SECONDS)


async def _agent(phone: Phone) -> None:
    """Takes one call after the other."""
    while True:
        await phone.rings(ANSWER_SECONDS)
        await phone.answers()
        await asyncio.sleep(TALK_SECONDS)
        await phone.hangs_up()


async def _records(hotline: HotlineUnderTest, begin: float, wanted: int) -> list[dict[str, Any]]:
    """All records since then, once they are over."""
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + RECORD_SECONDS
    while time.monotonic() < deadline:
        items = (await hotline.get("/api/records?limit=200&kind=inbound")).json()["items"]
        found = [item for item in items if item["caller"].startswith("1390000")]
        if len(found) >= wanted and all(item["ended_at"] for item in found):
            break
        await asyncio.sleep(1)
    return found


def _is_right(record: dict[str, Any]) -> bool:
    """One stay, one conversation with the agent who ended it; or the queue's limit and the message that is offered then."""
    queues = [part for part in record["segments"] if part["kind"] == "queue"]
    talks = [part for part in record["segments"] if part["kind"] == "talk"]
    if record["outcome"] == "voicemail":
        return bool(queues) and queues[-1]["how"] in ("timeout", "moved") and not talks and record["segments"][-1]["kind"] == "voicemail"
    return bool(
        record["outcome"] == "answered" and record["ended_by"] == "agent" and len(queues) == len(talks) == 1
        and queues[0]["how"] == "answered" and queues[0]["agent"] == talks[0]["agent"] != "" and talks[0]["how"] == "agent"
    )  # fmt: skip
