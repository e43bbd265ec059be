"""What callers say at a menu, as the flow takes it: as good as a key where it is sure, asked about once where it is not."""

from __future__ import annotations

import pytest

from ivr.events import Ask, Decide, Listen, NoInput, Pressed, Spoke
from ivr.faults import Fault
from ivr.flow import Call, Place, Step, begin, step
from ivr.loading import check
from ivr.model import City, Menu
from tests.ivr.cities import MONDAY, good_texts
from tests.ivr.speaking import SPEAK, city, texts

SURE = Spoke("choice", "1", sure=True)
UNSURE = Spoke("choice", "1")
FIRE = Spoke("danger", "119")
UNCLEAR = Spoke("unclear")
YES, NO = Spoke("yes"), Spoke("no")
COMPLAINT = Decide("queue", "12345-1-1", "complaints", "complaint", "12345-3", 60)


@pytest.fixture(scope="module")
def listening() -> City:
    return city()


@pytest.fixture
def matters(listening: City) -> Place:
    return step(begin(listening, Call("12345", MONDAY))[0], Pressed("1"))[0]


def after(place: Place, *events: object) -> Step:
    todo: tuple[object, ...] = ()
    for event in events:
        place, todo = step(place, event)  # type: ignore[arg-type]
    return place, todo  # type: ignore[return-value]


def asked(todo: object) -> tuple[str, ...]:
    (ask,) = todo  # type: ignore[misc]
    assert isinstance(ask, Ask)
    return ask.prompts


def test_a_menu_says_what_may_be_said_and_others_do_not_listen(listening: City) -> None:
    place, (root,) = begin(listening, Call("12345", MONDAY))
    assert isinstance(root, Ask) and root.listen is None
    _, (ask,) = step(place, Pressed("1"))
    menu = listening.nodes["12345-1"]
    assert isinstance(menu, Menu)
    assert ask == Ask(("matters",), 8, listen=Listen(menu.speak, ("speak-hint",)))
    assert [wish.phrases for wish in menu.speak] == [("投诉", "我要投诉"), ("再见",)]


def test_keys_count_beside_it(matters: Place) -> None:
    assert step(matters, Pressed("1"))[1] == (COMPLAINT,)
    assert step(matters, Pressed("0"))[0].at == "12345-0"


def test_a_sure_word_is_as_good_as_its_key(matters: Place) -> None:
    assert step(matters, SURE) == step(matters, Pressed("1"))
    assert step(matters, Spoke("choice", "0", sure=True))[0].at == "12345-0"
    assert step(matters, Spoke("choice", "0"))[0].at == "12345-0", "nobody is asked whether they want a person"
    assert step(matters, Spoke("choice", "#"))[0].at == "12345"


def test_an_unsure_one_is_asked_about_once(matters: Place) -> None:
    place, todo = step(matters, UNSURE)
    assert todo == (Ask(("confirm-complaint", "speak-yes-no"), 8, listen=Listen()),)
    for yes in (YES, Pressed("1"), SURE, UNSURE):
        assert step(place, yes)[1] == (COMPLAINT,)
    for no in (NO, Pressed("2"), UNCLEAR, Pressed("7")):
        again, todo = step(place, no)
        assert asked(todo) == ("speak-again", "matters")
        assert again.doubt is None
        assert step(again, UNCLEAR)[0].at == "12345-0", "the second misunderstanding reaches a person"
    for person in (NoInput(), Pressed("0")):
        assert step(place, person)[0].at == "12345-0"
    assert asked(step(place, Pressed("*"))[1]) == ("confirm-complaint", "speak-yes-no")
    assert asked(step(place, Spoke("choice", "3"))[1]) == ("confirm-goodbye", "speak-yes-no")
    assert step(place, Spoke("choice", "3", sure=True))[0].outcome == "hangup"


