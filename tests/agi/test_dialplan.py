"""What must be true of the dialplan as text; tests/agi/test_calls.py and test_left_behind.py call it."""

from __future__ import annotations

import re

import pytest
from jinja2 import Environment, FileSystemLoader

from agi import commands
from hotline.settings import DIALPLANS

VARIABLES = {
    "agi_port": 4573,
    "language": "zh",
    "menu_enabled": True,
    "spool": "/var/spool/hotline",
    "maximum_seconds": 300,
    "silence_seconds": 10,
    "no_input_factor": 1,
    "sites": {},
}


def contexts(of: str = "extensions", **changes: object) -> dict[str, str]:
    """What has no value here stays empty: tests/hotline/test_render.py sees that Asterisk gets every one."""
    environment = Environment(loader=FileSystemLoader(DIALPLANS / "asterisk"), trim_blocks=True, lstrip_blocks=True)
    text = environment.get_template(f"{of}.conf.j2").render(VARIABLES | changes)
    parts = re.split(r"^\[([\w-]+)\]$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_place_a_caller_can_be_in_knows_faxes_time_limits_and_the_end() -> None:
    told = contexts()
    assert {name for name in ("fax", "T", "h", "i", "e") if f"exten => {name},1," in told["hotline-common"]} == {
        "fax",
        "T",
        "h",
        "i",
        "e",
    }
    for name, text in told.items():
        if name not in ("general", "hotline-phones", "hotline-common", "hotline-close"):
            assert "include => hotline-common" in text, name


def test_agistatus_is_never_looked_at() -> None:
    assert not any("AGISTATUS}" in text for text in contexts().values())


def test_a_menu_that_is_switched_off_asks_no_server() -> None:
    assert "AGI(" in contexts()["hotline-enter"]
    assert "AGI(" not in contexts(menu_enabled=False)["hotline-enter"]


def test_with_the_menu_switched_off_no_key_leads_to_it() -> None:
    assert "HOTLINE_AT=${HOTLINE_ROOT}," in contexts("waiting")["hotline-key"]
    assert "HOTLINE_AT=${HOTLINE_PERSON}," in contexts("waiting", menu_enabled=False)["hotline-key"]


def test_callers_reach_no_trunk_but_by_a_number_of_the_menu() -> None:
    dialling = {name for name, text in contexts().items() if "Dial(" in text}
    assert dialling == {"hotline-transfer", "hotline-emergency"}
    assert 'REGEX("^(110|119|120|122)$" ${HOTLINE_OUT})' in contexts()["hotline-emergency"]
    assert "FILTER(0-9+,${HOTLINE_TARGET})" in contexts()["hotline-transfer"]
    assert "${EXTEN}" not in "".join(contexts().values())


def test_the_server_and_the_dialplan_agree_on_the_state_of_an_ask() -> None:
    taken = re.findall(r"(HOTLINE_\w+)=\$\{ARG(\d)\}", contexts()["hotline-ask"])
    assert [name for name, _ in taken] == list(commands.STATE)
    assert [place for _, place in taken] == ["4", "5", "6", "7"]


@pytest.mark.parametrize("decision", ["queue", "voicemail", "fax", "transfer", "emergency", "hangup"])
def test_every_decision_leads_somewhere(decision: str) -> None:
    told = contexts()
    assert f"exten => do-{decision},1,Goto(hotline-{decision},s,1)" in told["hotline-decided"]
    assert f"hotline-{decision}" in told
