"""The tape of what a caller pressed, as AMI reports it: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi import keys as module
from agi.keys import EARLY_CALLS, WAKE_KEY, Keys, Tape

CALL = "hotline-1.1"


@pytest.fixture
def keys() -> Keys:
    made = Keys()
    made.connected(True)
    return made


def press(keys: Keys, digits: str, call: str = CALL) -> None:
    for digit in digits:
        keys.began(call, digit)
        keys.heard(call, digit)


def drained(tape: Tape) -> str:
    return "".join(iter(tape.take, ""))


def test_keys_come_in_the_order_they_were_pressed(keys: Keys) -> None:
    tape = keys.listen(CALL)
    press(keys, "1*0#")
    assert drained(tape) == "1*0#"


def test_keys_pressed_before_the_session_began_count(keys: Keys) -> None:
    press(keys, "12")
    assert drained(keys.listen(CALL)) == "12"


def test_another_caller_s_keys_are_their_own(keys: Keys) -> None:
    tape = keys.listen(CALL)
    press(keys, "1", "other")
    assert drained(tape) == ""


def test_an_end_without_a_beginning_is_an_echo_of_asterisk_s_emulation(keys: Keys) -> None:
    tape = keys.listen(CALL)
    for event, digit in (("+", "1"), ("-", "1"), ("+", "2"), ("-", "1"), ("-", "2"), ("-", "2")):  # as recorded
        (keys.began if event == "+" else keys.heard)(CALL, digit)
    assert drained(tape) == "12"


def test_a_beginning_told_twice_is_one_key(keys: Keys) -> None:
    tape = keys.listen(CALL)
    keys.began(CALL, "1")
    press(keys, "1")
    assert drained(tape) == "1"


async def test_the_answer_is_the_first_key_not_yet_answered(keys: Keys) -> None:
    tape = keys.listen(CALL)
    press(keys, "12")
    assert await tape.settle("2") == "1"  # 1 was dropped between two commands
    assert tape.take() == "2"


async def test_an_answer_waits_for_its_report(keys: Keys) -> None:
    tape = keys.listen(CALL)
    settling = asyncio.ensure_future(tape.settle("1"))
    await asyncio.sleep(0)
    press(keys, "1")
    assert await settling == "1"
    assert tape.take() == ""


async def test_an_echo_is_no_second_key(keys: Keys) -> None:
    tape = keys.listen(CALL)
    press(keys, "1")
    assert tape.take() == "1"
    assert await tape.settle("1") is None


async def test_the_wake_key_is_never_a_key_of_the_caller(keys: Keys) -> None:
    tape = keys.listen(CALL)
    press(keys, WAKE_KEY)
    assert tape.take() == ""
    assert await tape.settle(WAKE_KEY) is None
    press(keys, "3")
    assert await tape.settle(WAKE_KEY) == "3"


async def test_a_line_that_reports_no_beginnings_is_answered_by_its_commands(keys: Keys) -> None:
    tape = keys.listen(CALL)
    keys.heard(CALL, "1")  # SIP INFO: the end is all there is
    assert await tape.settle("1") == "1"


async def test_without_the_link_the_commands_answers_are_the_truth(keys: Keys) -> None:
    keys.connected(False)
    tape = keys.listen(CALL)
    press(keys, "9")
    assert await tape.settle("1") == "1"
    assert await tape.settle("") == ""


@pytest.mark.parametrize("again", [True, False])
async def test_a_gap_in_the_reports_ends_their_use_for_calls_that_are_up(keys: Keys, again: bool) -> None:
    tape = keys.listen(CALL)
    press(keys, "1")
    keys.connected(again)
    press(keys, "2")
    assert tape.take() == ""
    assert await tape.settle("3") == "3"


def test_memory_is_bounded(keys: Keys) -> None:
    for number in range(EARLY_CALLS + 50):
        press(keys, "1" * 100, f"call-{number}")
    assert len(keys._early) == EARLY_CALLS
    assert len(drained(keys.listen(f"call-{EARLY_CALLS}"))) == module.TAPE_KEYS


def test_a_session_that_is_over_leaves_nothing(keys: Keys) -> None:
    keys.listen(CALL)
    press(keys, "1")
    keys.stop(CALL)
    assert drained(keys.listen(CALL)) == ""


def test_keys_pressed_in_the_queue_are_no_choices_in_the_menu_its_key_leads_to(keys: Keys) -> None:
    keys.listen(CALL)
    keys.stop(CALL)
    press(keys, "2")  # goes on waiting
    keys.began(CALL, "*")  # back to the menu
    tape = keys.listen(CALL)
    keys.heard(CALL, "*")  # reported a moment late
    assert drained(tape) == ""
    press(keys, "1")
    assert drained(tape) == "1"


def test_nothing_is_kept_of_what_was_pressed_when_no_menu_listens(keys: Keys) -> None:
    press(keys, "*4711", "an agent's phone")
    keys.gone("an agent's phone")
    keys.listen(CALL)
    keys.stop(CALL)
    press(keys, "13800000001")
    assert not keys._early and list(keys._over) == [CALL]
    keys.gone(CALL)
    assert not keys._over


def test_a_session_that_ends_after_its_call_leaves_nothing(keys: Keys) -> None:
    keys.listen(CALL)
    keys.gone(CALL)
    keys.stop(CALL)
    assert not keys._over


def test_calls_whose_end_was_missed_are_bounded(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OVER_CALLS", 3)
    for number in range(5):
        keys.listen(f"call-{number}")
        keys.stop(f"call-{number}")
    assert list(keys._over) == ["call-2", "call-3", "call-4"]


@given(st.text("0123456789*#", max_size=60))
def test_whatever_is_pressed_comes_back(digits: str) -> None:
    keys = Keys()
    keys.connected(True)
    press(keys, digits)
    assert drained(keys.listen(CALL)) == digits


async def test_a_report_that_comes_after_its_answer_was_taken_is_not_a_second_key(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller pressed 1 once; with the link held up, 1 was answered, reported later, and once led to 1-1."""
    monkeypatch.setattr(module, "REPORT_SECONDS", 0.0)
    tape = keys.listen(CALL)
    assert await tape.settle("1") == "1"
    assert await tape.settle("1") == "1"
    press(keys, "11")
    assert tape.take() == ""
    press(keys, "1")
    assert tape.take() == "1"  # pressed again, and meant


async def test_another_key_reported_instead_is_a_key_of_its_own(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPORT_SECONDS", 0.0)
    tape = keys.listen(CALL)
    assert await tape.settle("1") == "1"
    press(keys, "2")
    press(keys, "1")
    assert drained(tape) == "21"
