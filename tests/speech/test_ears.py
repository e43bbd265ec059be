"""Live calls listened to by a process of its own: strangers, keys of doors, backlogs; and what happens when it is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import sys
import threading
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
import pytest

from speech import live
from speech.audio import Samples
from speech.audiosocket import AUDIO, HANGUP, UUID
from speech.budget import cost, sample, streams
from speech.choice import Choice
from speech.ear import Ear, OneAtATime, Question
from speech.live import Ears, NobodyListens, NoRoom, Tap
from speech.recogniser import Phrase
from tests.speech.toy_ears import Pitch, PitchStream

TOY = (sys.executable, "-m", "tests.speech.toy_ears")
WISHES = [("1", ["投诉"]), ("2", ["咨询"])]
PATIENCE_SECONDS = 60.0


class Told:
    """What a tap was told, to be waited for."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []
        self._news = asyncio.Event()

    def __call__(self, said: dict[str, Any]) -> None:
        self.all.append(said)
        self._news.set()

    async def asked(self, turn: int) -> None:
        """The question has arrived: what is said from now on is an answer to it."""
        await self.first("speaking", turn=turn, on=False)

    async def first(self, kind: str, **how: Any) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                self._news.clear()
                for said in self.all:
                    if kind in said and how.items() <= said.items():
                        return said
                await self._news.wait()


