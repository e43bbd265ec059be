"""What became of each department's number, on real calls: ours, theirs first, the sub-centre's, the province's, nobody's."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from telephone import sound
from telephone.caller import Caller
from tests.agi.real import RealHotline

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="package")]
LABOUR, TAX, LEGAL_AID = "05582212333", "05582212366", "055112348"
LIKE = 0.95


_numbers = itertools.count(1)


def number() -> str:
    """Every citizen has one of their own."""
    return f"139{next(_numbers):08}"


def logged(hotline: RealHotline, caller: Caller) -> list[list[str]]:
    """What queue_log says of this caller, without times: agent, event and data."""
    lines = (hotline.asterisk.instance.home / "log" / "queue_log").read_text().splitlines()
    ours = {line.split("|")[1] for line in lines if f"|{caller.number}|" in line}
    return [line.split("|")[3:] for line in lines if line.split("|")[1] in ours]


async def test_a_merged_number_is_ours_and_presets_the_category(either: RealHotline) -> None:
    caller = either.network.caller(number(), ticket="MZ-2026.7'; DROP|x")
    await caller.dials("0558-12349".replace("-", ""))
    decided = await either.decision()
    await either.until(lambda: bool(logged(either, caller)))
    await caller.hangs_up()
    assert (decided["Decision"], decided["Target"], decided["Path"], decided["Called"]) == ("queue", "general", "12345-0", "12349")
    agent, event, _, *said = logged(either, caller)[0]
    assert (agent, event) == ("NONE", "HOTLINE")
    assert said == ["12345-0", "consultation", caller.number, "12349", "civil-affairs", "MZ-2026.7DROPx"], "a stranger's header is only text"


async def test_of_two_numbers_theirs_is_rung_first_and_ours_when_they_are_busy(either: RealHotline) -> None:
    seats, caller = either.network.centre(LABOUR), either.network.caller(number())
    await caller.dials("12333")
    await seats.rings()
    call = await seats.told("X-Hotline-Call")
    await seats.refuses()
    await caller.hears(either.prompts["transfer-failed"], "they are busy")
    then = await either.decision(2)
    await either.until(lambda: len(logged(either, caller)) >= 3)
    await caller.hangs_up()
    assert (either.decided[0]["Decision"], either.decided[0]["Target"]) == ("dual", LABOUR)
    assert (then["Decision"], then["Target"], then["Called"]) == ("queue", "general", "12333")
    assert call == then["Linkedid"]
    lines = logged(either, caller)
    assert [line[:2] for line in lines[:2]] == [["12333", "HOTLINEPASS"], ["12333", "HOTLINEPASSEND"]]
    assert lines[1][3:5] == ["dual", "BUSY"]
    assert (lines[2][1], lines[2][7]) == ("HOTLINE", "social-security")


async def test_the_sub_centre_answers_and_both_hear_each_other(either: RealHotline) -> None:
    centre, caller = either.network.centre(TAX), either.network.caller(number())
    await caller.dials("12366")
    await caller.hears(either.prompts["passing-on"], "where the call goes")
    await centre.rings()
    await centre.answers()
    words = {who: sound.babble(1.0, seed) for seed, who in enumerate(("caller", "centre"), 50)}
    await asyncio.gather(caller.speaks(words["caller"]), centre.speaks(words["centre"]))
    await caller.hears(words["centre"], "the sub-centre", within=5)
    assert await centre.leg.has_heard(12_000, 5)
    assert sound.match(centre.heard, words["caller"]).correlation >= LIKE
    await centre.hangs_up()
    await caller.is_hung_up_on()
    lines = logged(either, caller)
    assert [line[:2] for line in lines] == [["12366", "HOTLINEPASS"], ["12366", "HOTLINEACCEPT"], ["12366", "HOTLINEPASSEND"]]
    assert lines[0][3:] == ["12366", "consultation", caller.number, "12366", "tax", "", "sub-centre"]
    assert lines[2][4] == "ANSWER"


async def test_a_caller_who_leaves_while_the_sub_centre_rings_has_left(hotline: RealHotline) -> None:
    centre, caller = hotline.network.centre(TAX), hotline.network.caller(number())
    await caller.dials("12366")
    await centre.rings()
    await caller.hangs_up()
    await centre.is_free()
    await hotline.until(lambda: len(logged(hotline, caller)) == 2)
    assert logged(hotline, caller)[1][4] == "CANCEL"


async def test_the_province_answers_its_numbers(hotline: RealHotline) -> None:
    province, caller = hotline.network.centre(LEGAL_AID), hotline.network.caller(number())
    await caller.dials("12348")
    await province.rings()
    await province.answers()
    await caller.hangs_up()
    await province.is_free()
    assert (await hotline.decision())["Decision"] == "province"


async def test_an_inactive_number_names_the_way_on_and_a_key_takes_it(either: RealHotline) -> None:
    caller = either.network.caller(number())
    await caller.dials("12393")
    await caller.hears(either.prompts["moved"], "it is ours now")
    await caller.presses("2")
    decided = await either.decision()
    await caller.hangs_up()
    assert (decided["Target"], decided["Path"], decided["Called"]) == ("complaints", "12345-2", "12393")


async def test_an_inactive_number_whose_seats_came_to_us_leads_there_in_silence(hotline: RealHotline) -> None:
    caller = hotline.network.caller(number())
    await caller.dials("12319")
    await caller.hears(hotline.prompts["moved-12319"], "where the call goes")
    assert (await hotline.decision())["Target"] == "city-management"
    await caller.hangs_up()


async def test_a_placeholder_is_no_number(hotline: RealHotline) -> None:
    assert "placeholder" not in await asyncio.to_thread(hotline.asterisk.cli, "dialplan show hotline-trunk")
