"""Two paths, one behaviour, on the real Asterisk: each menu, each key, silence and limit, in each of several published versions.

Generated from the menus. All calls of a version are up at the same time; the next version is published while they are.
`menu.no_input_factor` shortens what menus wait for a key, so that hundreds of silences take seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from agi.keys import Keys
from agi.server import AgiServer
from hotline import menus
from hotline.asterisk import Asterisk, RuntimeMissing, find, ours
from hotline.retired import SETTLING_SECONDS, Retirement, in_use
from hotline.serve.pressed import follow_keys, press
from hotline.serve.ready_menus import city_of
from hotline.settings import DIALPLANS, Settings
from ivr import numbers
from ivr.flow import NO_MATCH_LIMIT, TURN_LIMIT
from ivr.loading import load
from ivr.model import City, Menu
from queues.ami import AmiLink
from telephone import sound
from tests.hotline.conftest import settings_of
from tests.ivr.cities import CHINA, good_texts
from tests.ivr.live import Exchange, Told, allow_tracing, purely
from tests.ivr.test_two_paths import open_and_closed, with_longer_keys_and_doors

pytestmark = pytest.mark.asterisk

FACTOR = 0.2
PROMPT_SECONDS = 0.06
BEGUN_SECONDS = 20.0
KEYS = "0123456789*#s"
LONG = ["9s9s9", "99s1", "9*9*9*9", "s1s", "s*s*s", "#####", "9" * NO_MATCH_LIMIT, "5s5s5s", "1#1#1#"]
TRIES = 2
MOST_LATE = 60
MANY = 150  # calls by each path
LONGEST = ["*" * (TURN_LIMIT + 1)]  # some seconds each: from the first menu only


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.yaml").write_text(f"sip: {{address: 127.0.0.1}}\nmenu: {{no_input_factor: {FACTOR}}}\n")
    return settings_of(home)


@pytest.fixture
def asterisk(settings: Settings) -> Iterator[Asterisk]:
    try:
        runtime = find(settings.downloads)
    except RuntimeMissing as missing:
        pytest.skip(str(missing))
    publish(settings, SHIPPED)
    ours.configure(settings, runtime)
    made = Asterisk(runtime, ours.instance(settings))
    allow_tracing(made)
    (made.instance.home / "agi-bin" / "hotline-spool").write_text("#!/bin/sh\n")  # what comes after a decision is not asked here
    made.start()
    yield made
    made.kill()


SHIPPED = menus.texts(DIALPLANS / "12345")


def every_kind() -> dict[str, str]:
    """A city with every kind of node, keys of up to three digits, three languages, and doors that are open and closed now."""
    translations = {"prompts.en.yaml": "welcome: Hello.\n", "prompts.ug.yaml": "welcome: Salam.\n"}
    return good_texts(menus=with_longer_keys_and_doors(), hours=open_and_closed(datetime.now(CHINA))) | translations


def publish(settings: Settings, texts: dict[str, str]) -> City:
    """Each prompt of each language has a sound of its own, so short that nobody waits for it."""
    city = load(texts)
    for language in ("zh", *city.languages):
        for number, prompt in enumerate(city.prompts):
            sound.write(settings.sounds / language / f"{prompt}.wav", sound.babble(PROMPT_SECONDS, seed=number))
    menus.Store.of(settings).publish(texts, "one more", "test", datetime.now(UTC))
    return city


def every_call(city: City) -> list[tuple[str, str]]:
    """Each number that leads somewhere; at each menu each key, silence, and rows that reach the limits."""
    calls = []
    for number, node_id in numbers.entries(city).items():
        node = city.nodes[node_id]
        rows = ["", *KEYS, *LONG, *(key for key in node.choices if len(key) > 1)] if isinstance(node, Menu) else [""]
        calls += [(number, keys) for keys in (*rows, *(LONGEST if node_id == city.root else ()))]
    return calls


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[AgiServer]:
    """The service's own AGI server and its link to Asterisk, as hotline/serve/telephony.py puts them together."""
    link = AmiLink("127.0.0.1", settings.ami_port, ours.AMI_USER, ours.ami_secret(settings))
    keys = Keys(partial(press, link))
    follow_keys(link, keys)
    server = AgiServer(partial(city_of, menus.Store.of(settings)), keys)
    await server.start(settings.agi_port)
    await link.start()
    try:
        yield server
    finally:
        await server.drain(0)
        await link.close()


