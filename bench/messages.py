"""From hang-up to the ticket's number and to the text of the message, for short and long ones."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bench.report import percentile
from speech.cer import error_rate
from telephone import sound, voices
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network
from telephone.prompts import Prompts
from telephone.sound import Samples

MAILBOX: Final = "123452"
POLL_SECONDS: Final = 0.02
TICKET_LIMIT_SECONDS: Final = 20.0
TEXT_LIMIT_SECONDS: Final = 120.0
NUMBER_AIM_SECONDS: Final = 1.0
SENTENCES: Final = (
    "您好，我是东城街道的居民，我想反映一个问题。",
    "我们小区门口的路灯坏了三天，晚上出门很不安全。",
    "旁边的工地半夜还在施工，老人和孩子都睡不着觉。",
    "垃圾也没有人及时清理，天气热的时候味道很大。",
    "我们给物业打过几次电话，一直没有人来处理。",
    "希望有关部门尽快派人到现场看一看。",
    "处理以后请打电话告诉我结果，谢谢你们。",
)
_callers = itertools.count(1)


@dataclass(frozen=True)
class Message:
    """What is said, and how it sounds."""

    seconds: float
    text: str
    sound: Samples


def message(hotline: HotlineUnderTest, seconds: float) -> Message:
    """Whole sentences up to the length, the last pause filled with silence."""
    said: list[Samples] = []
    text = ""
    for sentence in itertools.cycle(SENTENCES):
        clip = voices.clip(sentence, hotline.settings)
        if sum(map(len, said)) + len(clip) > seconds * sound.RATE:
            break
        said.append(clip)
        text += sentence
    spoken = np.concatenate(said) if said else sound.silence(0)
    return Message(seconds, text, np.concatenate((spoken, sound.silence(seconds - len(spoken) / sound.RATE))))


async def measure(hotline: HotlineUnderTest, network: Network, plan: Sequence[tuple[float, int]]) -> list[dict[str, Any]]:
    """A row for each (length, how often)."""
    prompts = Prompts(hotline.settings.sounds / "zh")
    rows = []
    for seconds, times in plan:
        left = await asyncio.to_thread(message, hotline, seconds)
        rows.append(_row(left, [await leave(hotline, network, prompts, left) for _ in range(times)]))
    return rows


async def leave(hotline: HotlineUnderTest, network: Network, prompts: Prompts, left: Message) -> tuple[float, float, dict[str, Any]]:
    """One message: seconds from hang-up to number and to text, and its ticket."""
    caller = network.caller(f"139{next(_callers):08d}")
    await caller.dials(MAILBOX)
    await caller.hears(prompts["voicemail-notice"], "voicemail-notice")
    await caller.waits_for_tone()
    await caller.speaks(left.sound)
    await caller.hangs_up()
    hung_up = time.monotonic()
    await _ticket(hotline, caller.number, lambda ticket: bool(ticket["number"]), TICKET_LIMIT_SECONDS)
    numbered = time.monotonic() - hung_up
    ticket = await _ticket(hotline, caller.number, lambda ticket: ticket["transcript_state"] != "pending", TEXT_LIMIT_SECONDS)
    return numbered, time.monotonic() - hung_up, ticket


async def _ticket(hotline: HotlineUnderTest, number: str, true: Callable[[dict[str, Any]], bool], seconds: float) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        while True:
            for ticket in (await hotline.get("/api/tickets?limit=5")).json()["items"]:
                if ticket["caller"] == number and true(ticket):
                    return dict(ticket)
            await asyncio.sleep(POLL_SECONDS)


def _row(left: Message, results: list[tuple[float, float, dict[str, Any]]]) -> dict[str, Any]:
    numbers = [numbered for numbered, _, _ in results]
    texts = [text for _, text, ticket in results if ticket["transcript_state"] == "done"]
    errors = [error_rate(left.text, ticket["transcript"]) for _, _, ticket in results if ticket["transcript_state"] == "done"]
    aim = left.seconds / 5 + 3
    return {
        "message_s": left.seconds, "times": len(results),
        "number_p50_s": round(percentile(numbers, 0.5), 2), "number_max_s": round(max(numbers), 2),
        "number_aim_1_s": max(numbers) <= NUMBER_AIM_SECONDS,
        "text_p50_s": round(percentile(texts, 0.5), 2) if texts else None, "text_max_s": round(max(texts), 2) if texts else None,
        "text_aim_s": aim, "text_within_aim": len(texts) == len(results) and max(texts) <= aim,
        "error_rate": round(sum(errors) / len(errors), 3) if errors else None,
        "engine": results[-1][2].get("transcript_engine"),
    }  # fmt: skip