class Line:
    """Asterisk's side of one AudioSocket."""

    def __init__(self, port: int, name: str | None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        if name is not None:
            self.socket.sendall(struct.pack(">BH", UUID, 16) + uuid.UUID(name).bytes)

    def says(self, *pitches: int, seconds: float = 0.4, sides: int = 1) -> None:
        """A tone for each side (0: silence), then half a second of silence."""
        time = np.arange(int(seconds * 8000)) / 8000
        tones = [np.where(pitch, 0.3, 0.0) * np.sin(2 * np.pi * pitch * time) for pitch in pitches]
        sound = np.stack([np.concatenate([tone, np.zeros(4000)]) for tone in tones], axis=1).reshape(-1)
        data = (sound * 32767).astype("<i2").tobytes()
        with suppress(ConnectionError):  # told to go
            for start in range(0, len(data), 320 * sides):
                piece = data[start : start + 320 * sides]
                self.socket.sendall(struct.pack(">BH", AUDIO, len(piece)) + piece)

    def is_closed(self) -> bool:
        with suppress(ConnectionError):
            while self.socket.recv(4096):
                pass
        return True

    def hangs_up(self) -> None:
        self.socket.sendall(struct.pack(">BH", HANGUP, 0))


@asynccontextmanager
async def listening(model: str = "toy", most: int | None = 4, command: tuple[str, ...] = TOY) -> AsyncIterator[Ears]:
    ears = Ears(lambda: Choice("pitch", model, "/"), lambda: (), most, command)
    running = asyncio.create_task(ears.run())
    ears.want()
    try:
        yield ears
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def ready(ears: Ears) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while ears.ready is None:  # noqa: ASYNC110 - another process, which announces itself to nobody but `ears`
            await asyncio.sleep(0.02)


async def begun(ears: Ears, *sides: str) -> tuple[Tap, Told, Line]:
    told = Told()
    tap = ears.open(sides or ("caller",), told)
    return tap, told, await asyncio.to_thread(Line, tap.port, tap.name)


async def test_a_menu_is_told_what_was_meant_and_for_which_question() -> None:
    async with listening() as ears:
        with pytest.raises(NobodyListens, match="loaded"):
            ears.open(("caller",), print)
        await ready(ears)
        tap, told, line = await begun(ears)
        tap.ask(1, WISHES)
        await told.asked(1)
        await asyncio.to_thread(line.says, 300)
        assert await told.first("spoke") == {"spoke": tap.name, "turn": 1, "meant": "choice", "key": "1", "sure": True}
        told.all.clear()
        tap.ask(2, None)
        await told.asked(2)
        await asyncio.to_thread(line.says, 900)
        said = await told.first("spoke")
        assert (said["turn"], said["meant"]) == (2, "yes")
        line.hangs_up()
        assert (await told.first("over"))["why"] == "gone"
        assert ears.open_streams == 0


async def test_both_sides_of_a_call_are_told_apart() -> None:
    async with listening() as ears:
        await ready(ears)
        tap, told, line = await begun(ears, "caller", "agent")
        assert ears.open_streams == 2
        for caller, agent in ((300, 0), (0, 900)):
            await asyncio.to_thread(line.says, caller, agent, sides=2)
            await told.first("came")
        await told.first("heard", side="agent")
        said = [one for one in told.all if "heard" in one]
        assert [*told.all[0]] == ["came"], "once, before anything is heard"
        assert [(one["side"], one["text"]) for one in said] == [("caller", "投诉"), ("agent", "是的")]
        assert said[0]["end"] <= said[1]["start"]
        tap.close()
        assert await asyncio.to_thread(line.is_closed), "and Asterisk's leg ends with it"


async def test_strangers_are_shown_the_door() -> None:
    async with listening(most=1) as ears:
        await ready(ears)
        tap, told, line = await begun(ears)
        with pytest.raises(NoRoom, match="1 of 1 streams are in use, and this needs 1"):
            ears.open(("caller",), told)
        for name in (tap.name, str(uuid.uuid4())):  # used already; nobody's
            assert await asyncio.to_thread(Line(tap.port, name).is_closed)
        silent = Line(tap.port, None)
        assert await asyncio.to_thread(silent.is_closed), "who says no name is not waited for"
        tap.ask(1, WISHES)
        await told.asked(1)
        await asyncio.to_thread(line.says, 300)
        assert await told.first("spoke"), "and the one who was let in is none the worse"
        line.socket.sendall(b"\x10\x00\x03abc")
        assert (await told.first("over"))["why"] == "malformed"
        assert await asyncio.to_thread(line.is_closed)


def test_what_was_said_before_a_question_is_no_answer_to_it() -> None:
    """The answer of a recogniser that was still busy carries the question it belongs to; sound that waited is dropped."""
    told, begun, go_on, over = [], threading.Event(), threading.Event(), threading.Event()

    class Stream(PitchStream):
        def feed(self, samples: Samples) -> list[Phrase]:
            begun.set()
            go_on.wait(PATIENCE_SECONDS)
            return [Phrase("投诉", 0.0, 0.5, 0.0, final=True)]

    class Engine(Pitch):
        def stream(self, rate: int) -> PitchStream:
            return Stream(rate, 0.0)

    def tell(said: dict[str, Any]) -> None:
        told.append(said)
        if said.get("turn") == 2:
            over.set()

    ear = Ear("name", ("caller",), OneAtATime(Engine(0.0)), tell)
    ear.begin()
    ear.ask(Question(1, ()))
    ear.feed(bytes(3200))
    assert begun.wait(PATIENCE_SECONDS)
    ear.feed(bytes(3200))
    ear.ask(Question(2, ()))
    go_on.set()
    assert over.wait(PATIENCE_SECONDS)
    ear.end("closed")
    assert [said["turn"] for said in told if "spoke" in said] == [1]


@pytest.mark.parametrize(("loss", "why"), [(signal.SIGKILL, "lost"), (signal.SIGSTOP, "lost")])
async def test_a_process_that_dies_or_hangs_ends_its_taps_and_is_replaced(loss: signal.Signals, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SILENT_SECONDS", 3.0)
    async with listening() as ears:
        await ready(ears)
        _, told, _ = await begun(ears)
        assert ears._process is not None
        os.kill(ears._process.pid, loss)
        assert (await told.first("over"))["why"] == why
        await ready(ears)
        tap, told, line = await begun(ears)
        tap.ask(1, WISHES)
        await told.asked(1)
        await asyncio.to_thread(line.says, 300)
        assert (await told.first("spoke"))["key"] == "1"


async def test_a_recogniser_that_cannot_keep_up_loses_the_call_not_the_other_way_round() -> None:
    async with listening("stuck") as ears:
        await ready(ears)
        _, told, line = await begun(ears)
        await asyncio.to_thread(line.says, 300)
        for _ in range(5):
            await asyncio.to_thread(line.says, 300, seconds=4)
        assert (await told.first("over"))["why"] == "late"


@pytest.mark.parametrize("program", ["print('no json', flush=True)", "import sys; sys.exit(1)", "print('{}', flush=True)"])
async def test_a_process_that_is_none_of_ours_listens_to_nobody(program: str) -> None:
    async with listening(command=(sys.executable, "-c", program)) as ears:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while ears._process is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            while ears._process is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        with pytest.raises(NobodyListens):
            ears.open(("caller",), print)


async def test_a_missing_model_is_said_in_words() -> None:
    program = """print('{"error": "unusable", "message": "no model here"}', flush=True)"""
    async with listening(command=(sys.executable, "-c", program)) as ears:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while ears.fault != "no model here":  # noqa: ASYNC110
                await asyncio.sleep(0.01)


def test_the_budget_leaves_half_of_the_machine_to_calls() -> None:
    assert streams(0.25, cores=2, one_at_a_time=False) == 4
    assert streams(0.25, cores=16, one_at_a_time=False) == 32
    assert streams(0.25, cores=16, one_at_a_time=True) == 4
    assert streams(2.0, cores=2, one_at_a_time=True) == 0
    assert len(sample([])) == 0
    assert cost(None, sample([])) > 0  # type: ignore[arg-type]
