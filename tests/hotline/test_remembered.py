"""Asterisk's own database keeps no caller's number for longer than it is asked for."""

from __future__ import annotations

import time

import pytest

from hotline import running
from hotline.asterisk import Asterisk
from hotline.remembered import FAMILIES, KEPT_DAYS, LOOK_SECONDS, Remembered
from hotline.settings import Settings

DAY = 86_400.0


def day(ago: int) -> str:
    return time.strftime("%Y%m%d", time.localtime(time.time() - ago * DAY))


@pytest.mark.asterisk
def test_old_days_go_whether_or_not_anybody_calls(asterisk: Asterisk, settings: Settings) -> None:
    now = [time.time()]
    looking = Remembered(asterisk, lambda: now[0])
    looking.look()  # Asterisk does not run yet
    asterisk.start()
    kept = [f"/{family}-{day(ago)}/13800000001" for family in FAMILIES for ago in range(KEPT_DAYS + 1)] + ["/hotline/a", "/hotline-agenda-20200101/b"]
    old = [f"/{family}-{name}/13800000001" for family in FAMILIES for name in (day(KEPT_DAYS + 1), day(400), "20200101")]
    for key in kept + old:
        _, family, name = key.split("/")
        asterisk.cli(f"database put {family} {name} 1")
    looking.look()
    assert keys(asterisk) == sorted(kept)
    asterisk.cli("database put hotline-back-20200101 13800000001 1")
    looking.look()
    assert len(keys(asterisk)) == len(kept) + 1, "not yet"
    now[0] += LOOK_SECONDS
    looking.look()
    asterisk.stop()
    asterisk.start()
    assert keys(asterisk) == sorted(kept), "it was written to the disk"
    asterisk.cli("database put hotline-again-20200101 13800000001 1")
    running._chores(settings)()
    assert keys(asterisk) == sorted(kept), "the supervisor looks after it"


def keys(asterisk: Asterisk) -> list[str]:
    lines = asterisk.cli("database show").splitlines()
    return sorted(line.split(":")[0].strip() for line in lines if line.startswith("/hotline"))
