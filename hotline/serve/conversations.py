"""Between queues and tickets: when a person answers, their ticket opens; when the conversation is over, it is handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import assert_never

import structlog

from ivr.model import SUB_CENTRE
from queues import happenings as told
from queues import shifts
from queues.ami import AmiLink
from queues.errors import AmiError
from tickets.database import Database
from tickets.store import Store

log = structlog.get_logger(__name__)


async def nobody(uniqueid: str, ticket: str) -> None:
    """Where no call needs to know its ticket."""


async def name_ticket(link: AmiLink, uniqueid: str, ticket: str) -> None:
    """Tells the citizen's leg the number of its ticket, for the SIP header of a transfer (merged.conf). Raises nothing."""
    try:
        await link.action({"Action": "Setvar", "Channel": uniqueid, "Variable": "__HOTLINE_TICKET", "Value": ticket})
    except AmiError as error:  # told late, the call is over
        log.info("ticket not named to its call", uniqueid=uniqueid, reason=str(error))


class Conversations:
    """Takes each happening at least once; the register goes by linkedid, so twice does no harm.

    The register is opened on the way, and again where that failed: calls are taken without it.
    """

    def __init__(self, register: Callable[[], Store], on_ticket: Callable[[str, str], Awaitable[None]] = nobody) -> None:
        self._open = register
        self._on_ticket = on_ticket
        self._store: Store | None = None
        self._one_opens = asyncio.Lock()

    async def register(self) -> Store:
        """Raises what opening it raises; the next call tries again."""
        async with self._one_opens:
            if self._store is None:
                self._store = await asyncio.to_thread(self._open)
            return self._store

    async def database(self) -> Database:
        """Where the tickets are, the floor's tables are too. Raises as `register`."""
        return (await self.register()).database

    def close(self) -> None:
        if self._store is not None:
            self._store.close()

    async def still_alive(self, at: datetime, calls: frozenset[str]) -> None:
        """Finishes the conversations that began before `at` and were not among the calls then: queue_log lost their end."""
        store = await self.register()
        for draft in await asyncio.to_thread(store.drafts):
            if draft.created_at < at and draft.linkedid not in calls:
                await asyncio.to_thread(store.finish_draft, draft.linkedid, at, "the call is gone")
                log.warning("conversation over, its end was not told", linkedid=draft.linkedid, ticket=draft.number)

    async def take(self, happening: told.Happening) -> None:
        """Raises what the database raises: then the happening is told again."""
        store = await self.register()
        match happening:
            case told.AgentAnswered():
                ticket = await asyncio.to_thread(
                    store.open_draft, happening.linkedid, happening.type, happening.path,
                    happening.caller, happening.called, happening.agent,
                    category=happening.category, reference=happening.reference,
                )  # fmt: skip
                await self._on_ticket(happening.uniqueid, ticket.number)
                log.info("agent answered", linkedid=happening.linkedid, ticket=ticket.number, agent=happening.agent)
            case told.AgentCallEnded():
                finished = await asyncio.to_thread(store.finish_draft, happening.linkedid, happening.at)
                number = finished.number if finished else None
                log.info("conversation over", linkedid=happening.linkedid, ticket=number, by=happening.by)
            case told.ColleagueAnswered():
                await asyncio.to_thread(_note_colleague, store, happening)
            case told.CalledOut():
                detail = {"phone": happening.phone, "linkedid": happening.linkedid, "at": happening.at.isoformat()}
                await asyncio.to_thread(partial(store.note_on, happening.ticket, "called_out", happening.phone, **detail))
            case told.CallerRated():
                detail = {"key": happening.key, "queue": happening.queue, "at": happening.at.isoformat()}
                await asyncio.to_thread(partial(store.note_pass, happening.linkedid, "rated", happening.agent, **detail))
            case told.Transferred():
                detail = {"kind": happening.kind, "at": happening.at.isoformat()}
                await asyncio.to_thread(partial(store.note_pass, happening.linkedid, "transferred", happening.to, **detail))
            case told.PassedOn() | told.PassAccepted() | told.PassEnded():
                await asyncio.to_thread(_note_pass, store, happening)
            case _:
                assert_never(happening)


def _note_colleague(store: Store, happening: told.ColleagueAnswered) -> None:
    """The ticket's history names each colleague once, by login where somebody is logged in at the phone."""
    for ticket in store.tickets(1, linkedid=happening.linkedid):
        agent = shifts.login_at(store.database, happening.phone) or happening.phone
        if agent != ticket.agent:
            store.open_draft(happening.linkedid, "", "", "", "", agent)
        log.info("colleague answered", linkedid=happening.linkedid, ticket=ticket.number, agent=agent)


def _note_pass(store: Store, happening: told.PassedOn | told.PassAccepted | told.PassEnded) -> None:
    """A sub-centre's call has a ticket of ours from its beginning, a conversation's ticket tells where it went."""
    linkedid, where = happening.linkedid, happening.where
    match happening:
        case told.PassedOn():
            if happening.mode == SUB_CENTRE:
                store.open_draft(
                    linkedid, happening.type, happening.path, happening.caller, happening.called, where,
                    category=happening.category, reference=happening.reference,
                )  # fmt: skip
            store.note_pass(linkedid, "passed_on", where, at=happening.at.isoformat())
        case told.PassAccepted():
            store.note_pass(linkedid, "accepted", where, at=happening.at.isoformat())
        case told.PassEnded():
            store.note_pass(linkedid, "pass_ended", where, result=happening.result, at=happening.at.isoformat())
            if happening.result in ("answered", "caller_left") and not happening.warm:  # else the agent's call goes on
                store.finish_draft(linkedid, happening.at)
    log.info("passed on", linkedid=linkedid, to=where, what=type(happening).__name__)
