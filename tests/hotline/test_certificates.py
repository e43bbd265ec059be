"""The certificate for calls over TLS: made for trials or the city's own, checked before it is used, never worse than the last."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline import backup, certificates, doctor, phones, restore
from hotline.asterisk import Asterisk, Runtime, ours
from hotline.certificates import CertificateUnusable
from hotline.cli import build
from hotline.health import Health
from hotline.settings import Settings, SettingsError
from tests.hotline.conftest import free_port, settings_of

OWN = "certificate_file: city/cert.pem, key_file: city/key.pem"


def with_tls(home: Path, more: str = "", sip: str = 'address: "127.0.0.1"') -> Settings:
    home.mkdir(parents=True, exist_ok=True)
    (home / "settings.yaml").write_text(f"sip: {{{sip}}}\ntls: {{port: {free_port()}, {more}}}\n")
    return settings_of(home)


def put(settings: Settings, certificate: certificates.Certificate, key: str = "") -> None:
    """As a city would have got it from its authority."""
    (settings.home / "city").mkdir(exist_ok=True)
    (settings.home / "city" / "cert.pem").write_text(certificate.text)
    (settings.home / "city" / "key.pem").write_text(key or certificate.key)
    (settings.home / "city" / "key.pem").chmod(0o600)


def found(settings: Settings) -> list[tuple[str, str]]:
    return [(finding.level, finding.says) for finding in doctor.encryption(settings)]


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    data = tmp_path / "share"
    (data / "sounds").mkdir(parents=True)
    return Runtime(("asterisk",), tmp_path / "modules", data, "22.10.1", installed=False)


def test_without_a_port_there_is_no_tls_and_nothing_is_made(tmp_path: Path, runtime: Runtime) -> None:
    settings = settings_of(tmp_path / "home")
    ours.configure(settings, runtime)
    assert "tls" not in (settings.home / "asterisk/etc/pjsip.conf").read_text()
    assert not any(path.exists() for path in certificates.files(settings)) and found(settings) == []


def test_a_trial_certificate_is_made_once_names_this_machine_and_is_private(tmp_path: Path) -> None:
    settings = with_tls(tmp_path / "home", sip="address: 192.0.2.1, external_address: 203.0.113.9")
    made = certificates.install(settings)
    assert made is not None and {"192.0.2.1", "203.0.113.9", "127.0.0.1"} < set(made.names)
    assert certificates.install(settings) == made == certificates.installed(settings)
    assert {stat.S_IMODE(path.stat().st_mode) for path in certificates.files(settings)} == {0o600}
    assert [level for level, _ in found(settings)] == ["note"]


def test_a_trial_certificate_that_ends_soon_is_made_anew(tmp_path: Path) -> None:
    settings = with_tls(tmp_path / "home")
    old = certificates.make_trial(settings, datetime.now(UTC) - timedelta(days=certificates.TRIAL_DAYS - 20))
    settings.secrets.mkdir(parents=True)
    for path, text in zip(certificates.files(settings), (old.text, old.key), strict=True):
        path.write_text(text)
    made = certificates.install(settings)
    assert made is not None and made.days_left() > 300


def test_the_citys_own_is_copied_and_a_broken_one_leaves_the_last_good_one(tmp_path: Path, runtime: Runtime) -> None:
    settings = with_tls(tmp_path / "home", OWN)
    good, other = certificates.make_trial(settings), certificates.make_trial(settings)
    put(settings, good)
    ours.configure(settings, runtime)
    assert certificates.installed(settings).text == good.text
    put(settings, other, key=good.key)
    ours.configure(settings, runtime)
    assert certificates.installed(settings).text == good.text
    [(level, says)] = found(settings)
    assert level == "fault" and "not the key of" in says
    assert f"cert_file = {certificates.files(settings)[0]}\n" in (settings.home / "asterisk/etc/pjsip.conf").read_text()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("cert.pem", None, "No such file"), ("key.pem", None, "No such file"), ("cert.pem", "hello", "no certificate in PEM form"),
        ("key.pem", "hello", "no private key in PEM form"), ("key.pem", "市", "not plain text"), ("cert.pem", "", "no certificate in PEM form"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_and_calls_without_tls_go_on(tmp_path: Path, runtime: Runtime, name: str, text: str | None, says: str) -> None:
    settings = with_tls(tmp_path / "home", OWN)
    put(settings, certificates.make_trial(settings))
    (settings.home / "city" / name).unlink() if text is None else (settings.home / "city" / name).write_text(text)
    with pytest.raises(CertificateUnusable, match=f"{name}: .*{says}"):
        certificates.install(settings)
    assert ("fault", True) in [(level, says in told) for level, told in found(settings)]
    ours.configure(settings, runtime)
    conf = (settings.home / "asterisk/etc/pjsip.conf").read_text()
    assert "[transport-udp]" in conf and "[transport-tls]" not in conf


def test_a_key_with_a_password_is_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    settings = with_tls(tmp_path / "home", OWN)
    made = certificates.make_trial(settings)
    private = serialization.load_pem_private_key(made.key.encode(), None)
    locked = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x"))
    put(settings, made, key=locked.decode())
    with pytest.raises(CertificateUnusable, match="without a password"):
        certificates.install(settings)


@pytest.mark.parametrize(("days", "level", "says"), [(-1, "fault", "ended on"), (10, "warning", "ends in"), (200, "ok", "TLS on port")])
def test_its_end_is_told_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, level: str, says: str) -> None:
    monkeypatch.setattr(certificates, "TRIAL", "a city")
    settings = with_tls(tmp_path / "home", OWN)
    put(settings, certificates.make_trial(settings, datetime.now(UTC) - timedelta(days=certificates.TRIAL_DAYS - days, hours=-2)))
    certificates.install(settings)
    monkeypatch.setattr(certificates, "TRIAL", "")
    [(told, message)] = found(settings)
    assert (told, says in message) == (level, True)
    warned = [message for message in Health(settings, Asterisk(Runtime((), Path(), Path(), "", False), ours.instance(settings))).warnings() if "certificate" in message]
    assert bool(warned) == (level != "ok")


def test_one_that_does_not_count_yet_is_a_fault(tmp_path: Path) -> None:
    settings = with_tls(tmp_path / "home", OWN)
    put(settings, certificates.make_trial(settings, datetime.now(UTC) + timedelta(days=2)))
    certificates.install(settings)
    assert [(level, "counts only from" in says) for level, says in found(settings)] == [("fault", True)]


def test_a_key_others_can_read_is_a_fault(tmp_path: Path) -> None:
    settings = with_tls(tmp_path / "home", OWN)
    put(settings, certificates.make_trial(settings))
    (settings.home / "city" / "key.pem").chmod(0o644)
    certificates.install(settings)
    assert ("fault", f"{settings.home / 'city' / 'key.pem'} can be read by others") in found(settings)


@pytest.mark.parametrize(
    ("sip", "tls", "says"),
    [
        ("trunks: [192.0.2.0/24]", "port: 5061, trunks: [192.0.2.7]", "is in sip.trunks"), ("trunks: [a.example]", "port: 5061, trunks: [a.example]", "is in sip.trunks"),
        ("trunks: []", "trunks: [192.0.2.7]", "trunks need a port"), ("trunks: []", "port: 5061, key_file: x", "belong together"), ("trunks: []", "port: 0", "tls.port"),
        ("registrations: [{server: a, user: b, secret_file: c, encrypted: true}]", "port: null", "encrypted needs tls.port"),
        ("trunks: []", 'port: 5061, trunks: ["x]\\n[evil]"]', "tls.trunks.0"),
    ],
)  # fmt: skip
def test_settings_that_would_encrypt_less_than_they_say_are_refused(tmp_path: Path, sip: str, tls: str, says: str) -> None:
    (tmp_path / "settings.yaml").write_text(f"sip: {{{sip}}}\ntls: {{{tls}}}\n")
    with pytest.raises(SettingsError, match=says):
        settings_of(tmp_path)


def test_an_encrypted_carrier_phone_and_trunk_get_nothing_but_tls_and_srtp(tmp_path: Path, runtime: Runtime) -> None:
    carrier = 'address: "127.0.0.1", trunks: [192.0.2.1], registrations: [{server: sip.example, user: u, secret_file: secrets/carrier, encrypted: true}]'
    settings = with_tls(tmp_path / "home", "trunks: [192.0.2.7]", carrier)
    settings.secrets.mkdir(mode=0o700)
    (settings.secrets / "carrier").write_text("secret")
    phones.add(settings, "li", (), encrypted=True)
    phones.add(settings, "wang", ())
    ours.configure(settings, runtime)
    sections = [part.splitlines() for part in (settings.home / "asterisk/etc/pjsip.conf").read_text().split("\n[")]
    endpoint = {part[0].split("]")[0]: part for part in sections if "(" in part[0]}
    must = {"transport = transport-tls", "media_encryption = sdes", "set_var = HOTLINE_ENCRYPTED=1"}
    assert must < set(endpoint["li"]) and must < set(endpoint["trunk-encrypted"]) and "t38_udptl = no" in endpoint["trunk-encrypted"]
    assert not must & set(endpoint["wang"]) and not must & set(endpoint["trunk"])
    [registration] = [part for part in sections if "type = registration" in part]
    assert "transport = transport-tls" in registration and "server_uri = sip:sip.example\\;transport=tls" in registration
    assert [part[3] for part in sections if "endpoint = trunk-encrypted" in part] == ["match = 192.0.2.7", "match = sip.example"]
    assert [phone.encrypted for phone in phones.phones(settings)] == [True, False]


def test_an_encrypted_phone_without_tls_is_refused_and_named(tmp_path: Path) -> None:
    settings = with_tls(tmp_path / "home")
    phones.add(settings, "li", (), encrypted=True)
    without = replace(settings, file=settings.file.model_copy(update={"tls": type(settings.file.tls)()}))
    with pytest.raises(phones.PhoneError, match=r"needs tls\.port"):
        phones.add(without, "wang", (), encrypted=True)
    assert found(without) == [("fault", "phone li must encrypt, but tls.port is not set")]


def test_a_backup_holds_certificate_and_key(tmp_path: Path) -> None:
    settings = with_tls(tmp_path / "home", OWN)
    put(settings, certificates.make_trial(settings))
    used = certificates.install(settings)
    backup.write(settings, tmp_path / "x.tar.gz")
    restore.read(tmp_path / "x.tar.gz", tmp_path / "again", {})
    assert certificates.installed(settings_of(tmp_path / "again")) == used


def test_the_command_shows_it_and_takes_a_new_one(tmp_path: Path) -> None:
    settings = with_tls(tmp_path / "home", OWN)
    first, second = certificates.make_trial(settings), certificates.make_trial(settings)
    put(settings, first)
    call = CliRunner(env=settings.environ()).invoke
    assert call(build(), ["certificate", "show"]).exit_code == 1, "none yet"
    assert call(build(), ["certificate", "reload"]).exit_code == 0
    put(settings, second, key=first.key)
    assert call(build(), ["certificate", "reload"]).exit_code == 1
    assert certificates.installed(settings).text == first.text
    put(settings, second)
    assert '"days_left": 364' in call(build(), ["certificate", "reload", "--json"]).stdout
    assert certificates.installed(settings).text == second.text
    assert "127.0.0.1" in call(build(), ["certificate", "show"]).stdout
