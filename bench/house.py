"""The hotline that is measured: started as people start it, on ports of its own, with nobody at the phones."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from telephone.hotline_under_test import HotlineUnderTest, Plan
from telephone.network import Wiring

ADDRESS: Final = "127.0.0.1"
SIP_PORT: Final = 29060
PROCESSES: Final = ("supervisor", "asterisk", "telephony", "web", "worker")


def hotline(folder: Path) -> HotlineUnderTest:
    """Not started yet: use it with `async with`."""
    settings = {"sip": {"address": ADDRESS}}
    return HotlineUnderTest(Plan(folder / "hotline", SIP_PORT, SIP_PORT + 1, SIP_PORT + 2, SIP_PORT + 3, (30000, 33999), settings))


def wiring(folder: Path) -> Wiring:
    """A telephone network in front of it."""
    return Wiring(
        folder / "network", hotline_port=SIP_PORT, sip_port=SIP_PORT, phones_port=SIP_PORT + 4, ami_port=SIP_PORT + 5, rtp_ports=(34000, 35999)
    )


def memory(running: HotlineUnderTest) -> dict[str, float]:
    """Resident megabytes of each process, those it started (recognisers) included."""
    found = {}
    for name in PROCESSES:
        process = running.process(name)
        family = [process, *([] if name == "supervisor" else process.children(recursive=True))]
        found[name] = round(sum(one.memory_info().rss for one in family) / 1e6, 1)
    return found
