"""What each key means, told as calls and held with ==."""

from __future__ import annotations

from datetime import UTC

import pytest

from ivr.events import Ask, Decide, FaxHeard, HungUp, NoInput, Pressed, Say
from ivr.flow import NEXT_DIGIT_SECONDS, TURN_LIMIT, Call, Place, begin, step
from ivr.model import City
from tests.ivr.cities import MONDAY, MONDAY_NIGHT, good_city, good_texts
from tests.scenario import Caller, StoryBroke
from tests.scenario_pure import PureLine

ROOT = Ask(("welcome", "main-menu"), 8)
PERSON = (Say(("person",)), Decide("queue", "12345-0", "general", "consultation", "12345-3", 45))


@pytest.fixture(scope="module")
def city() -> City:
    return good_city()


@pytest.fixture
def root(city: City) -> Place:
    return begin(city, Call("12345", MONDAY))[0]


def test_a_call_begins_with_the_greeting(city: City) -> None:
    assert begin(city, Call("12345", MONDAY)) == (Place(city, "12345", MONDAY, turns=1), (ROOT,))


async def test_a_complaint(city: City) -> None:
    line = PureLine(city)
    await Caller(line).dials("12345").hears("welcome").presses("1").hears("matters").presses("1").reaches("complaints").hangs_up()
    assert line.walk.decision == Decide("queue", "12345-1-1", "complaints", "complaint", "12345-3", 60)


async def test_keys_pressed_ahead_count(city: City) -> None:
    await Caller(PureLine(city)).dials("12345").presses("11").reaches("complaints").hangs_up()


async def test_a_path_is_dialled_through(city: City) -> None:
    for number in ("1234511", "05461234511", "0546-1234511", "+865461234511", "865461234511", "00865461234511"):
        await Caller(PureLine(city)).dials(number).reaches("complaints").hangs_up()
    await Caller(PureLine(city)).dials("12366").reaches("transfer").hangs_up()


async def test_each_kind_of_end(city: City) -> None:
    await Caller(PureLine(city)).dials("12345").presses("2").reaches("fax").hangs_up()
    await Caller(PureLine(city)).dials("12345").presses("3").reaches("voicemail").speaks("noise.wav").hangs_up()
    await Caller(PureLine(city)).dials("12345").presses("12").reaches("transfer").hangs_up()
    await Caller(PureLine(city)).dials("12345").presses("13").hears("goodbye").is_hung_up_on()


def test_a_transfer_names_its_number(root: Place) -> None:
    place, _ = step(root, Pressed("1"))
    assert step(place, Pressed("2"))[1] == (Decide("transfer", "12345-1-2", "054612366"),)


async def test_zero_reaches_a_person_from_every_menu(city: City) -> None:
    await Caller(PureLine(city)).dials("12345").presses("0").hears("person").reaches("general").hangs_up()
    await Caller(PureLine(city)).dials("12345").presses("10").hears("person").reaches("general").hangs_up()


async def test_star_repeats_without_the_greeting(city: City, root: Place) -> None:
    await Caller(PureLine(city)).dials("12345").hears("main-menu").presses("*").hears("main-menu").hangs_up()
    assert step(root, Pressed("*"))[1] == (Ask(("main-menu",), 8),)


def test_hash_goes_back_and_from_the_first_menu_nowhere(root: Place) -> None:
    matters, _ = step(root, Pressed("1"))
    assert step(matters, Pressed("#")) == (Place(root.city, "12345", MONDAY, turns=3), (Ask(("main-menu",), 8),))
    assert step(root, Pressed("#")) == (Place(root.city, "12345", MONDAY, turns=2), (Ask(("main-menu",), 8),))


def test_the_first_silence_repeats_and_the_second_reaches_a_person(root: Place) -> None:
    once, said = step(root, NoInput())
    assert said == (Ask(("noinput", "main-menu"), 8),)
    assert once.no_input == 1
    twice, said = step(once, NoInput())
    assert said == PERSON
    assert twice.outcome == "queue"


