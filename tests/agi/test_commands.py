"""The choke point: nothing from a caller can become a second command or a piece of dialplan."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi import commands
from agi.errors import ForbiddenText


def test_an_ask_is_one_command_with_prompts_time_and_the_way_back() -> None:
    state = {"HOTLINE_AT": "12345-1", "HOTLINE_NOINPUT": "1", "HOTLINE_NOMATCH": "0", "HOTLINE_TURNS": "3"}
    assert commands.ask(("noinput", "matters-menu"), 8, 1, state) == (
        'GOSUB "hotline-ask" "s" "1" "hotline/noinput&hotline/matters-menu,8,1,12345-1,1,0,3"'
    )


def test_a_decision_is_one_command() -> None:
    values = {"HOTLINE_PATH": "12345-1-1", "HOTLINE_DECISION": "queue"}
    assert commands.set_variables(values) == 'EXEC "MSet" "HOTLINE_PATH=12345-1-1,HOTLINE_DECISION=queue"'


@pytest.mark.parametrize("forbidden", ["\n", "\r", "\0", "\r\nEXEC System", "\x85", "\u2028", "\x1b[2J", "\x7f"])
def test_a_line_break_is_refused(forbidden: str) -> None:
    with pytest.raises(ForbiddenText):
        commands.line("SET VARIABLE", "X", f"a{forbidden}b")
    with pytest.raises(ForbiddenText):
        commands.get_variable(forbidden)


@pytest.mark.parametrize("value", ["${SHELL(id)}", "a,b=c", 'x"', "(x)", "a;b", "投诉", "a\\b"])
def test_what_means_something_in_a_dialplan_is_refused(value: str) -> None:
    with pytest.raises(ForbiddenText):
        commands.set_variables({"HOTLINE_TARGET": value})
    with pytest.raises(ForbiddenText):
        commands.ask((value,), 8, 1, {})


def test_a_command_that_asterisk_would_cut_is_refused() -> None:
    with pytest.raises(ForbiddenText, match="more than 2000 bytes"):
        commands.line("SET VARIABLE", "X", "长" * 700)


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_words_come_back_as_they_were_or_are_refused(words: list[str]) -> None:
    try:
        line = commands.line("VERBOSE", *words)
    except ForbiddenText:
        return
    assert "\n" not in line and "\r" not in line and "\0" not in line
    assert [re.sub(r"\\(.)", r"\1", word) for word in re.findall(r'"((?:[^"\\]|\\.)*)"', line)] == words
