"""The doctor names what is missing and says what to do; a machine that lacks something essential makes it exit 1."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline import doctor, phones
from hotline.cli import build
from hotline.settings import Settings
from tests.hotline.conftest import Program


def findings(settings: Settings, what: str) -> list[doctor.Finding]:
    return [finding for finding in doctor.examine(settings) if finding.what == what]


def test_missing_prompts_are_named_with_the_command_that_makes_them(settings: Settings) -> None:
    [found] = findings(settings, "prompts")
    assert found.level == "fault"
    assert "welcome" in found.says
    assert "hotline setup" in found.do


def test_prompts_that_are_there_are_counted(settings: Settings) -> None:
    from speech import prompts

    folder = settings.sounds / "zh"
    folder.mkdir(parents=True)
    for name in prompts.texts(settings.city):
        (folder / f"{name}.wav").touch()
    [found] = findings(settings, "prompts")
    assert found.level == "ok"


def test_a_language_that_callers_would_not_hear_is_warned_of(settings: Settings) -> None:
    [found] = findings(settings, "prompts en")
    assert found.level == "warning"
    assert found.says.endswith(" not made, 0 only tones")


def test_without_asterisk_it_says_how_to_get_one(settings: Settings, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "downloads", settings.home / "nothing")
    [found] = findings(settings, "asterisk")
    assert (found.level, found.do) == ("fault", "run `hotline setup`")


def test_a_port_in_use_is_a_fault(settings: Settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", settings.agi_port))
        taken.listen()
        [found] = findings(settings, "ports")
    assert found.level == "fault"
    assert "HOTLINE_AGI_PORT" in found.says


def test_a_secret_others_can_read_is_a_fault(settings: Settings) -> None:
    phones.add(settings, "li", ())
    path = settings.home / "phones" / "li.json"
    path.chmod(0o644)
    [found] = findings(settings, "secrets")
    assert (found.level, found.do) == ("fault", f"chmod go= {path}")


def test_callers_data_that_others_can_read_is_warned_of(settings: Settings, tmp_path: Path) -> None:
    settings.home.chmod(0o755)
    database = settings.home / "hotline.sqlite3"
    database.touch()
    database.chmod(0o644)
    assert [one.do for one in findings(settings, "privacy")] == [f"chmod go= {settings.home}", f"chmod go= {database}"]
    settings.home.chmod(0o700)
    assert [one.level for one in findings(settings, "privacy")] == ["ok"]
    elsewhere = tmp_path / "elsewhere.sqlite3"
    elsewhere.touch()
    elsewhere.chmod(0o644)
    outside = Settings.load(settings.environ() | {"HOTLINE_DATABASE_URL": f"sqlite:///{elsewhere}"})
    assert [one.do for one in findings(outside, "privacy")] == [f"chmod go= {elsewhere}"]


def test_a_case_system_without_a_key_is_a_fault(settings: Settings) -> None:
    wishes = 'case_system: {url: "https://cases.example/tickets", secret_file: secrets/key}\n'
    (settings.home / "settings.yaml").write_text(wishes)
    [found] = findings(Settings.load(settings.environ()), "case system")
    assert found.level == "fault"
    assert "secrets/key" in found.says
    (settings.home / "secrets").mkdir(mode=0o700, exist_ok=True)
    (settings.home / "secrets" / "key").write_text("shared key\n")
    [found] = findings(Settings.load(settings.environ()), "case system")
    assert (found.level, found.says) == ("ok", "tickets go to cases.example")


def test_a_process_that_is_away_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "supervisor_pid", lambda _: 1)
    monkeypatch.setattr(doctor, "_own_processes", lambda _: {"asterisk": 2, "telephony": 3, "web": 4})
    [found] = findings(settings, "processes")
    assert found.level == "warning"
    assert found.says == "worker does not run although it should"


def test_a_phone_that_cannot_be_read_is_named(settings: Settings) -> None:
    (settings.home / "phones").mkdir()
    (settings.home / "phones" / "alice.json").write_text("{broken")
    [found] = findings(settings, "phones")
    assert found.level == "fault"
    assert "phones/alice.json" in found.says


def test_too_little_room_is_a_fault_that_says_what_callers_notice(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 5_000_000})
    monkeypatch.setattr("hotline.doctor.shutil.disk_usage", lambda _: usage)
    [found] = findings(settings, "disk")
    assert found.level == "fault"
    assert "5 MB free: callers are sent to a person" in found.says


def test_a_trunk_open_to_everybody_is_warned_of(tmp_path: Path, settings: Settings) -> None:
    (settings.home / "settings.yaml").write_text('sip: {trunks: ["0.0.0.0/0"]}\n')
    found = findings(Settings.load(settings.environ()), "trunk")
    assert "warning" in [finding.level for finding in found]


def test_the_command_exits_1_and_explains_every_setting_as_json(settings: Settings) -> None:
    done = CliRunner(env=settings.environ()).invoke(build(), ["doctor", "--json"])
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert {"level", "what", "says", "do"} == set(told["items"][0])
    assert "HOTLINE_SIP_PORT" in {one["name"] for one in told["settings"]}


def test_people_read_a_table(settings: Settings) -> None:
    done = CliRunner(env=settings.environ()).invoke(build(), ["doctor", "--settings"])
    assert "case system" in done.stdout
    assert "spool.silence_seconds" in done.stdout
