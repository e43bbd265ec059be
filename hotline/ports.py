"""Which ports the hotline needs, and who holds one that is taken: said before anything starts."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Container, Iterable
from dataclasses import dataclass

import psutil

from hotline.settings import Settings

EVERYWHERE = {"0.0.0.0", "::"}


@dataclass(frozen=True)
class Port:
    """A port the hotline listens on and the variable that sets it."""

    what: str
    variable: str
    kind: socket.SocketKind
    address: str
    number: int

    @property
    def protocol(self) -> str:
        return "UDP" if self.kind == socket.SOCK_DGRAM else "TCP"


def needed(settings: Settings) -> tuple[Port, ...]:
    """All ports with a fixed number; RTP's are taken call by call from a range."""
    tls = settings.file.tls.port
    return (
        Port("SIP", "HOTLINE_SIP_PORT", socket.SOCK_DGRAM, settings.file.sip.address, settings.sip_port),
        *([Port("SIP over TLS", "tls.port", socket.SOCK_STREAM, settings.file.sip.address, tls)] if tls else ()),
        Port("AMI", "HOTLINE_AMI_PORT", socket.SOCK_STREAM, "127.0.0.1", settings.ami_port),
        Port("FastAGI", "HOTLINE_AGI_PORT", socket.SOCK_STREAM, "127.0.0.1", settings.agi_port),
        Port("HTTP", "HOTLINE_HTTP_PORT", socket.SOCK_STREAM, "127.0.0.1", settings.http_port),
    )


def taken(ports: Iterable[Port], ours: Container[int] = ()) -> list[str]:
    """A line for each port that somebody else holds; `ours` are process ids that may hold them."""
    return [line for port in ports if (line := _complaint(port, ours))]


def _complaint(port: Port, ours: Container[int]) -> str | None:
    if _free(port):
        return None
    holder = _holder(port)
    if holder is not None and holder.pid in ours:
        return None
    who = f"{_name(holder)} (process {holder.pid})" if holder else "a process of another user"
    return f"{port.what}: {port.protocol} port {port.number} on {port.address} is in use by {who}; end it or set {port.variable}"


def _free(port: Port) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in port.address else socket.AF_INET, port.kind) as probe:
        if port.kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.address, port.number))
        except OSError:
            return False
    return True


def _holder(port: Port) -> psutil.Process | None:
    kind = "udp" if port.kind == socket.SOCK_DGRAM else "tcp"
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections(kind):
            listens = kind == "udp" or connection.status == psutil.CONN_LISTEN
            if listens and connection.pid and connection.laddr and _meets(port, *connection.laddr):
                return psutil.Process(connection.pid)
    return None


def _meets(port: Port, address: str, number: int) -> bool:
    """Another address of this machine may use the same number: the telephone network of a test does."""
    return number == port.number and (address == port.address or bool(EVERYWHERE & {address, port.address}))


def _name(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()[:4]) or process.name()
    except psutil.Error:
        return "a process"
