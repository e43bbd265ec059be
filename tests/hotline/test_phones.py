"""Phones: a secret shown once, names that cannot be taken for a citizen's number or break a configuration file."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from hotline import phones
from hotline.cli import build
from hotline.commands.phone import address
from hotline.sections import SipSettings
from hotline.settings import Settings


@pytest.mark.parametrize("name", ["li", "desk-7", "1001", "a_b"])
def test_a_phone_is_added_and_found(settings: Settings, name: str) -> None:
    added = phones.add(settings, name, ("complaints",))
    assert phones.phones(settings) == [added]
    assert (settings.home / "phones" / f"{name}.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["13812341234", "trunk", "Li", "a b", "../x", "x]\n[y", "", "七", "1"])
def test_a_name_that_could_be_something_else_is_refused(settings: Settings, name: str) -> None:
    with pytest.raises(phones.PhoneError, match="cannot be a phone's name"):
        phones.add(settings, name, ())
    assert phones.phones(settings) == []


def test_the_same_name_is_not_given_twice(settings: Settings) -> None:
    first = phones.add(settings, "li", ())
    with pytest.raises(phones.PhoneError, match="'li' is there already"):
        phones.add(settings, "li", ())
    assert phones.phones(settings) == [first]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"name": "wang"}', '{"name": "wang", "secret": "x\\n[trunk]\\ncontext=hotline-phones", "queues": []}',
     '{"name": "li", "secret": "a-good-secret", "queues": []}'],
)  # fmt: skip
def test_a_damaged_file_is_named_and_costs_no_other_phone(settings: Settings, text: str) -> None:
    kept = phones.add(settings, "li", ())
    (settings.home / "phones" / "wang.json").write_text(text)
    assert phones.phones(settings) == [kept]
    [fault] = phones.examined(settings)[1]
    assert "phones/wang.json: not a phone's file" in str(fault)


def test_the_command_prints_the_secret_once(settings: Settings) -> None:
    run = CliRunner(env=settings.environ()).invoke
    added = json.loads(run(build(), ["phone", "add", "li", "--queue", "complaints"]).stdout)
    assert (added["name"], added["queues"], added["port"]) == ("li", ["complaints"], settings.sip_port)
    assert added["secret"] == phones.phones(settings)[0].secret
    listed = run(build(), ["phone", "list", "--json"]).stdout
    assert json.loads(listed)["items"] == [{"name": "li", "queues": ["complaints"], "encrypted": False}]
    assert added["secret"] not in listed
    assert run(build(), ["phone", "remove", "li"]).exit_code == 0
    assert run(build(), ["phone", "remove", "li"]).exit_code == 2


def test_a_queue_that_does_not_exist_is_refused(settings: Settings) -> None:
    done = CliRunner(env=settings.environ()).invoke(build(), ["phone", "add", "li", "--queue", "complaint"])
    assert done.exit_code == 2
    assert "no such queue 'complaint'" in done.stderr
    assert phones.phones(settings) == []


def test_a_phone_is_told_an_address_it_can_use() -> None:
    assert address(SipSettings(address="192.0.2.7")) == "192.0.2.7"
    assert address(SipSettings(address="192.0.2.7", external_address="203.0.113.9")) == "203.0.113.9"
    for everywhere in ("0.0.0.0", "::"):
        assert address(SipSettings(address=everywhere)) not in ("", "0.0.0.0", "::")
