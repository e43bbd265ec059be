"""The floor: picture, file and happenings together, on a loopback peer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from queues import floor as floors
from queues import snapshot
from queues.ami import AmiLink
from queues.floor import Floor
from queues.happenings import AgentAnswered, Happening
from queues.queue_log import QueueLog
from queues.snapshot import Snapshot
from tests.queues.floors import Taker, kept, shown
from tests.queues.floors import quick_heartbeat as quick_heartbeat  # noqa: PLC0414 - a fixture here, too
from tests.queues.floors import taker as taker  # noqa: PLC0414 - a fixture here, too
from tests.queues.peer import Peer
from tests.queues.test_queue_log import ANSWERED, BEGIN, CONNECT, ENDED, ENDS, ENTERS


def no_link() -> AmiLink:
    return AmiLink("127.0.0.1", 1, "hotline", "secret")


async def test_what_happened_while_nobody_listened_is_told_even_without_a_link(tmp_path: Path, taker: Taker) -> None:
    log = tmp_path / "queue_log"
    log.write_text(BEGIN + ENTERS + CONNECT + ENDS)
    async with kept(no_link(), tmp_path, log, taker):
        await taker.until(lambda: taker.took == [ANSWERED, ENDED])
    async with kept(no_link(), tmp_path, log, taker):
        await shown(tmp_path, lambda now: not now.connected)
    assert taker.took == [ANSWERED, ENDED]


async def test_while_the_register_of_tickets_is_away_everything_waits_for_it(tmp_path: Path, taker: Taker) -> None:
    log = tmp_path / "queue_log"
    log.write_text(BEGIN + ENTERS + CONNECT)
    taker.fails = lambda happening: True
    async with kept(no_link(), tmp_path, log, taker):
        await taker.until(lambda: taker.tries >= 3)
    taker.fails = lambda happening: False
    async with kept(no_link(), tmp_path, log, taker):
        await taker.until(lambda: taker.took == [ANSWERED])


async def test_one_happening_that_cannot_be_taken_is_given_up_at_last_and_the_others_go_on(
    tmp_path: Path, taker: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floors, "MOST_TRIES", 3)
    log = tmp_path / "queue_log"
    log.write_text(BEGIN + ENTERS + CONNECT + ENDS)
    taker.fails = lambda happening: isinstance(happening, AgentAnswered)
    async with kept(no_link(), tmp_path, log, taker):
        await taker.until(lambda: taker.took.count(ENDED) == 3)
        later = ENTERS.replace("a-1", "a-2") + CONNECT.replace("a-1", "a-2") + ENDS.replace("a-1", "a-2")
        log.write_text(log.read_text() + later)
        await taker.until(lambda: len(taker.took) == 4)
    assert taker.took[:3] == [ENDED] * 3 and taker.took[3].linkedid == "a-2.0"


CHANNELS = (
    b"Response: Success\r\nEventList: start\r\n\r\n"
    b"Event: CoreShowChannel\r\nActionID: %(id)s\r\nUniqueid: 7.2\r\nLinkedid: 7.1\r\nChannel: PJSIP/li-2\r\n\r\n"
    b"Event: CoreShowChannelsComplete\r\nActionID: %(id)s\r\nEventList: Complete\r\nListItems: %(count)s\r\n\r\n"
)


@asynccontextmanager
async def resynced(tmp_path: Path, taker: Taker, count: bytes) -> AsyncIterator[tuple[Floor, asyncio.Queue[tuple[datetime, frozenset[str]]]]]:
    """A floor over a loopback Asterisk with one leg of one call, that says it has `count`."""
    told: asyncio.Queue[tuple[datetime, frozenset[str]]] = asyncio.Queue()

    async def alive(at: datetime, calls: frozenset[str]) -> None:
        told.put_nowait((at, calls))

    async def answer(action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        if action["Action"] == "CoreShowChannels":
            peer.answers["CoreShowChannels"] = CHANNELS % {b"id": action["ActionID"].encode(), b"count": count}

    async with Peer() as peer:
        peer.on_action = answer
        async with AmiLink("127.0.0.1", peer.port, "hotline", "secret") as link:
            floor = Floor(link, tmp_path, tmp_path / "queue_log", taker, alive)
            await floor.start()
            try:
                yield floor, told
            finally:
                await floor.close()


async def test_after_a_resync_the_calls_that_are_alive_are_told(tmp_path: Path, taker: Taker) -> None:
    (tmp_path / "queue_log").write_text(BEGIN + ENTERS + CONNECT + ENDS)
    before = datetime.now(UTC)
    async with resynced(tmp_path, taker, b"1") as (_, told), asyncio.timeout(10):
        at, calls = await told.get()
        assert taker.took == [ANSWERED, ENDED], "what queue_log knows goes first"
    assert calls == {"7.1", "7.2"}
    assert before < at < datetime.now(UTC)


async def test_a_list_with_a_hole_and_a_register_that_is_away_say_nothing_of_calls(tmp_path: Path, taker: Taker) -> None:
    async with resynced(tmp_path, taker, b"2") as (floor, told):
        await shown(tmp_path, lambda now: now.connected)
        await floor.resync()
        await floor.resync()
        assert told.empty()
    (tmp_path / "queue_log").write_text(BEGIN + ENTERS + CONNECT)
    taker.fails = lambda happening: True
    async with resynced(tmp_path, taker, b"1") as (_, told):
        await taker.until(lambda: taker.tries >= 3)
        assert told.empty()
        taker.fails = lambda happening: False
        async with asyncio.timeout(10):
            await told.get()


async def test_the_file_says_why_there_is_no_link_and_grows_old_when_nobody_looks(tmp_path: Path, taker: Taker) -> None:
    async with (
        Peer() as peer,
        AmiLink("127.0.0.1", peer.port, "hotline", "wrong") as link,
        kept(link, tmp_path, tmp_path / "queue_log", taker),
    ):
        found = await shown(tmp_path, lambda now: "Authentication failed" in (now.fault or ""))
    assert not found.connected and found.is_stale()
    assert snapshot.where(tmp_path).stat().st_mode & 0o077 == 0


async def test_a_floor_without_calls_still_says_that_it_looks(tmp_path: Path, taker: Taker) -> None:
    async with kept(no_link(), tmp_path, tmp_path / "queue_log", taker):
        first = await shown(tmp_path, lambda now: True)
        await shown(tmp_path, lambda now: now.written_at > first.written_at)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"schema": 99}', '{"schema": 1}'])
def test_a_file_that_is_not_one_is_no_picture(tmp_path: Path, damage: str) -> None:
    (tmp_path / "run").mkdir()
    snapshot.where(tmp_path).write_text(damage)
    assert snapshot.read(snapshot.where(tmp_path)) is None
    assert snapshot.read(tmp_path / "none") is None


def test_a_picture_nobody_renews_is_stale() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    made = Snapshot(at, True, None, (), (), (), ())
    assert not made.is_stale(at.replace(second=15)) and made.is_stale(at.replace(second=16))


def test_json_of_a_snapshot_is_plain(tmp_path: Path) -> None:
    snapshot.write(tmp_path / "s.json", Snapshot(datetime.now(UTC), True, None, (), (), (), ()))
    assert set(json.loads((tmp_path / "s.json").read_text())) == {
        "schema", "written_at", "connected", "fault", "queues", "agents", "calls", "recent",
    }  # fmt: skip


async def test_who_is_told_and_fails_keeps_neither_the_file_nor_the_others_from_going_on(tmp_path: Path, taker: Taker) -> None:
    def fails(_: Snapshot) -> None:
        raise LookupError("nobody thought of this")

    told: list[Snapshot] = []
    async with kept(no_link(), tmp_path, tmp_path / "queue_log", taker) as floor:
        floor.on_written += [fails, told.append]
        begun = (await shown(tmp_path, lambda _: True)).written_at
        await shown(tmp_path, lambda now: now.written_at > begun and len(told) > 1)


async def test_a_log_that_nobody_thought_of_is_read_again(tmp_path: Path, taker: Taker, monkeypatch: pytest.MonkeyPatch) -> None:
    reads, real = 0, QueueLog.read

    def read(log: QueueLog) -> list[Happening]:
        nonlocal reads
        reads += 1
        if reads == 1:
            raise LookupError("nobody thought of this")
        return real(log)

    monkeypatch.setattr(QueueLog, "read", read)
    (tmp_path / "queue_log").write_text(BEGIN + ENTERS + CONNECT + ENDS)
    async with kept(no_link(), tmp_path, tmp_path / "queue_log", taker):
        await taker.until(lambda: len(taker.took) == 2)
