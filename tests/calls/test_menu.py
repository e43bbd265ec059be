"""What a citizen's keys do, on the line: with the service deciding, and with Asterisk alone."""

from __future__ import annotations

import asyncio

from telephone.hotline_under_test import HotlineUnderTest
from tests.calls.conftest import CALLS, Citizen
from tests.scenario import Caller

pytestmark = CALLS


async def test_complaints_are_at_1_and_1(caller: Caller, either: HotlineUnderTest) -> None:
    await caller.dials("12345").hears("welcome").presses("1").hears("matters-menu").presses("1").reaches("complaints").hangs_up()


async def test_0_reaches_a_person(caller: Caller, either: HotlineUnderTest) -> None:
    await caller.dials("12345").hears("main-menu").presses("0").hears("person").reaches("general").hangs_up()


async def test_two_silences_reach_a_person(caller: Caller, either: HotlineUnderTest) -> None:
    story = caller.dials("12345").hears("main-menu").is_silent().hears("noinput").hears("main-menu")
    await story.is_silent().hears("person", within=25).reaches("general").hangs_up()


async def test_star_repeats_and_hash_goes_back(caller: Caller, either: HotlineUnderTest) -> None:
    story = caller.dials("12345").presses("1").hears("matters-menu").presses("*").hears("matters-menu")
    await story.presses("#").hears("main-menu").hangs_up()


async def test_a_key_that_means_nothing_is_said_so(caller: Caller, either: HotlineUnderTest) -> None:
    await caller.dials("12345").hears("welcome").presses("7").hears("nomatch").hears("main-menu").hangs_up()


async def test_keys_pressed_before_anything_is_heard_count(caller: Caller, either: HotlineUnderTest) -> None:
    await caller.dials("12345").presses("11").reaches("complaints").hangs_up()


async def test_keys_may_be_tones_in_the_audio(citizen: Citizen, either: HotlineUnderTest) -> None:
    caller = Caller(citizen(inband=True))
    await caller.dials("12345").hears("welcome").presses("1").hears("matters-menu").presses("1").reaches("complaints").hangs_up()


async def test_every_form_of_the_number_and_a_path_behind_it(citizen: Citizen) -> None:
    greeted = [Caller(citizen()).dials(form).hears("welcome").hangs_up() for form in ("054612345", "+8654612345", "0546-12345", "008654612345", "1234519")]
    complaining = [Caller(citizen()).dials(form).reaches("complaints").hangs_up() for form in ("1234511", "0546-1234511")]
    await asyncio.gather(*(story.told() for story in (*greeted, *complaining)))


async def test_a_citizen_may_withhold_the_number(citizen: Citizen) -> None:
    await Caller(citizen("")).dials("12345").hears("welcome").presses("11").hears("recording-notice").hangs_up()


HOSTILE_NAMES = ['"; DROP TABLE tickets; --', "${SHELL(id)}", "a,b|c&d)", "<sip:x@y>", "市民" * 60, "Action: Originate"]


async def test_a_hostile_name_is_only_a_name(citizen: Citizen) -> None:
    callers = [Caller(citizen(name=name)) for name in HOSTILE_NAMES]
    stories = [caller.dials("12345").hears("welcome").presses("11").reaches("complaints").hangs_up() for caller in callers]
    await asyncio.gather(*(story.told() for story in stories))
