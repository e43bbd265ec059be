"""A real Asterisk with the hotline's configuration: starts clean, is asked, adopted, reloaded, ended."""

from __future__ import annotations

import psutil
import pytest

from hotline import phones, reload
from hotline.asterisk import Asterisk, AsteriskFailed, ours
from hotline.settings import Settings

pytestmark = pytest.mark.asterisk


def test_it_starts_without_a_complaint_and_is_asked(asterisk: Asterisk, settings: Settings) -> None:
    asterisk.start()
    assert asterisk.cli("core show version").startswith("Asterisk 2")
    assert "127.0.0.0/8" in asterisk.cli("pjsip show endpoint trunk")
    assert "hotline-complaints" in asterisk.cli("queue show")
    assert "SendFAX" in asterisk.cli("core show application SendFAX")
    assert "default" in asterisk.cli("moh show classes")
    said = (asterisk.instance.home / "log/console.log").read_text()
    assert [line for line in said.splitlines() if "ERROR" in line] == []


def test_a_second_process_of_ours_finds_it_and_ends_it(asterisk: Asterisk) -> None:
    asterisk.start()
    found = Asterisk(asterisk.runtime, asterisk.instance)
    first, second = asterisk.process(), found.process()
    assert first is not None
    assert second is not None
    assert first.pid == second.pid
    found.start()
    again = found.process()
    assert again is not None
    assert again.pid == first.pid, "it is not started twice"
    found.stop()
    assert asterisk.process() is None
    with pytest.raises(AsteriskFailed, match="'core show version'"):
        asterisk.cli("core show version")


def test_it_starts_again_after_a_crash(asterisk: Asterisk) -> None:
    asterisk.start()
    first = asterisk.process()
    assert first is not None
    asterisk.kill()
    assert not psutil.pid_exists(first.pid)
    asterisk.start()
    second = asterisk.process()
    assert second is not None
    assert second.pid != first.pid


def test_a_phone_added_while_it_runs_is_known_at_once(asterisk: Asterisk, settings: Settings) -> None:
    asterisk.start()
    phones.add(settings, "li", ("complaints",))
    reload.phones(settings)
    assert "PJSIP/li" in asterisk.cli("queue show hotline-complaints")
    assert "li/li" in asterisk.cli("pjsip show endpoint li")
    phones.remove(settings, "li")
    reload.phones(settings)
    assert "PJSIP/li" not in asterisk.cli("queue show hotline-complaints")
    assert "Unable to find object li" in asterisk.cli("pjsip show endpoint li")


def test_a_start_that_fails_ends_with_its_own_last_words(asterisk: Asterisk) -> None:
    asterisk.instance.conf.write_text("[directories]\nastmoddir => /nowhere\n")
    with pytest.raises(AsteriskFailed, match="ended while starting|not ready in time"):
        asterisk.start(limit_seconds=10)


def test_a_command_asterisk_does_not_know_is_an_error(asterisk: Asterisk) -> None:
    """Its console says so and reports success."""
    asterisk.start()
    with pytest.raises(AsteriskFailed, match="'pjsip reload everything': no such command"):
        asterisk.cli("pjsip reload everything")


def test_a_command_is_one_line(asterisk: Asterisk) -> None:
    with pytest.raises(ValueError, match="not one line"):
        asterisk.cli("core show version\ncore stop now")


def test_the_secret_opens_the_manager_interface(asterisk: Asterisk, settings: Settings) -> None:
    import socket

    asterisk.start()
    with socket.create_connection(("127.0.0.1", settings.ami_port), 5) as ami:
        ami.sendall(f"Action: Login\r\nUsername: {ours.AMI_USER}\r\nSecret: {ours.ami_secret(settings)}\r\n\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += ami.recv(4096)
    assert b"Response: Success" in answer
