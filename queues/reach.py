"""Whom a transfer can reach, by the names of the dialplan's extensions in [hotline-moved]: `p-PHONE`, `q-QUEUE`, `n-KEY`.

The dialplan has no other extension, so this is not what keeps a number from being dialled: it says why not, before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

from ivr.queueing import CallBacks
from queues.actor import Refused

AGENT, QUEUE, OUTSIDE, PHONE = "agent", "queue", "outside", "phone"
KINDS = {AGENT: "p", PHONE: "p", QUEUE: "q", OUTSIDE: "n"}


def extension(kind: str, name: str) -> str:
    """`p-agent-1001`. Raises KeyError for a kind that is none."""
    return f"{KINDS[kind]}-{name}"


@dataclass(frozen=True)
class Target:
    """Somebody who can be reached; `line`: one person; of a queue nobody knows who will answer."""

    exten: str
    name: str
    line: bool = True


@dataclass(frozen=True)
class Reachable:
    """What the city and the phones allow now: outside keys with their numbers, and which citizens' numbers may be called."""

    phones: Collection[str]
    queues: Collection[str]
    outside: Mapping[str, str]
    calls: CallBacks
    unstaffed: Collection[str] = ()
    """Queues in which nobody is logged in now."""

    def queue(self, name: str) -> str:
        """One that callers can be given to. Raises Refused."""
        if name not in self.queues:
            raise Refused(404, "Not Found", f"no queue {name[:40]!r} (there are: {', '.join(sorted(self.queues))})")
        if name in self.unstaffed:
            raise Refused(409, "Conflict", f"nobody is logged in in queue {name}: the caller would not be let in", queue=name)
        return name


class Reach:
    """Looks targets up. `now` may read files and is run where that may take its time."""

    def __init__(self, now: Callable[[], Awaitable[Reachable]], phone_of: Callable[[str], Awaitable[str]]) -> None:
        """`phone_of`: where a colleague is logged in, by login or work number; '' where they are not."""
        self._now = now
        self._phone_of = phone_of

    async def find(self, kind: str, name: str) -> Target:
        """Raises Refused."""
        if kind not in KINDS:
            raise Refused(422, "Unprocessable Content", f"{kind[:40]!r} is none of {', '.join(KINDS)}")
        known = await self._now()
        if kind == OUTSIDE:
            key = next((key for key, number in known.outside.items() if name in (key, number)), None)
            if key is None:
                raise Refused(403, "Forbidden", "this number is not on the list of transfers (transfers.yaml)")
            return Target(extension(OUTSIDE, key), key)
        if kind == QUEUE:
            return Target(extension(QUEUE, known.queue(name)), name, line=False)
        phone = await self._phone_of(name) if kind == AGENT else name
        if kind == AGENT and not phone:
            raise Refused(409, "Conflict", f"agent {name[:40]!r} is not logged in")
        if phone not in known.phones:
            raise Refused(404, "Not Found", f"no phone {phone[:40]!r}")
        return Target(extension(PHONE, phone), name)
