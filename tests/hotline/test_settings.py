"""A misspelt or impossible setting is refused by name; what is set reaches the processes that are started."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline import explained
from hotline.settings import VARIABLES, Settings, SettingsError


def load(home: Path, text: str = "", **variables: str) -> Settings:
    home.mkdir(exist_ok=True)
    (home / "settings.yaml").write_text(text)
    return Settings.load({"HOTLINE_HOME": str(home), **variables})


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"HOTLINE_SIPPORT": "5060"}, "HOTLINE_SIPPORT: no such setting"),
        ({"HOTLINE_SIP_PORT": "0"}, "HOTLINE_SIP_PORT: '0' is not a port"),
        ({"HOTLINE_HTTP_PORT": "http"}, "HOTLINE_HTTP_PORT: 'http' is not a port"),
        ({"HOTLINE_AMI_PORT": "５０３８"}, "HOTLINE_AMI_PORT: '５０３８' is not a port"),
        ({"HOTLINE_RTP_PORTS": "20000"}, "HOTLINE_RTP_PORTS: '20000' is not FIRST-LAST"),
        ({"HOTLINE_RTP_PORTS": "20000-10000"}, "HOTLINE_RTP_PORTS"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variables: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load(tmp_path, **variables)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sip: {adress: 1.2.3.4}", "sip.adress: Extra inputs are not permitted"),
        ("siip: {}", "siip: Extra inputs are not permitted"),
        ("spool: {silence_seconds: 0}", "spool.silence_seconds"),
        ("spool: {silence_seconds: 5, silence_seconds: 6}", "duplicate key"),
        ("sip: [", "settings.yaml"),
        ("- a list", "settings.yaml"),
    ],
)
def test_a_wrong_settings_file_is_refused_with_its_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as refused:
        load(tmp_path, text)
    assert str(tmp_path / "settings.yaml") in str(refused.value)


def test_a_started_process_loads_the_same_settings(tmp_path: Path) -> None:
    mine = load(tmp_path, "menu: {enabled: false}", HOTLINE_SIP_PORT="5070", HOTLINE_RTP_PORTS="20000-20999")
    assert Settings.load(mine.environ()) == mine
    assert set(mine.environ()) == set(VARIABLES)


def test_every_setting_is_explained_and_no_password_is_shown(tmp_path: Path) -> None:
    mine = load(tmp_path, HOTLINE_DATABASE_URL="postgresql://hotline:hunter2@db/hotline")
    told = explained.settings(mine)
    assert set(VARIABLES) <= {one.name for one in told}
    assert "sip.trunks" in {one.name for one in told}
    assert [one.name for one in told if not one.meaning] == []
    assert "hunter2" not in repr(told)
