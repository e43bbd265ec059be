"""A port in use is named with its holder and the variable that moves it, before anything starts."""

from __future__ import annotations

import os
import socket

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
