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
        ({"HOTLINE_DATABASE_URL": "mysql://db/hotline"}, "HOTLINE_DATABASE_URL: begins with none of sqlite://, postgresql://"),
        ({"HOTLINE_DATABASE_URL": "hotline.sqlite3"}, "HOTLINE_DATABASE_URL: begins with none of"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variables: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load(tmp_path, **variables)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sip: {adress: 1.2.3.4}", r'sip.adress: no such setting "adress" \(did you mean "address"\?\)'),
        ("siip: {}", r'siip: no such setting "siip" \(did you mean "sip"\?\)'),
        ("sip: {registrations: [{server: a.example, user: u, secret_file: s, nummer: 1}]}", r'sip.registrations.0.nummer: no such setting "nummer" \(did you mean "number"\?\)'),
        ("spool: {silence_seconds: 0}", "spool.silence_seconds"),
        ("spool: {silence_seconds: 5, silence_seconds: 6}", "duplicate key"),
        ("sip: {address: everywhere}", "sip.address: 'everywhere' is not an IP address"),
        ('sip: {external_address: "203.0.113.9\\nlocal_net = 0.0.0.0/0"}', "sip.external_address: "),
        ("sip: {local_networks: [office]}", "sip.local_networks.0: 'office' is neither an IP address nor a network"),
        ("sip: {trunks: [192.0.2.300]}", "sip.trunks.0: '192.0.2.300' is neither an IP address nor a network"),
        ('sip: {trunks: ["192.0.2.1\\nendpoint = alice"]}', "sip.trunks.0"),
        ('sip: {trunks: ["fe80::1%x\\nendpoint = alice"]}', "sip.trunks.0"),
        ('sip: {address: "fe80::1%x\\nlocal_net = ::/0"}', "sip.address"),
        ('sip: {trunks: ["carrier.example\\n"]}', "sip.trunks.0"),
        ("speech: {engine: whisper}", "speech.engine: 'whisper' is none of auto, faster-whisper, sherpa-onnx, vosk"),
        ("menu: {language: ../zh}", "menu.language: String should match pattern"),
        ('menu: {language: "zh\\n"}', "menu.language: String should match pattern"),
        ("case_system: {url: cases.example}", "case_system.url: String should match pattern"),
        ("sip: [", "settings.yaml"),
        ("- a list", "settings.yaml: must hold sections such as sip: with settings in them"),
    ],
)
def test_a_wrong_settings_file_is_refused_with_its_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as refused:
        load(tmp_path, text)
    assert str(tmp_path / "settings.yaml") in str(refused.value)


def test_addresses_networks_and_names_of_carriers_are_taken(tmp_path: Path) -> None:
    text = 'sip: {address: "::", external_address: 203.0.113.9, local_networks: [10.0.0.0/8], trunks: [192.0.2.1, "2001:db8::/32", sip.carrier.example]}'
    sip = load(tmp_path, text).file.sip
    assert (sip.address, sip.external_address, sip.local_networks) == ("::", "203.0.113.9", ("10.0.0.0/8",))
    assert sip.trunks == ("192.0.2.1", "2001:db8::/32", "sip.carrier.example")


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
