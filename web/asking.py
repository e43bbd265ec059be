"""From a request to the telephony process and back: who asks is the token's holder, a refusal is a problem."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from queues import desk
from queues.actor import Actor
from web.access import Reader


def actor(holder: Reader) -> Actor:
    """The holder of a token, as the floor knows people."""
    return Actor(holder.role, token=holder.token, agent=holder.agent)


def ask(request: Request, holder: Reader, what: str, **fields: Any) -> dict[str, Any]:
    """Asks the floor's desk, in the thread of a synchronous route. Raises Refused, which becomes the answer."""
    return desk.ask(request.app.state.home, what, actor(holder), **fields)
