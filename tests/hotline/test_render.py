"""Asterisk's configuration: private files, everything below the home, loopback where it must be, secrets in one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotline import phones
from hotline.asterisk import Instance, Runtime, ours, render
from hotline.settings import Settings
from tests.hotline.conftest import settings_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    """Folders as Debian's package has them, without a program."""
    data = tmp_path / "share"
    (data / "sounds" / "en_US_f_Allison").mkdir(parents=True)
    (data / "sounds" / "en_US_f_Allison" / "beep.gsm").touch()
    (data / "documentation").mkdir()
    return Runtime(("asterisk",), tmp_path / "modules", data, "22.10.1", installed=False)


def conf(settings: Settings, name: str) -> str:
    return (settings.home / "asterisk" / "etc" / name).read_text()


def test_every_file_is_for_its_owner_only(settings: Settings, runtime: Runtime) -> None:
    made = ours.configure(settings, runtime)
    files = [path for path in (made.home / "etc").iterdir() if path.is_file()]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
    assert oct(made.home.stat().st_mode & 0o777) == "0o700"
    assert {"asterisk.conf", "pjsip.conf", "extensions.conf", "queues.conf", "manager.conf"} <= {path.name for path in files}


def test_every_folder_asterisk_uses_is_below_the_home(settings: Settings, runtime: Runtime) -> None:
    ours.configure(settings, runtime)
    folders = dict(re.findall(r"^(ast\w+dir) => (.+)$", conf(settings, "asterisk.conf"), re.MULTILINE))
    assert len(folders) == 12
    outside = {name for name, path in folders.items() if not path.startswith(str(settings.home))}
    assert outside <= {"astmoddir", "astrundir", "astsbindir"}, "the run folder moves where a socket's path would be too long"
    assert all(Path(path).is_dir() for name, path in folders.items() if name != "astmoddir")
    assert "transmit_silence = yes" in conf(settings, "asterisk.conf")
    assert "live_dangerously = no" in conf(settings, "asterisk.conf")


def test_the_manager_listens_on_loopback_and_cannot_run_programs(settings: Settings, runtime: Runtime) -> None:
    ours.configure(settings, runtime)
    text = conf(settings, "manager.conf")
    assert f"bindaddr = 127.0.0.1\nport = {settings.ami_port}\n" in text
    [granted] = re.findall(r"^write = (.+)$", text, re.MULTILINE)
    assert not {"system", "command", "config", "all"} & set(granted.split(","))
    assert "channelvars = HOTLINE_PATH,HOTLINE_TYPE,HOTLINE_CALLED,HOTLINE_AT,HOTLINE_VERSION" in text


def test_no_event_that_somebody_listens_to_is_kept_back(settings: Settings, runtime: Runtime) -> None:
    ours.configure(settings, runtime)
    kept_back = re.findall(r"^eventfilter\(action\(exclude\),name\((\w+)\)\) =$", conf(settings, "manager.conf"), re.MULTILINE)
    assert "TestEvent" in kept_back
    code = "".join(path.read_text(encoding="utf-8") for room in ("queues", "hotline") for path in (ROOT / room).rglob("*.py"))
    assert not [name for name in kept_back if f'"{name}"' in code]


def test_a_phone_is_known_by_its_name_before_its_address_is_taken_for_the_trunk(settings: Settings, runtime: Runtime) -> None:
    phone = phones.add(settings, "li", ("complaints",))
    ours.configure(settings, runtime)
    text = conf(settings, "pjsip.conf")
    assert "endpoint_identifier_order = username,auth_username,ip" in text
    assert "match = 127.0.0.0/8" in text
    assert "[li](hotline-media)\ncontext = hotline-phones\n" in text
    assert f"username = li\npassword = {phone.secret}\n" in text
    assert "member => PJSIP/li,0,li,PJSIP/li" in conf(settings, "queues.conf").split("[hotline-general]")[0]


def test_a_phone_whose_queue_is_gone_keeps_nobody_from_starting(settings: Settings, runtime: Runtime) -> None:
    phones.add(settings, "li", ("complaints",))
    file = settings.home / "phones" / "li.json"
    file.write_text(file.read_text().replace("complaints", "closed-department"))
    ours.configure(settings, runtime)
    assert "[li](hotline-media)" in conf(settings, "pjsip.conf")
    assert "PJSIP/li" not in conf(settings, "queues.conf")


