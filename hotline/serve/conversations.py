"""Between queues and tickets: when a person answers, their ticket opens; when the conversation is over, it is handed over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, assert_never

import structlog

from queues.happenings import AgentAnswered, AgentCallEnded, Happening

if TYPE_CHECKING:  # telephony takes calls before it is loaded
    from tickets.store import Store

log = structlog.get_logger(__name__)


class Conversations:
    """Takes each happening at least once; the register goes by linkedid, so twice does no harm."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def take(self, happening: Happening) -> None:
        """Raises what the database raises: then the happening is told again."""
        match happening:
            case AgentAnswered():
                ticket = await asyncio.to_thread(
                    self._store.open_draft, happening.linkedid, happening.type, happening.path,
                    happening.caller, happening.called, happening.agent,
                )  # fmt: skip
                log.info("agent answered", linkedid=happening.linkedid, ticket=ticket.number, agent=happening.agent)
            case AgentCallEnded():
                finished = await asyncio.to_thread(self._store.finish_draft, happening.linkedid, happening.at)
                number = finished.number if finished else None
                log.info("conversation over", linkedid=happening.linkedid, ticket=number, by=happening.by)
            case _:
                assert_never(happening)