def test_the_third_wrong_key_reaches_a_person(root: Place) -> None:
    place = root
    for count in (1, 2):
        place, said = step(place, Pressed("9"))
        assert (place.no_match, said) == (count, (Ask(("nomatch", "main-menu"), 8),))
    assert step(place, Pressed("9"))[1] == PERSON


def test_a_right_key_forgets_the_wrong_ones(root: Place) -> None:
    place, _ = step(step(root, Pressed("9"))[0], NoInput())
    assert (place.no_match, place.no_input) == (1, 1)
    place, _ = step(place, Pressed("1"))
    assert (place.no_match, place.no_input) == (0, 0)


def test_a_stuck_key_does_not_hold_the_line_for_ever(root: Place) -> None:
    place, said, presses = root, (ROOT,), 0
    while not place.outcome:
        place, said = step(place, Pressed("*"))
        presses += 1
    assert said == PERSON
    assert presses == TURN_LIMIT


def test_an_announcement_is_heard_with_what_follows_so_that_keys_interrupt_it(root: Place) -> None:
    assert step(root, Pressed("4"))[1] == (Ask(("about", "hours", "main-menu"), 8),)


def test_outside_the_hours_the_call_goes_elsewhere(city: City) -> None:
    place, _ = step(begin(city, Call("12345", MONDAY_NIGHT))[0], Pressed("1"))
    assert step(place, Pressed("2"))[1] == (Say(("closed", "person")), PERSON[1])
    assert step(place, Pressed("2"), now=MONDAY)[1] == (Decide("transfer", "12345-1-2", "054612366"),)