def test_what_is_right_already_is_not_written_again(settings: Settings, runtime: Runtime) -> None:
    """A hotline whose disk is full must start again."""
    made = ours.configure(settings, runtime)
    before = {path: path.stat().st_ino for path in (made.home / "etc").iterdir()}
    phones.add(settings, "li", ())
    ours.configure(settings, runtime)
    changed = {path.name for path, inode in before.items() if path.stat().st_ino != inode}
    assert changed == {"pjsip.conf", "conversation.conf"}  # a phone can be called, and transferred to


def test_secrets_are_made_once_and_stand_where_they_are_needed_only(settings: Settings, runtime: Runtime) -> None:
    secret = ours.ami_secret(settings)
    phone = phones.add(settings, "li", ())
    made = ours.configure(settings, runtime)
    assert ours.ami_secret(settings) == secret
    assert len(secret) >= 32
    holders = {path.name for path in (made.home / "etc").iterdir() if path.is_file() and secret in path.read_text()}
    assert holders == {"manager.conf"}
    holders = {path.name for path in (made.home / "etc").iterdir() if path.is_file() and phone.secret in path.read_text()}
    assert holders == {"pjsip.conf"}


def test_two_installations_have_different_secrets(tmp_path: Path) -> None:
    one, other = settings_of(tmp_path / "one"), settings_of(tmp_path / "other")
    assert ours.ami_secret(one) != ours.ami_secret(other)


def test_fax_and_sound_share_the_range_that_a_firewall_opens(tmp_path: Path, runtime: Runtime) -> None:
    settings = settings_of(tmp_path / "home", HOTLINE_RTP_PORTS="10000-19999")
    ours.configure(settings, runtime)
    assert "rtpstart = 10000\nrtpend = 18999\n" in conf(settings, "rtp.conf")
    assert "udptlstart = 19000\nudptlend = 19998\n" in conf(settings, "udptl.conf")


def test_prompts_of_the_home_and_asterisks_own_are_found(settings: Settings, runtime: Runtime) -> None:
    made = ours.configure(settings, runtime)
    prompt = settings.sounds / "zh" / "welcome.wav"
    prompt.touch()
    assert (made.home / "data/sounds/zh/hotline/welcome.wav").samefile(prompt)
    assert (made.home / "data/sounds/en/beep.gsm").exists()
    assert (made.home / "data/documentation").is_dir()
    assert [path.name for path in (settings.sounds / "music").iterdir()] == ["waiting.wav"]


def test_a_citys_own_music_replaces_ours(settings: Settings, runtime: Runtime) -> None:
    ours.configure(settings, runtime)
    (settings.sounds / "music" / "city.wav").touch()
    ours.configure(settings, runtime)
    assert [path.name for path in (settings.sounds / "music").iterdir()] == ["city.wav"]


def test_what_others_put_beside_the_rendered_files_stays(settings: Settings, runtime: Runtime) -> None:
    menus = settings.home / "asterisk/etc/menus/current.conf"
    menus.parent.mkdir(parents=True)
    menus.write_text("[hotline-trunk]\n")
    ours.configure(settings, runtime)
    ours.configure(settings, runtime)
    assert menus.read_text() == "[hotline-trunk]\n"


def test_a_message_by_sip_never_runs_the_dialplan_of_calls(settings: Settings, runtime: Runtime) -> None:
    ours.configure(settings, runtime)
    phones.add(settings, "li", ())
    ours.configure(settings, runtime)
    endpoints = re.findall(r"^context = (\S+)\n(?:;.*\n)?message_context = (\S+)$", conf(settings, "pjsip.conf"), re.MULTILINE)
    assert sorted(set(endpoints)) == [("hotline-phones", "hotline-no-messages"), ("hotline-trunk", "hotline-messages")]
    assert conf(settings, "pjsip.conf").count("\ncontext = ") == len(endpoints)
    assert "exten => 12345" not in conf(settings, "messages.conf"), "no number takes messages until the city says so"


def test_a_home_too_deep_for_a_socket_gets_a_short_run_folder(tmp_path: Path, runtime: Runtime) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    instance = Instance("deep", deep, ours.DIALPLANS / "asterisk" / "agi-bin", {})
    assert len(str(instance.run / "asterisk.ctl")) < 108
    render(instance, runtime)
    assert oct(instance.run.stat().st_mode & 0o777) == "0o700"
    instance.run.rmdir()


def test_a_template_that_names_an_unknown_variable_is_an_error(tmp_path: Path, runtime: Runtime) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "x.conf.j2").write_text("{{ no_such_thing }}")
    with pytest.raises(Exception, match="'no_such_thing' is undefined"):
        render(Instance("x", tmp_path / "home", tmp_path / "templates", {}), runtime)
