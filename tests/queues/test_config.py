"""queues.conf: what is written, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotline import menus
from hotline.settings import Settings
from ivr.loading import load
from queues import config
from queues.config import QueueConfigError, render, strays
from tests.queues.conftest import Phone, queue


def sections(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = here = []
        elif line and not line.startswith(";"):
            here.append(line)
    return found


def test_each_queue_has_a_section_that_is_not_asterisks_own_general() -> None:
    made = sections(render([queue("general"), queue("complaints", "rrmemory")], []))
    assert list(made) == ["general", "hotline-complaints", "hotline-general"]
    assert "strategy = rrmemory" in made["hotline-complaints"]


def test_members_are_the_citys_and_those_added_each_once_in_order() -> None:
    city = replace(queue("general"), members=("2002", "1001"), wrapup_seconds=7)
    made = sections(render([city], [Phone("1001", ("general",)), Phone("anna", ("general",)), Phone("x", ())]))
    members = [line for line in made["hotline-general"] if line.startswith("member =>")]
    assert members == [f"member => PJSIP/{name},0,{name},PJSIP/{name},no,7" for name in ("1001", "2002", "anna")]
    assert "wrapuptime = 0" in made["hotline-general"], "a rest that app_queue counts could not be ended early"


def test_nobody_logged_in_lets_nobody_wait() -> None:
    made = sections(render([queue("general")], []))["hotline-general"]
    assert "joinempty = unavailable,invalid,unknown" in made and "leavewhenempty = unavailable,invalid,unknown" in made


def test_a_phone_of_a_queue_that_is_gone_stops_nobodys_calls_but_is_named() -> None:
    phones = [Phone("1001", ("gone", "general"))]
    assert "PJSIP/1001" in render([queue("general")], phones)
    assert strays([queue("general")], phones) == ["phone '1001': no such queue 'gone' (there are: general)"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (replace(queue("general"), strategy="fastest"), "queue 'general': strategy 'fastest' is none of"),
        (replace(queue("general"), name="a]\n[b"), "queue 'a]\\n[b': a name has a-z"),
        (replace(queue("general"), ring_seconds=0), "queue 'general': ring_seconds is 0, not 3 to 300"),
        (replace(queue("general"), wrapup_seconds=-1), "wrapup_seconds is -1"),
        (replace(queue("general"), maximum_waiting=10**9), "maximum_waiting is 1000000000"),
        (replace(queue("general"), members=("1001,0\nmember => Local/x",)), "phone '1001,0"),
    ],
)
def test_what_cannot_be_written_is_named(wrong: object, message: str) -> None:
    with pytest.raises(QueueConfigError) as refused:
        render([wrong], [])  # type: ignore[list-item]
    assert message in str(refused.value)


def test_the_citys_own_file_is_written() -> None:
    city = load(menus.texts(Settings.load({}).city))
    made = sections(render(city.queues.values(), []))
    assert {"hotline-complaints", "hotline-general"} <= set(made)


def test_every_strategy_of_asterisk_is_known() -> None:
    for strategy in config.STRATEGIES:
        assert f"strategy = {strategy}" in render([queue("general", strategy)], [])
