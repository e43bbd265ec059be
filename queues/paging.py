"""Something said aloud to everybody who is free: a recorded prompt, or a supervisor's own voice, for a minute at most.

Only telephones of agents who are available ring (they lift by themselves where they can: `answer-after=0`); whoever talks,
rests or is on a break is left alone, and the answer says so. A call that comes meanwhile waits until the minute is over, so
nothing is said while callers wait. Each leg is begun once and named `page-…`: it is nobody's call (ADR 0087).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import structlog

from queues import live_legs
from queues.actor import Actor, Refused
from queues.errors import AmiError
from queues.live_legs import Leg, Link
from queues.model import AgentState
from queues.names import PAGE
from queues.standing import Standing

CONTEXT, SPEAK, HEAR, PROMPT = "hotline-page", "speak", "hear", "prompt"
RING_SECONDS = 10
SUPERVISOR_RING_SECONDS = 25
BEGIN_SECONDS = 1.0  # until the legs of an announcement can be seen
MOST_PHONES = 200
LIFTS = ("PJSIP_HEADER(add,Call-Info)=<sip:hotline>;answer-after=0", "PJSIP_HEADER(add,Alert-Info)=<http://hotline>;info=alert-autoanswer;delay=0")
"""What telephones take as a sign to lift by themselves; there is no standard (RFC 5373 asks for the same and few know it)."""

log = structlog.get_logger()
PhoneOf = Callable[[str], Awaitable[str]]


class Paging:
    """The handler of POST /api/announcements. `people`: who is logged in now; `waiting`: how many callers wait in a queue ('': all)."""

    def __init__(
        self, link: Link, phone_of: PhoneOf, people: Mapping[str, Standing], waiting: Callable[[str], int],
        known: Callable[[], Awaitable[tuple[Collection[str], Collection[str], Collection[str]]]], shown: str,
    ) -> None:  # fmt: skip
        """`known`: the city's prompts, its queues, and the phones there are."""
        self._link, self._phone_of, self._people, self._waiting, self._known, self._shown = link, phone_of, people, waiting, known, shown
        self._until = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def announce(self, by: Actor, prompt: str = "", phone: str = "", queue: str = "") -> dict[str, Any]:
        """With a prompt, it is played; without, the supervisor's phone rings, and who lifts it speaks. Raises Refused."""
        prompts, queues, phones = await self._known()
        if prompt and prompt not in prompts:
            raise Refused(404, "Not Found", f"no prompt {prompt[:40]!r} (`hotline prompts list`)")
        if queue and queue not in queues:
            raise Refused(404, "Not Found", f"no queue {queue[:40]!r} (there are: {', '.join(sorted(queues))})")
        legs = await live_legs.every_leg(self._link)
        speaker = "" if prompt else await self._speaker(by, phone, phones, legs)
        hearing, left_out = self._hearing(queue, speaker)
        self._alone(legs)
        page = f"{PAGE}{secrets.token_hex(4)}"
        if prompt:
            self._all(hearing, page, PROMPT, [f"HOTLINE_SAID=hotline/{prompt}"])
        else:
            self._follow(self._speaks(speaker, hearing, page))
        return {"state": "ringing" if speaker else "announcing", "to": [one.login for one in hearing], "left_out": left_out, "phone": speaker}

    async def _speaker(self, by: Actor, phone: str, phones: Collection[str], legs: Iterable[Leg]) -> str:
        phone = phone or (await self._phone_of(by.agent) if by.agent else "")
        if not phone:
            raise Refused(422, "Unprocessable Content", "say what: a prompt, or the phone at which you speak (you are logged in at none)")
        if phone not in phones:
            raise Refused(404, "Not Found", f"there is no phone {phone[:40]!r}")
        if any(leg.phone == phone for leg in legs):
            raise Refused(409, "Conflict", f"phone {phone} is in use")
        return phone

    def _hearing(self, queue: str, speaker: str) -> tuple[Sequence[Standing], dict[str, int]]:
        """Who is free, and how many are not, by what they are doing. Raises Refused."""
        if waiting := self._waiting(queue):
            raise Refused(409, "Conflict", f"{waiting} callers are waiting: they come first")
        asked = [one for one in self._people.values() if (not queue or queue in one.queues) and one.phone != speaker]
        free = [one for one in asked if one.state is AgentState.AVAILABLE]
        left_out = dict(Counter(str(one.state) for one in asked if one.state is not AgentState.AVAILABLE))
        if not free:
            doing = ", ".join(f"{count} {state}" for state, count in left_out.items()) or "nobody is logged in"
            raise Refused(409, "Conflict", f"nobody is available to hear it ({doing})", left_out=left_out)
        if len(free) > MOST_PHONES:
            raise Refused(409, "Conflict", f"{len(free)} agents are more than the {MOST_PHONES} who can hear it at once: name a queue")
        return free, left_out

    def _alone(self, legs: Iterable[Leg]) -> None:
        """One at a time. Raises Refused."""
        if time.monotonic() < self._until or any(leg.uniqueid.startswith(PAGE) for leg in legs):
            raise Refused(409, "Conflict", "something else is being said; that lasts a minute at most")
        self._until = time.monotonic() + BEGIN_SECONDS

    async def _speaks(self, speaker: str, hearing: Iterable[Standing], page: str) -> None:
        room = [f"HOTLINE_PAGE={page}"]
        if await self._ring(speaker, f"{page}-0", SPEAK, SUPERVISOR_RING_SECONDS, room):
            self._all([one for one in hearing if one.state is AgentState.AVAILABLE], page, HEAR, room)

    def _all(self, hearing: Iterable[Standing], page: str, exten: str, variables: Sequence[str]) -> None:
        for number, one in enumerate(hearing, 1):
            self._follow(self._heard(one.phone, f"{page}-{number}", exten, [*variables, *LIFTS]))

    async def _heard(self, phone: str, leg_id: str, exten: str, variables: Sequence[str]) -> None:
        await self._ring(phone, leg_id, exten, RING_SECONDS, variables)

    async def _ring(self, phone: str, leg_id: str, exten: str, seconds: int, variables: Sequence[str]) -> bool:
        """Whether it was lifted. Never asked twice: a phone that did not hear it has missed it."""
        try:
            await self._link.action(
                {
                    "Action": "Originate", "Channel": f"PJSIP/{phone}", "ChannelId": leg_id, "Context": CONTEXT, "Exten": exten, "Priority": 1,
                    "Timeout": seconds * 1000, "CallerID": f'"{self._shown}" <{self._shown}>', "Async": "true", "Variable": variables,
                },
                seconds=seconds + 10.0,
            )  # fmt: skip
        except AmiError as error:
            log.info("an announcement was not heard", phone_name=phone, leg=leg_id, reason=str(error))
            return False
        return True

    def _follow(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
