"""Listens to live calls, in a process of its own: Asterisk brings their sound by AudioSocket, what is said goes to the parent.

    python -m speech.ears CHOICE [WAV…]     (choice.Choice as JSON; some speech to measure the budget with)
    <- {"ready": "whisper-base", "port": 41234, "streams": 2, "cost": 0.31}
                                            or {"error": …, "message": …} and the end
    -> {"open": UUID, "sides": ["caller", "agent"]}
    -> {"ask": UUID, "turn": 3, "wishes": [["1", ["投诉"]]]}       wishes null: yes or no
    -> {"close": UUID}
    <- {"came": UUID}                       its first sound: what is said from now on is heard
    <- {"heard": UUID, "side": "caller", "text": …, "start": 1.2, "end": 2.9, "score": -0.3}     nobody asked: captions
    <- {"speaking": UUID, "turn": 3, "on": true}
    <- {"spoke": UUID, "turn": 3, "meant": "choice", "key": "1", "sure": true}
    <- {"over": UUID, "why": "gone"}        gone, late, absent, malformed, closed
    <- {"alive": true}                      each second

Who connects must name a UUID that was opened and not yet used; it may come once. Loopback only.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID as Name

from ivr.speaking import Wish
from speech import audiosocket, budget
from speech.audiosocket import Frames, Malformed
from speech.choice import Choice
from speech.ear import Ear, OneAtATime, Question, Tell
from speech.engines import load
from speech.recogniser import EngineUnusable
from speech.text.categories import CategoriesError
from speech.text.gazetteer import GazetteerError
from speech.text.review import Evidence
from speech.text.understanding import Understanding
from speech.worker import answer, in_a_process_of_its_own

NICENESS = 5  # calls come first
ALIVE_SECONDS = 1.0
STUCK_SECONDS = 30.0  # in one utterance: the engine hangs, and this process is worth nothing any more
NAME_SECONDS = 2.0
COME_SECONDS = 10.0
SILENT_SECONDS = 60.0  # without a frame: whoever was tapped is gone
KEEP_SECONDS = 1.0  # AudioSocket() gives up after two
MOST_CONNECTIONS = 128
STUCK = 4


class Ears:
    """All taps of this process, and the door through which their sound comes."""

    def __init__(self, engine: OneAtATime, tell: Tell, write: Callable[[str], str]) -> None:
        self._engine, self._tell, self._write = engine, tell, write
        self._ears: dict[str, Ear] = {}
        self._expected: dict[str, float] = {}
        self._hand = threading.Lock()
        self._connections = threading.Semaphore(MOST_CONNECTIONS)
        self._door = socket.create_server(("127.0.0.1", 0), backlog=MOST_CONNECTIONS)
        self.port: int = self._door.getsockname()[1]

    def begin(self) -> None:
        threading.Thread(target=self._answer_the_door, name="door", daemon=True).start()
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def do(self, told: dict[str, Any]) -> None:
        """One line of the parent's. Raises KeyError, TypeError, ValueError for what is none."""
        if "open" in told:
            self._open(str(Name(told["open"])), [str(side) for side in told["sides"]])
        elif "ask" in told:
            wishes = told["wishes"]
            known = None if wishes is None else tuple(Wish(str(key), tuple(map(str, phrases)), "") for key, phrases in wishes)
            self._to(told["ask"], lambda ear: ear.ask(Question(int(told["turn"]), known)))
        elif "close" in told:
            self._to(told["close"], lambda ear: ear.end("closed"))

    def _open(self, name: str, sides: list[str]) -> None:
        ear = Ear(name, sides, self._engine, self._tell, self._write)
        with self._hand:
            self._ears[name] = ear
            self._expected[name] = time.monotonic() + COME_SECONDS
        ear.begin()

    def _to(self, name: str, do: Any) -> None:
        with self._hand:
            ear = self._ears.get(name)
        if ear is not None:
            do(ear)

    def _answer_the_door(self) -> None:
        while True:
            try:
                connection, _ = self._door.accept()
            except OSError:
                continue
            if not self._connections.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._take, args=(connection,), name="tap", daemon=True).start()

    def _take(self, connection: socket.socket) -> None:
        ear: Ear | None = None
        why = "gone"
        try:
            with connection:
                connection.settimeout(NAME_SECONDS)
                frames = Frames()
                ear = self._named(connection, frames)
                if ear is not None:
                    _carry(connection, frames, ear)
        except Malformed:
            why = "malformed"
        except OSError:  # reset, or nothing came for too long
            pass
        finally:
            self._connections.release()
            if ear is not None:
                ear.end(why)

    def _named(self, connection: socket.socket, frames: Frames) -> Ear | None:
        """Whose sound it is; nobody's where the name is unknown or was used. Raises Malformed, OSError."""
        deadline = time.monotonic() + NAME_SECONDS
        while time.monotonic() < deadline:
            data = connection.recv(audiosocket.HEADER.size + audiosocket.UUID_BYTES)  # not a byte of the sound behind it
            if not data:
                return None
            for _, payload in frames.feed(data):
                name = str(Name(bytes=payload))
                with self._hand:
                    return self._ears.get(name) if self._expected.pop(name, None) is not None else None
        return None

    def _watch(self) -> None:
        """Says that we live; forgets whom nobody came for and who is over; ends a process whose engine hangs."""
        tick = threading.Event()
        while not tick.wait(ALIVE_SECONDS):
            now = time.monotonic()
            with self._hand:
                absent = [name for name, until in self._expected.items() if until < now]
                for name in absent:
                    del self._expected[name]
                ears = dict(self._ears)
            for name in absent:
                ears[name].end("absent")
            if any(ear.busy_since and now - ear.busy_since > STUCK_SECONDS for ear in ears.values()):
                os._exit(STUCK)
            with self._hand:
                for name in [name for name, ear in self._ears.items() if ear.ended]:
                    del self._ears[name]
            self._tell({"alive": True})


