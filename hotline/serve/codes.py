"""Between feature codes dialled at a phone and the floor's desk: who dials is whoever is logged in there, or shows a PIN."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import NoReturn

import structlog

from agi.errors import NotTheDialplan
from ivr.model import City
from queues.actor import AGENT, Actor, Refused
from queues.desk import Desk

log = structlog.get_logger(__name__)

DONE = {"login": "logged-in", "logout": "logged-out", "pause": "paused", "ready": "ready", "unrecorded": "unrecorded", "recorded": "recorded"}
"""What was dialled -> the prompt `agent-…` that says it is done."""


class Codes:
    """Answers [hotline-asked] of agents.conf. '' is nobody there, and the dialplan goes on by itself."""

    def __init__(self, desk: Desk, city: Callable[[], City], secret: str) -> None:
        self._desk = desk
        self._city = city
        self._secret = secret
        self._warned = False

    RECORDING = {"unrecorded": "recording.pause", "recorded": "recording.resume"}

    async def __call__(self, asked: list[str]) -> str:
        secret, what, phone, number, pin = asked
        if not hmac.compare_digest(secret.encode(), self._secret.encode()):
            self._not_the_dialplan()
        if what not in DONE or not phone:
            return "refused"
        try:
            if what == "login":
                await self._desk.do("agent.login_at_phone", Actor(AGENT, name=phone), work_number=number, pin=pin, phone=phone)
            elif what in self.RECORDING:  # of the call this phone has on hold meanwhile, whoever is at it
                await self._desk.do(self.RECORDING[what], Actor(AGENT, name=phone))
            else:
                await self._for_whoever_is_there(what, phone, number)
        except Refused as no:
            return _said(no, phone, what)
        return DONE[what]

    def _not_the_dialplan(self) -> NoReturn:
        """Whoever is on this machine can reach the AGI port; the dialplan alone knows the secret. Said once, then only counted."""
        if not self._warned:
            log.warning("something on this machine asks for feature codes in the dialplan's name")
        self._warned = True
        raise NotTheDialplan("a feature code without the dialplan's secret")

    async def _for_whoever_is_there(self, what: str, phone: str, key: str) -> None:
        login = str((await self._desk.do("agent.at_phone", Actor(AGENT, name=phone), phone=phone))["agent"])
        by = Actor(AGENT, agent=login, name=phone)
        if what == "pause":
            reason = next((pause.name for pause in self._city().pauses.values() if pause.key == key), f"key {key}")
            await self._desk.do("agent.pause", by, login=login, reason=reason)
        else:
            await self._desk.do(f"agent.{what}", by, login=login)


def _said(no: Refused, phone: str, what: str) -> str:
    """Which prompt says why not."""
    if no.status >= 500:
        return ""
    if no.status == 423:
        return "locked"
    if what == "login":
        if no.status == 403:
            return "wrong-pin"
        if no.status == 409 and no.extra.get("phone") != phone:
            return "elsewhere"
        return "phone-taken" if no.status == 409 else "refused"
    return "not-logged-in" if no.status == 409 else "refused"