async def told_in_two_versions(settings: Settings, asterisk: Asterisk, exchange: Exchange) -> list[Told]:
    """Every call of the current version; while they are up, another is published, and every call of that."""
    store = menus.Store.of(settings)
    first = store.current()
    assert first is not None
    early = [exchange.begins(*call) for call in every_call(store.load(first))]
    try:
        async with asyncio.timeout(BEGUN_SECONDS):
            for told, _ in early:
                await told.begun.wait()
    except TimeoutError:
        raise AssertionError(f"not begun: {[(told.number, told.keys) for told, _ in early if not told.begun.is_set()]}") from None
    city = await asyncio.to_thread(publish, settings, every_kind())
    await asyncio.to_thread(asterisk.reload, "dialplan reload")
    assert first in in_use(asterisk), "calls of the version before are still up"
    Retirement(store, asterisk, lambda: time.time() + SETTLING_SECONDS + 1).look()
    assert store.retired() == {first}, "what calls are in does not go"
    late = [exchange.begins(*call) for call in every_call(city)]
    both = await asyncio.gather(*(task for _, task in (*early, *late)))
    assert {told.version for told, _ in early} == {str(first)}
    assert {told.version for told, _ in late} == {str(store.current())}
    return await in_time(settings, asterisk, exchange, both)


async def in_time(settings: Settings, asterisk: Asterisk, exchange: Exchange, calls: list[Told]) -> list[Told]:
    """On a busy machine a key may come after the silence was over: that is another call, so it is made again, with fewer at once."""
    for _ in range(TRIES):
        again = [told for told, *_ in different(settings, calls)]
        if len(again) > MOST_LATE:
            break  # that is no lateness
        for version in {told.version for told in again}:
            menus.Store.of(settings).rollback(int(version))
            await asyncio.to_thread(asterisk.reload, "dialplan reload")
            for late in (told for told in again if told.version == version):
                calls[calls.index(late)] = await exchange.begins(late.number, late.keys)[1]
    return calls


def different(settings: Settings, calls: list[Told]) -> list[tuple[Told, list[str], list[float]]]:
    """The calls that were told something else than the flow tells."""
    store = menus.Store.of(settings)
    found = []
    for told in calls:
        words, silences = purely(store.load(int(told.version)), told.number, told.keys)
        waited = [seconds * FACTOR for seconds in silences]
        if told.words != words or [round(one, 3) for one in told.silences] != [round(one, 3) for one in waited]:
            found.append((told, words, waited))
    return found


async def test_both_paths_say_and_decide_what_the_flow_does(settings: Settings, asterisk: Asterisk) -> None:
    async with Exchange(settings) as exchange:
        async with served(settings) as server:
            by_service = await told_in_two_versions(settings, asterisk, exchange)
            outcomes = server.counts.sessions
        assert not outcomes["failed"], outcomes
        publish(settings, SHIPPED)
        asterisk.reload("dialplan reload")
        alone = await told_in_two_versions(settings, asterisk, exchange)
    assert not any(told.natively for told in by_service)
    assert all(told.natively for told in alone if any(words.startswith("ask") for words in told.words))
    assert different(settings, by_service) == []
    assert different(settings, alone) == []
    assert [(told.number, told.keys, told.words) for told in by_service] == [(told.number, told.keys, told.words) for told in alone]
    assert len(by_service) > MANY
    log = (asterisk.instance.home / "log" / "messages.log").read_text(encoding="utf-8")
    assert "does not exist in any format" not in log, "what was to be said was there to be said"


async def test_what_no_call_is_in_leaves_asterisk(settings: Settings, asterisk: Asterisk) -> None:
    store = menus.Store.of(settings)
    publish(settings, every_kind())
    asterisk.reload("dialplan reload")
    assert "Goto" in asterisk.cli("dialplan show hotline-v1-12345")
    Retirement(store, asterisk, lambda: time.time() + SETTLING_SECONDS + 1).look()
    assert "Goto" not in asterisk.cli("dialplan show hotline-v1-12345")
    assert "Goto" in asterisk.cli("dialplan show hotline-v2-12345")
    store.rollback()
    asterisk.reload("dialplan reload")
    assert "Goto" in asterisk.cli("dialplan show hotline-v1-12345")
