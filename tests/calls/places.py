"""Where a hotline that stories are told on lives and listens, and the city it serves: one way for every folder of stories."""

from __future__ import annotations

import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hotline.settings import DIALPLANS
from speech.prompts import texts
from telephone import sound
from telephone.hotline_under_test import Plan
from telephone.network import Wiring

RTP_PORTS = 1000  # of each of the two


@contextmanager
def short_folder(name: str) -> Iterator[Path]:
    """Short, because Asterisk's control socket allows no long path."""
    made = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def wired(folder: Path, sip_port: int, rtp: int, city: Path, settings: Mapping[str, Mapping[str, Any]] | None = None) -> tuple[Plan, Wiring]:
    """A hotline of `city` and its telephone network, on ports that follow `sip_port` and `rtp`."""
    more = dict(settings or {})
    wishes = {**more, "sip": {"address": "127.0.0.1", **more.get("sip", {})}, "menu": {"city": str(city)}}
    plan = Plan(folder / "hotline", sip_port, sip_port + 1, sip_port + 2, sip_port + 3, (rtp, rtp + RTP_PORTS - 1), settings=wishes)
    wiring = Wiring(
        folder / "network", hotline_port=sip_port, sip_port=sip_port, phones_port=sip_port + 4, ami_port=sip_port + 5,
        rtp_ports=(rtp + RTP_PORTS, rtp + 2 * RTP_PORTS - 1),
    )  # fmt: skip
    return plan, wiring


def copied_city(folder: Path) -> Path:
    """The city as it is, to be changed."""
    made = folder / "city"
    shutil.copytree(DIALPLANS / "12345", made)
    return made


def record(city: Path, seconds: Callable[[str], float]) -> None:
    """A recording of its own for each prompt, as long as `seconds` says of its name: nobody is kept waiting."""
    for name in texts(city):
        sound.write(city / "recordings" / "zh" / f"{name}.wav", sound.babble(seconds(name), seed=zlib.crc32(name.encode())))
