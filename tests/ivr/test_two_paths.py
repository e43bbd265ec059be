"""Two paths, one behaviour: a real Asterisk walking the compiled menu tells what the pure flow tells."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline import menus
from hotline.asterisk import Asterisk, RuntimeMissing, find, ours
from hotline.settings import DIALPLANS
from ivr.flow import NO_MATCH_LIMIT, TURN_LIMIT
from ivr.loading import load
from ivr.model import City, Menu
from tests.hotline.conftest import settings_of
from tests.ivr.cities import CHINA, fuyang_texts, good_city, good_texts
from tests.ivr.native import natively, purely

pytestmark = pytest.mark.asterisk
KEYS = "0123456789*#s"
LONG = ["9s9s9", "99s1", "9*9*9*9", "s1s", "s*s*s", "#" * 5, "*" * (TURN_LIMIT + 2), "4" * (TURN_LIMIT + 2), "9" * NO_MATCH_LIMIT, "5s5s5s", "1#" * 25]


def every_call(city: City, length: int) -> list[tuple[str, str]]:
    """Every row of keys up to a length from the first menu, each key from every node, and the long ones."""
    rows = ["".join(row) for size in range(length + 1) for row in itertools.product(KEYS, repeat=size)]
    calls = [(city.root, row) for row in [*rows, *LONG]]
    return calls + [(node.id, keys) for node in city.nodes.values() for keys in ("", *KEYS, *(LONG if isinstance(node, Menu) else ()))]


def the_same(asterisk: Asterisk, city: City, calls: list[tuple[str, str]]) -> None:
    told = natively(asterisk, city, calls)
    expected = [purely(city, at, keys, datetime.now(UTC)) for at, keys in calls]
    different = [(call, native, pure) for call, native, pure in zip(calls, told, expected, strict=True) if native != pure]
    assert different == []


def test_the_city_as_it_is_shipped(asterisk: Asterisk) -> None:
    city = load(menus.texts(DIALPLANS / "12345"))
    the_same(asterisk, city, every_call(city, 3))


def test_a_city_whose_hotlines_were_merged(asterisk: Asterisk) -> None:
    city = load(fuyang_texts())
    the_same(asterisk, city, every_call(city, 1))


def test_a_city_with_every_kind_longer_keys_and_doors_open_and_closed(asterisk: Asterisk) -> None:
    translations = {"prompts.en": "welcome: Hello.\n", "prompts.ug": "welcome: Salam.\n"}
    city = good_city(menus=with_longer_keys_and_doors(), hours=open_and_closed(datetime.now(CHINA)), **translations)
    the_same(asterisk, city, every_call(city, 2))


def with_longer_keys_and_doors() -> str:
    text = good_texts()["menus.yaml"].replace("hours: office", "hours: closed-now")
    text = text.replace('"4": 12345-4\n', '"4": 12345-4\n      "51": 12345-51\n      "523": 12345-523\n      "6": 12345-6\n      "7": 12345-1\n      "8": 12345-8\n')
    return text + """\
  12345-51: {name: open now, kind: queue, queue: complaints, type: report, prompt: [about, hours], hours: open-now, closed: 12345-closed, language: ug}
  12345-523: {name: three digits, kind: voicemail, type: praise, prompt: about}
  12345-6: {name: a closed menu, kind: menu, prompt: matters, greeting: [welcome, about], choices: {"1": 12345-6-1, "0": 12345-1}, hours: closed-now, closed: 12345-back}
  12345-6-1: {name: a menu below, kind: menu, prompt: matters, choices: {"1": 12345-6-1-1, "2": 12345-6-1-2}, language: ug}
  12345-6-1-2: {name: police, kind: emergency, number: "110"}
  12345-8: {name: English, kind: announcement, prompt: about, next: "12345", language: en}
  12345-6-1-1: {name: end, kind: hang-up}
  12345-back: {name: closed, kind: announcement, prompt: [closed, closed], next: 12345-1}
"""


def open_and_closed(now: datetime) -> str:
    """Hours that hold for a while around now, and hours that do not, without waiting for any."""
    yesterday, today, tomorrow = ((now + timedelta(days=days)).strftime("%a").lower() for days in (-1, 0, 1))
    others = ",".join(day for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") if day not in (today, tomorrow))
    return f"""\
zone: Asia/Shanghai
hours:
  open-now: ["{yesterday},{today},{tomorrow} 00:00-24:00"]
  closed-now: ["{others} 00:00-12:00", "{others} 12:00-24:00"]
"""


MINUTE = timedelta(minutes=1)
DATED = """\
zone: Asia/Shanghai
hours:
  office:
    weekly: [mon-fri 08:30-12:00, "mon-fri,sun 13:30-17:30", sat 00:00-24:00]
    calendar: statutory
    dates:
      "2026-12-31": ["08:30-12:00", "20:00-24:00"]
      "2026-11-23 - 2026-11-24": closed
"""


def test_doors_open_and_close_on_both_paths_at_the_same_minute(asterisk: Asterisk) -> None:
    """Each edge of a day, on weekdays, weekends, holidays, make-up working days, single dates and in a year nobody knows."""
    texts = menus.texts(DIALPLANS / "12345")
    calendar = {name: text for name, text in texts.items() if name.startswith("calendar/")}
    city = load({**good_texts(hours=DATED), **calendar})
    calls = [("12345-1-2", "", moment) for moment in _edges()]
    told = natively(asterisk, city, calls)
    expected = [purely(city, at, keys, moment) for at, keys, moment in calls]
    different = [(call, native, pure) for call, native, pure in zip(calls, told, expected, strict=True) if native != pure]
    assert different == []
    assert {"transfer" in words for words in expected} == {True, False}


def _edges() -> Iterator[datetime]:
    days = ["2025-01-26", "2025-12-31", "2026-01-01", "2026-01-03", "2026-01-04", "2026-02-14", "2026-02-15", "2026-02-23", "2026-02-24",
            "2026-02-28", "2026-05-09", "2026-10-07", "2026-10-08", "2026-10-10", "2026-11-22", "2026-11-23", "2026-11-25", "2026-11-28",
            "2026-12-31", "2027-01-01", "2027-01-04"]  # fmt: skip
    for day in days:
        midnight = datetime.fromisoformat(day).replace(tzinfo=CHINA)
        for hours in (0, 8.5, 12, 13.5, 17.5, 20, 24):
            edge = midnight + timedelta(hours=hours)
            yield from (edge - timedelta(seconds=1), edge, edge + MINUTE - timedelta(seconds=1))


def test_what_is_published_loads_without_a_complaint(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    try:
        runtime = find(settings.downloads)
    except RuntimeMissing as missing:
        pytest.skip(str(missing))
    menus.ensure_published(settings)
    ours.configure(settings, runtime)
    asterisk = Asterisk(runtime, ours.instance(settings))
    try:
        asterisk.start()
        menus.publish(settings, "again", author="test")
        asterisk.reload("dialplan reload")
        shown = {name: asterisk.cli(f"dialplan show {name}") for name in ("hotline-v1-12345-1", "hotline-v2-12345-1", "0546-1234511@hotline-trunk")}
        log = (asterisk.instance.home / "log" / "messages.log").read_text()
    finally:
        asterisk.kill()
    assert "12345-1-1" in shown["hotline-v1-12345-1"], "calls of the version before must be able to finish"
    assert "12345-1-1" in shown["hotline-v2-12345-1"]
    assert "HOTLINE_VERSION=2" in shown["0546-1234511@hotline-trunk"]
    assert [line for line in log.splitlines() if "WARNING" in line or "ERROR" in line] == []
