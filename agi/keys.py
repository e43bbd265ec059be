"""No key is lost: what callers press between two AGI commands, as AMI reports it (ADR 0030).

Asterisk drops digits that arrive while no AGI command runs, but it reports every one of them over AMI, in order. So
while the link is up, the tape of these reports is what the caller pressed; the answer of an Ask only says "look now".

    keys.began(event["Uniqueid"], event["Digit"])     # DTMFBegin, Direction Received
    keys.heard(event["Uniqueid"], event["Digit"])     # DTMFEnd, Direction Received
    keys.connected(True | False)                      # the link came or went; True again after a gap in its events
    keys.gone(event["Uniqueid"])                      # Hangup
    tape = keys.listen(uniqueid)
    keys.stop(uniqueid)                               # until the call's next session its keys belong to the queue

Asterisk's emulation (channel.c) delivers and reports a digit's end twice when it missed its beginning; so an end
counts only after a beginning of the same key.

Pressed keys are personal data (a PIN, an ID number): held in memory for the call, never logged.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager

KEYS = frozenset("0123456789*#")
WAKE_KEY = "D"  # a tone that telephones cannot make: ends an Ask whose key was lost, means nothing
EARLY_CALLS = 512  # calls whose keys came before their AGI session
OVER_CALLS = 10_000  # calls whose session is over: more than are ever up; only those whose Hangup was missed stay
TAPE_KEYS = 64
REPORT_SECONDS = 0.2  # AMI may report a key this much later than AGI answers with it

Wake = Callable[[str], Awaitable[object]]
"""Presses WAKE_KEY on the named channel (AMI PlayDTMF with Receive: true). Raises nothing."""


async def nobody(_channel: str) -> None:
    """No AMI: an Ask whose key was lost ends with its own silence."""


class Watch:
    """Starts something when a key stays unanswered for so long; two tasks for each question would cost as much as its commands."""

    def __init__(self, seconds: float, then: Callable[[], Coroutine[object, object, object]]) -> None:
        self._seconds = seconds
        self._then = then
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None

    def begin(self) -> None:
        """There is a key."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._start)

    def end(self) -> None:
        """It was answered, or is nobody's any more."""
        for running in (self._timer, self._task):
            if running is not None:
                running.cancel()

    def _start(self) -> None:
        self._task = asyncio.ensure_future(self._then())


class Tape:
    """The keys of one call, in the order they were pressed, that no Ask has answered yet."""

    def __init__(self, live: bool) -> None:
        self.live = live
        self._keys: deque[str] = deque(maxlen=TAPE_KEYS)
        self._down = ""
        self._begins = False
        self._owed: deque[str] = deque(maxlen=TAPE_KEYS)  # answered and taken before their reports came
        self._news = asyncio.Event()
        self._watch: Watch | None = None

    def began(self, key: str) -> None:
        self._down = key
        self._begins = True

    def heard(self, key: str) -> None:
        if not self.live or self._down != key:
            return
        self._down = ""
        if self._owed and self._owed.popleft() == key:
            return
        self._owed.clear()
        self._keys.append(key)
        self._news.set()
        if self._watch is not None:
            self._watch.begin()

    def take(self) -> str:
        """The next key, or ''."""
        key = self._keys.popleft() if self._keys else ""
        if not self._keys:
            self._news.clear()
        return key

    @contextmanager
    def watched(self, seconds: float, then: Callable[[], Coroutine[object, object, object]]) -> Iterator[None]:
        """Inside, a key that has been there for so long starts `then`; leaving cancels it. Costs nothing without one."""
        watch = self._watch = Watch(seconds, then)
        if self._keys:
            watch.begin()
        try:
            yield
        finally:
            self._watch = None
            watch.end()

    async def settle(self, answer: str) -> str | None:
        """What an Ask's answer means: a key, '' (silence), or None: ask again.

        The answer may be a later key than the first one still on the tape, which was dropped before the Ask began;
        or an echo of one that was taken from the tape already.
        """
        if answer in KEYS and self.live and not self._keys:
            await self._report()
        if key := self.take():
            return key
        if answer == WAKE_KEY or (answer in KEYS and self.live and self._begins):
            return None
        if answer in KEYS and self.live:
            self._owed.append(answer)
        return answer

    def forget(self) -> None:
        """What is on the tape may not be all: from now on the Asks' answers are the truth."""
        self.live = False
        self._owed.clear()
        self._keys.clear()
        self._news.clear()

    async def _report(self) -> None:
        try:
            async with asyncio.timeout(REPORT_SECONDS):
                await self._news.wait()
        except TimeoutError:
            return


class Keys:
    """The tapes of all calls."""

    def __init__(self, wake: Wake = nobody) -> None:
        self.wake = wake
        self._live = False
        self._tapes: dict[str, Tape] = {}
        self._early: OrderedDict[str, Tape] = OrderedDict()
        self._over: OrderedDict[str, None] = OrderedDict()

    def connected(self, live: bool) -> None:
        """The link came or went, or events were missed: only calls from now on are followed."""
        self._live = live
        self._early.clear()
        for tape in self._tapes.values():
            tape.forget()

    def began(self, uniqueid: str, key: str) -> None:
        """A caller pressed a key."""
        if key in KEYS and uniqueid not in self._over:
            self._tape(uniqueid).began(key)

    def heard(self, uniqueid: str, key: str) -> None:
        """A caller let a key go."""
        if key in KEYS and uniqueid not in self._over:
            self._tape(uniqueid).heard(key)

    def listen(self, uniqueid: str) -> Tape:
        """Begins a session's tape, with what was pressed before the call's first one."""
        self._over.pop(uniqueid, None)
        tape = self._tapes[uniqueid] = self._tape(uniqueid)
        self._early.pop(uniqueid, None)
        return tape

    def stop(self, uniqueid: str) -> None:
        """The session is over; what is pressed afterwards is no choice in a menu, nor in the one a queue's key leads to."""
        if self._tapes.pop(uniqueid, None) is None:
            return  # hung up before
        self._over[uniqueid] = None
        while len(self._over) > OVER_CALLS:
            self._over.popitem(last=False)

    def gone(self, uniqueid: str) -> None:
        """The call is over: nothing of it is kept, a PIN least of all."""
        for kept in (self._tapes, self._early, self._over):
            kept.pop(uniqueid, None)

    def _tape(self, uniqueid: str) -> Tape:
        tape = self._tapes.get(uniqueid) or self._early.get(uniqueid)
        if tape is None:
            tape = self._early[uniqueid] = Tape(self._live)
            while len(self._early) > EARLY_CALLS:
                self._early.popitem(last=False)
        return tape
