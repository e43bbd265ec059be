"""No key is lost: what callers press between two AGI commands, as AMI reports it (ADR 0030).

Asterisk drops digits that arrive while no AGI command runs. It still reports each of them as a DTMFEnd event, in
order, so a tape of those events is the truth of what was pressed, and the answer of a command only says "now".

    keys.heard(event["Uniqueid"], event["Digit"])     # from AMI, for DTMFEnd with Direction Received
    keys.connected(True | False)                      # the AMI link; without it a session trusts its commands alone
    tape = keys.listen(uniqueid)

Pressed keys are personal data (a PIN, an ID number): held in memory for the call, never logged.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable

KEYS = frozenset("0123456789*#")
WAKE_KEY = "D"  # a tone that telephones cannot make: ends an Ask whose key was lost, means nothing
EARLY_CALLS = 4096  # calls whose keys came before their AGI session
TAPE_KEYS = 64
EVENT_SECONDS = 0.2  # an AMI event may come this much later than the AGI reply

Wake = Callable[[str], Awaitable[object]]
"""Presses WAKE_KEY on the named channel (AMI PlayDTMF with Receive: true). Raises nothing."""


async def nobody(_channel: str) -> None:
    """No AMI: an Ask whose key was lost ends with its own silence."""


class Tape:
    """The keys of one call, in the order they were pressed, that no Ask has answered yet."""

    def __init__(self, live: bool, early: deque[str] | None = None) -> None:
        self.live = live
        self._keys: deque[str] = early if early is not None else deque(maxlen=TAPE_KEYS)
        self._owed: deque[str] = deque(maxlen=TAPE_KEYS)
        self._news = asyncio.Event()
        if self._keys:
            self._news.set()

    def heard(self, key: str) -> None:
        if self._owed and self._owed[0] == key:
            self._owed.popleft()
            return
        self._keys.append(key)
        self._news.set()

    def take(self) -> str:
        """The next key, or ''."""
        key = self._keys.popleft() if self._keys else ""
        if not self._keys:
            self._news.clear()
        return key

    async def wait(self) -> None:
        """Returns when there is a key."""
        await self._news.wait()

    async def settle(self, answer: str) -> str | None:
        """What an Ask's answer means: a key, '' (silence), or None: ask again.

        The answer may be a later key than the first one not yet answered: that one was dropped before the Ask
        began, so it comes first and the answer stays on the tape.
        """
        if answer in KEYS:
            if self.live and not self._keys:
                await self._event()
            if self._keys:
                return self.take()
            if self.live:
                self._owed.append(answer)
            return answer
        return self.take() or (None if answer == WAKE_KEY else answer)

    def forget(self) -> None:
        """The link was lost: what is on the tape may not be all, so the commands' answers are the truth again."""
        self.live = False
        self._keys.clear()
        self._owed.clear()
        self._news.clear()

    async def _event(self) -> None:
        try:
            async with asyncio.timeout(EVENT_SECONDS):
                await self._news.wait()
        except TimeoutError:
            return


class Keys:
    """The tapes of all calls."""

    def __init__(self, wake: Wake = nobody) -> None:
        self.wake = wake
        self._live = False
        self._tapes: dict[str, Tape] = {}
        self._early: OrderedDict[str, deque[str]] = OrderedDict()

    def connected(self, live: bool) -> None:
        """The AMI link came (new calls are followed from now on) or went."""
        self._live = live
        if not live:
            self._early.clear()
            for tape in self._tapes.values():
                tape.forget()

    def heard(self, uniqueid: str, key: str) -> None:
        """A caller pressed a key."""
        if key not in KEYS:
            return
        if tape := self._tapes.get(uniqueid):
            if tape.live:
                tape.heard(key)
            return
        self._early.setdefault(uniqueid, deque(maxlen=TAPE_KEYS)).append(key)
        while len(self._early) > EARLY_CALLS:
            self._early.popitem(last=False)

    def listen(self, uniqueid: str) -> Tape:
        """Begins a session's tape, with what was pressed before."""
        tape = self._tapes[uniqueid] = Tape(self._live, self._early.pop(uniqueid, None))
        return tape

    def stop(self, uniqueid: str) -> None:
        """The session is over; what was pressed afterwards is none of its business."""
        self._tapes.pop(uniqueid, None)
