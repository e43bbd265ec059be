"""A citizen is told number and PIN before the beep, and later asks with them how far it is; with the service down, too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import numpy as np

from telephone.hotline_under_test import HotlineUnderTest
from telephone.prompts import Prompts
from telephone.sound import Samples
from tests.calls.conftest import CALLS, Citizen, down, ticket_of, until
from tests.scenario import Caller, Story

pytestmark = CALLS
FIGURES = 14 + 6
LIKE = 0.7


async def together(stories: Iterable[Story]) -> None:
    await asyncio.gather(*(story.told() for story in stories))


def figures_in(heard: Samples, prompts: Prompts) -> str:
    """The figures that were said, in order: where each one's sound is found, by normalised correlation."""
    sound = np.asarray(heard, dtype=float)
    found: list[tuple[int, float, str]] = []
    for figure in "0123456789":
        clip = np.asarray(prompts.whole(f"digit-{figure}"), dtype=float)
        size = 1 << (len(sound) + len(clip)).bit_length()
        product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(clip, size)), size)[: len(sound) - len(clip)]
        sums = np.concatenate([[0.0], np.cumsum(sound**2)])
        energy = sums[len(clip) :][: len(product)] - sums[: len(product)]
        likeness = product / (np.sqrt(np.maximum(energy, 1.0)) * np.linalg.norm(clip))
        while (at := int(np.argmax(likeness))) >= 0 and likeness[at] >= LIKE:
            found.append((at, float(likeness[at]), figure))
            likeness[max(0, at - len(clip) // 2) : at + len(clip) // 2] = 0
    return "".join(figure for _, _, figure in sorted(found))


async def leaves_a_message(citizen: Citizen, prompts: Prompts) -> tuple[str, str, str]:
    """Number of the caller, and what they were told: the ticket's number and its PIN."""
    line = citizen()
    await Caller(line).dials("12345").presses("2").hears("voicemail-notice").speaks("noise.wav").hangs_up()
    told = figures_in(line.telephone.heard, prompts)
    assert len(told) == FIGURES, told
    return line.telephone.number, f"{told[:8]}-{told[8:14]}", told[14:]


async def test_told_before_the_beep_and_asked_for_later(citizen: Citizen, prompts: Prompts, hotline: HotlineUnderTest) -> None:
    caller, number, pin = await leaves_a_message(citizen, prompts)

    async def made() -> bool:
        return bool((await ticket_of(hotline, caller)).get("number") == number)

    await until(made, "the ticket with the number that was told")
    typed = number.replace("-", "")
    asks = Caller(citizen()).dials("12345").presses("4").hears("progress-number").presses(f"{typed}#").hears("progress-pin").presses(pin).hears(
        "progress-registered"
    ).presses("0").reaches("general").hangs_up()
    ahead = Caller(citizen()).dials("12345").presses(f"4{typed}#{pin}").hears("progress-registered").presses("#").hears("main-menu").hangs_up()
    wrong = "654322" if pin != "654322" else "654323"
    guesses = Caller(citizen()).dials("12345").presses("4")
    for _ in range(2):
        guesses = guesses.hears("progress-number").presses(f"{typed}#{wrong}").hears("progress-wrong")
    await together([asks, ahead, guesses.presses("0#").reaches("general").hangs_up()])


async def test_without_the_service_a_number_is_told_all_the_same_and_progress_politely_is_not(
    citizen: Citizen, prompts: Prompts, hotline: HotlineUnderTest
) -> None:
    async with down(hotline):
        caller, number, pin = await leaves_a_message(citizen, prompts)
        await Caller(citizen()).dials("12345").presses("4").hears("progress-away", within=25).reaches("general").hangs_up()

    async def made() -> bool:
        return bool((await ticket_of(hotline, caller)).get("number") == number)

    await until(made, "the ticket with the number that was told")
    answer = await hotline._http.post("/api/progress", json={"number": number, "pin": pin})  # noqa: SLF001 - no token is shown
    assert (answer.status_code, answer.json()["stage"]) == (200, "pending")