def _carry(connection: socket.socket, frames: Frames, ear: Ear) -> None:
    """Sound from the socket to the ear, until one of them ends. Raises Malformed, OSError."""
    connection.settimeout(KEEP_SECONDS)
    heard = kept = time.monotonic()
    while not ear.ended and time.monotonic() - heard < SILENT_SECONDS:
        try:
            data = connection.recv(4096)
            if not data:
                return
            heard = time.monotonic()
            for kind, payload in frames.feed(data):
                if kind == audiosocket.AUDIO:
                    ear.feed(payload)
                elif kind in (audiosocket.HANGUP, audiosocket.ERROR):
                    return
        except TimeoutError:
            pass
        if time.monotonic() - kept >= KEEP_SECONDS:
            kept = time.monotonic()
            connection.sendall(audiosocket.SILENCE)


def _writer(choice: Choice) -> Callable[[str], str]:
    """Captions as people read them, with the city's places put right; a faulty file of the city costs its names only."""
    try:
        understanding = Understanding.of_city(Path(choice.city)) if choice.city else Understanding()
    except (GazetteerError, CategoriesError):
        understanding = Understanding()
    evidence = Evidence(0.0, "none", 2.0)  # nobody is asked to look at a caption
    return lambda raw: understanding.understand(raw, evidence, choice.language).text


def serve(choice: Choice, lines: TextIO, answers: TextIO) -> int:
    """Until the lines end."""
    try:
        engine = OneAtATime(load(replace(choice, threads=1)))
    except EngineUnusable as error:
        answer(answers, {"error": "unusable", "message": str(error)})
        return 1
    hand = threading.Lock()

    def tell(said: dict[str, Any]) -> None:
        with hand:
            answer(answers, said)

    samples = budget.sample(map(Path, sys.argv[2:]))
    cost = budget.cost(engine, samples)
    ears = Ears(engine, tell, _writer(choice))
    ears.begin()
    tell({"ready": engine.model, "port": ears.port, "cost": round(cost, 3), "streams": budget.streams(cost, os.cpu_count() or 1, engine.cuts)})
    for line in lines:
        ears.do(json.loads(line))
    return 0


if __name__ == "__main__":
    sys.exit(in_a_process_of_its_own(serve, NICENESS))
