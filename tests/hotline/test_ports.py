"""A port in use is named with its holder and the variable that moves it, before anything starts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace

from hotline import ports
from hotline.settings import Settings


def test_the_holder_of_a_port_and_the_way_out_are_named(settings: Settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", settings.http_port))
        taken.listen()
        [line] = ports.taken(ports.needed(settings))
    assert line.startswith(f"HTTP: TCP port {settings.http_port} on 127.0.0.1 is in use by ")
    assert f"(process {os.getpid()})" in line
    assert line.endswith("set HOTLINE_HTTP_PORT")


def test_sip_is_looked_for_among_udp_ports(settings: Settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", settings.sip_port))
        [line] = ports.taken(ports.needed(settings))
    assert f"SIP: UDP port {settings.sip_port}" in line


def test_what_our_own_processes_hold_is_no_obstacle(settings: Settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", settings.agi_port))
        taken.listen()
        assert ports.taken(ports.needed(settings), {os.getpid()}) == []


def test_free_ports_are_no_obstacle(settings: Settings) -> None:
    assert ports.taken(ports.needed(settings)) == []


HOLD = "import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[1], int(sys.argv[2]))); print(flush=True); sys.stdin.read()"


def test_the_same_number_on_another_address_is_somebody_elses(settings: Settings) -> None:
    """A second Asterisk on 127.0.0.2 once kept the hotline from coming back to its own on 127.0.0.1."""
    sip = replace(ports.needed(settings)[0], address="127.0.0.1")
    for mine, theirs in (("127.0.0.1", "127.0.0.2"), ("127.0.0.2", "127.0.0.1")):
        command = [sys.executable, "-c", HOLD, theirs, str(sip.number)]
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other,
        ):
            here.bind((mine, sip.number))
            assert other.stdout is not None
            other.stdout.readline()
            lines = ports.taken([sip], {os.getpid()})
            assert lines == [] if mine == sip.address else f"(process {other.pid})" in lines[0]
            other.communicate(b"")