def test_an_emergency_is_asked_about_and_never_argued_with(matters: Place) -> None:
    place, todo = step(matters, FIRE)
    assert asked(todo) == ("speak-119", "speak-yes-no")
    for yes in (YES, Pressed("1"), FIRE):
        assert step(place, yes)[1] == (Decide("emergency", "12345-1", "119"),)
    for unclear in (NoInput(), UNCLEAR, Pressed("5"), Pressed("0")):
        assert step(place, unclear)[0].at == "12345-0"
    assert asked(step(place, NO)[1]) == ("matters",)
    assert asked(after(matters, FIRE, Spoke("danger", "120"))[1]) == ("speak-120", "speak-yes-no")


def test_two_misunderstandings_reach_a_person_and_a_key_between_them_begins_anew(matters: Place) -> None:
    place, todo = step(matters, UNCLEAR)
    assert asked(todo) == ("speak-again", "matters")
    assert step(place, UNCLEAR)[0].at == "12345-0"
    assert step(place, NO)[0].at == "12345-0"
    assert after(matters, UNCLEAR, Pressed("*"), UNCLEAR)[0].at == "12345-1"
    assert step(place, NoInput())[0].at == "12345-1"
    assert after(matters, NoInput(), NoInput())[0].at == "12345-0"


def test_half_a_key_and_a_word(matters: Place) -> None:
    assert after(matters, Pressed("9"), SURE)[1] == (COMPLAINT,)


def test_nothing_goes_round_for_ever(matters: Place) -> None:
    place, asked_for = matters, 0
    while not place.outcome:
        asked_for += 1
        place, _ = after(place, FIRE, NO)
    assert place.at == "12345-0"
    assert asked_for < 40


def test_words_that_leave_the_menu_are_nobodys_later(matters: Place) -> None:
    done, _ = step(matters, SURE)
    assert step(done, SURE) == (done, ())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"3":', '"7":', ["menus.yaml:30: nodes/12345-1/speak/7: no such choice \"7\""]),
        ("phrases: [再见]", "phrases: [投诉]", ['menus.yaml:31: nodes/12345-1/speak/3/phrases: "投诉" means key 1 already; nobody could tell what was meant']),
        ("phrases: [再见]", "phrases: [转人工]", ['menus.yaml:31: nodes/12345-1/speak/3/phrases: "转人工" means key 0 already; nobody could tell what was meant']),
        ("phrases: [再见]", "phrases: [bye]", ['menus.yaml:31: nodes/12345-1/speak/3/phrases: "bye" must be two to twelve Chinese characters, as people say it']),
        ("        phrases: [再见]\n", "", ["menus.yaml:30: nodes/12345-1/speak/3/phrases: is missing: what callers say for this choice"]),
        ("confirm-goodbye", "confirm-godbye", ['menus.yaml:32: nodes/12345-1/speak/3/confirm: no such prompt "confirm-godbye" (did you mean "confirm-goodbye"?)']),
        ("        confirm: confirm-goodbye\n", "", ["menus.yaml:30: nodes/12345-1/speak/3/confirm: is missing"]),
        (SPEAK.partition("\n")[2], "    speak: true\n", ["menus.yaml:26: nodes/12345-1/speak: must be keys with a colon, each with phrases and confirm"]),
    ],
)  # fmt: skip
def test_mistakes_are_refused(old: str, new: str, said: list[str]) -> None:
    changed = texts()
    assert changed["menus.yaml"].count(old) >= 1
    at = changed["menus.yaml"].index("speak:") if old.startswith('"3"') else 0
    changed["menus.yaml"] = changed["menus.yaml"][:at] + changed["menus.yaml"][at:].replace(old, new, 1)
    assert [str(fault) for fault in check(changed)] == said


def test_a_menu_that_listens_needs_its_prompts() -> None:
    changed = texts()
    prompts = good_texts()["prompts.yaml"] + "confirm-complaint: x\nconfirm-goodbye: x\n"
    faults: tuple[Fault, ...] = check(changed | {"prompts.yaml": prompts})
    assert len(faults) == 6
    assert 'the prompt "speak-110" is missing; every menu that listens needs it' in str(faults[0])