@pytest.mark.parametrize(
    ("clock", "is_open"),
    [("08:29", False), ("08:30", True), ("11:59", True), ("12:00", False), ("13:29", False), ("13:30", True), ("17:29", True), ("17:30", False)],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(city: City, clock: str, is_open: bool) -> None:
    hour, minute = map(int, clock.split(":"))
    assert city.is_open(city.nodes["12345-1-2"], MONDAY.replace(hour=hour, minute=minute)) is is_open


def test_hours_are_the_citys_wherever_the_clock_stands(city: City) -> None:
    assert city.is_open(city.nodes["12345-1-2"], MONDAY.astimezone(UTC))
    assert not city.is_open(city.nodes["12345-1-2"], MONDAY.replace(tzinfo=UTC))


def test_a_menu_switched_off_is_a_person_but_a_dialled_path_stays(city: City) -> None:
    assert begin(city, Call("12345", MONDAY, menu=False))[1] == PERSON
    assert begin(city, Call("1234511", MONDAY, menu=False))[1][0] == Decide("queue", "12345-1-1", "complaints", "complaint", "12345-3", 60)


def test_a_fax_machine_that_dials_the_menu_reaches_the_fax(root: Place) -> None:
    place, said = step(root, FaxHeard())
    assert said == (Decide("fax", "12345-2"),)
    assert place.outcome == "fax"


def test_hanging_up_is_an_end_with_a_name_and_nothing_follows(root: Place) -> None:
    gone, said = step(root, HungUp())
    assert (gone.outcome, said) == ("abandoned", ())
    assert step(gone, Pressed("1")) == (gone, ())


def test_a_longer_key_is_waited_for() -> None:
    texts = good_texts()["menus.yaml"].replace('"4": 12345-4\n', '"4": 12345-4\n      "55": 12345-55\n')
    city = good_city(menus=texts + "  12345-55:\n    name: Two digits\n    kind: hang-up\n")
    place, said = step(begin(city, Call("12345", MONDAY))[0], Pressed("5"))
    assert said == (Ask((), NEXT_DIGIT_SECONDS),)
    assert step(place, Pressed("5"))[1] == (Decide("hangup", "12345-55"),)
    assert step(place, Pressed("1"))[1] == (Ask(("nomatch", "main-menu"), 8),)
    assert step(place, NoInput())[1] == (Ask(("nomatch", "main-menu"), 8),)
    assert step(place, Pressed("*"))[1] == (Ask(("main-menu",), 8),)
    assert step(place, Pressed("0"))[1] == (Ask(("nomatch", "main-menu"), 8),)


def test_a_place_tells_the_compiled_menu_how_to_go_on(root: Place) -> None:
    place, _ = step(root, Pressed("9"))
    assert place.variables() == {"HOTLINE_AT": "12345", "HOTLINE_NOINPUT": "0", "HOTLINE_NOMATCH": "1", "HOTLINE_TURNS": "2"}


def test_a_decision_tells_asterisk_everything() -> None:
    assert PERSON[1].variables() == {
        "HOTLINE_DECISION": "queue", "HOTLINE_TARGET": "general", "HOTLINE_PATH": "12345-0", "HOTLINE_TYPE": "consultation",
        "HOTLINE_OVERFLOW": "12345-3", "HOTLINE_WAIT": "45",
    }  # fmt: skip


async def test_a_broken_story_says_where(city: City) -> None:
    with pytest.raises(StoryBroke) as broken:
        await Caller(PureLine(city)).dials("12345").presses("1").hears("welcome").hangs_up()
    assert str(broken.value).splitlines() == [
        'the story broke: "welcome" is not said here; said: matters',
        "    dials 12345", "    presses 1", "  > hears welcome", "    hangs up",
    ]  # fmt: skip


# ---- emergencies and languages

MORE = (
    good_texts()["menus.yaml"].replace('      "4": 12345-4\n', '      "4": 12345-4\n      "7": 12345-7\n      "8": 12345-8\n')
    + """\
  12345-7: {name: Police, kind: emergency, number: "110"}
  12345-8: {name: English, kind: announcement, prompt: about, next: "12345", language: en}
"""
)


@pytest.fixture(scope="module")
def more() -> City:
    return good_city(menus=MORE, **{"prompts.en": "main-menu: Press 1.\n"})


@pytest.mark.parametrize("number", ["110", "119", "120", "122", "0546110", "0546-120", "+86546119", "86546122"])
async def test_an_emergency_number_is_put_through_whatever_else_is_set(city: City, number: str) -> None:
    await Caller(PureLine(city)).dials(number).reaches("emergency").hangs_up()
    await Caller(PureLine(city, MONDAY_NIGHT, menu=False)).dials(number).reaches("emergency").hangs_up()
    assert begin(city, Call(number, MONDAY))[1][0].target in ("110", "119", "120", "122")


def test_a_key_bound_to_an_emergency_is_past_every_limit(more: City) -> None:
    for place in (Place(more, "12345", MONDAY, turns=TURN_LIMIT), Place(more, "12345", MONDAY, no_input=1, no_match=2)):
        assert step(place, Pressed("7"))[1] == (Decide("emergency", "12345-7", "110"),)


def test_a_chosen_language_stays_whatever_the_caller_does(more: City) -> None:
    place, said = step(begin(more, Call("12345", MONDAY))[0], Pressed("8"))
    assert (place.at, place.language, said) == ("12345", "en", (Ask(("about", "main-menu"), 8),))
    assert place.variables()["HOTLINE_LANGUAGE"] == "en"
    for event in (Pressed("1"), Pressed("#"), Pressed("*"), Pressed("9"), NoInput()):
        place, _ = step(place, event)
        assert place.language == "en"
    assert step(place, Pressed("0"))[0].language == "en"


async def test_elderly_callers_are_at_a_person_and_a_dialled_path_stays_what_it_is(city: City) -> None:
    await Caller(PureLine(city, menu=False)).dials("12345").hears("person").reaches("general").hangs_up()
    await Caller(PureLine(city, menu=False)).dials("123452").reaches("fax").hangs_up()


def test_what_was_not_translated_is_read_in_the_citys_own_language(more: City) -> None:
    assert more.text("main-menu", "en") == "Press 1."
    assert more.text("welcome", "en") == more.text("welcome") == "您好，这里是12345。"
