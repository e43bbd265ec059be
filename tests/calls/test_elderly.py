"""Elderly callers who asked for it: a person at once, or slow prompts and twice the time, with the service and without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hotline import elderly, menus, reload
from speech import prompts
from telephone import sound
from telephone.hotline_under_test import HotlineUnderTest
from telephone.sound import Samples
from tests.calls.conftest import CALLS, NO_INPUT_SECONDS, PROMPT_SECONDS, Citizen
from tests.scenario import Caller

pytestmark = CALLS
AT_ONCE, SLOWLY = "13612340001", "05468120002"


@pytest.fixture(scope="module")
def slow_welcome() -> Samples:
    return sound.babble(PROMPT_SECONDS, seed=815)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def the_list(hotline: HotlineUnderTest, city: Path, slow_welcome: Samples) -> AsyncIterator[None]:
    """Two callers on the list, and one slow recording, published."""
    settings = hotline.settings
    sound.write(city / "recordings" / "zh_slow" / "welcome.wav", slow_welcome)

    def publish() -> None:
        elderly.add(settings, AT_ONCE, "person")
        elderly.add(settings, SLOWLY, "slow")
        prompts.render(city, settings, "zh_slow")
        menus.publish(settings, "slow prompts", force=True)
        reload.menus(settings)

    def end() -> None:
        for number in (AT_ONCE, SLOWLY):
            elderly.remove(settings, number)
        reload.menus(settings)

    await asyncio.to_thread(publish)
    yield
    await asyncio.to_thread(end)


async def test_who_asked_for_a_person_meets_no_menu(citizen: Citizen, either: HotlineUnderTest) -> None:
    await Caller(citizen("008613612340001")).dials("12345").hears("person").reaches("general").hangs_up()


async def test_who_asked_for_slow_prompts_hears_them_and_has_twice_the_time(citizen: Citizen, either: HotlineUnderTest, slow_welcome: Samples) -> None:
    line = citizen("8120002")  # as a telephone of the same city is named by some trunks
    await Caller(line).dials("12345").stays()
    await line.telephone.hears(slow_welcome, "the slow welcome")
    last = await line.telephone.hears(line.prompts["for-english"], "for-english")
    asked_again = await line.telephone.hears(line.prompts["noinput"], "noinput")
    silence = (asked_again.at - last.at) / sound.RATE - PROMPT_SECONDS
    assert 2 * NO_INPUT_SECONDS - 0.5 < silence < 2 * NO_INPUT_SECONDS + 2, silence
    await Caller(line).presses("1").hears("matters-menu").hangs_up()
