"""Who may do what: a bearer token has a role, a role has permissions; everything else is refused."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote

import structlog
from fastapi import Depends, Header, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.exc import SQLAlchemyError

from queues import audit
from queues.actor import Actor
from queues.audit import REFUSED, Line
from tickets.sight import LONGEST_REASON
from tickets.store import Store
from web.problems import Problem

LOOKING = frozenset(("GET", "HEAD", "OPTIONS"))
log = structlog.get_logger("web.access")


class May(enum.Enum):
    """What a token can be allowed."""

    READ_TICKETS = "read tickets, their recordings and documents"
    SEE_CALLERS = "see callers' numbers and names in full"
    READ_FLOOR = "see calls, agents and queues"
    HANDLE_CALLS = "hold, transfer and make calls"
    LEAD_FLOOR = "listen to calls, move callers and tell agents something"
    MIND_DELIVERIES = "see and replay hand-overs"
    RECONCILE = "compare what was handed over"
    MOVE_TICKETS = "move tickets along and note something on them"
    EDIT_TICKETS = "correct tickets and say who handles them"
    BRING_MESSAGES = "bring citizens' messages and fetch what they are told"
    EDIT_KNOWLEDGE = "write articles of the knowledge base"
    READ_REPORTS = "read weekly and monthly reports, and ask for one"
    EXCHANGE_TICKETS = "take tickets out of the register and into it as files"
    MANAGE_PEOPLE = "add, change and remove agents"
    MIND_PERSONS = "give out or erase a person's data, or see what was deleted"


ROLES = {
    "agent": {May.READ_TICKETS, May.READ_FLOOR, May.HANDLE_CALLS, May.MOVE_TICKETS, May.EDIT_TICKETS},
    "supervisor": set(May) - {May.MANAGE_PEOPLE, May.MIND_PERSONS},
    "administrator": set(May),
    "integration": {May.READ_TICKETS, May.SEE_CALLERS, May.RECONCILE, May.READ_FLOOR, May.MOVE_TICKETS, May.BRING_MESSAGES},
}
UNIT = {May.READ_TICKETS, May.SEE_CALLERS, May.MOVE_TICKETS}
BEARER = HTTPBearer(auto_error=False, description="made by `hotline token create --role ROLE`")
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="hotline"'}


@dataclass(frozen=True)
class Reader:
    """Whoever holds the token of this request."""

    token: str
    role: str
    agent: str = ""
    """The login of the agent the token was made for."""
    organisation: str = ""
    """The unit the token was made for: it sees its own tickets, and nothing of the floor."""
    reason: str = ""
    """What they said they need personal data for, in this request."""

    def may(self, what: May) -> bool:
        return what in (UNIT if self.organisation else ROLES[self.role])


def stated(
    header: Annotated[str | None, Header(alias="X-Hotline-Reason", max_length=4 * LONGEST_REASON, description="why personal data is needed; UTF-8, percent-encoded")] = None,
    reason: Annotated[str | None, Query(max_length=LONGEST_REASON, description="the same, for clients that cannot set headers")] = None,
) -> str:
    """The reason that the audit will name."""
    said = unquote(header) if header is not None else reason or ""
    if len(said) > LONGEST_REASON or not all(letter.isprintable() for letter in said):
        raise Problem(422, f"a reason is one line of at most {LONGEST_REASON} characters")
    return said.strip()


def reader(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)], reason: Annotated[str, Depends(stated)] = ""
) -> Reader:
    """The token's holder. A synchronous dependency: FastAPI runs it in a thread, for it asks the database."""
    store: Store = request.app.state.store
    if given is None:
        raise Problem(401, "a bearer token is needed", CHALLENGE)
    token = store.tokens.find(given.credentials)
    if token is None or token.role not in ROLES:
        raise Problem(401, "this token is not known, or was revoked", CHALLENGE)
    holder = Reader(token.id, token.role, token.agent, token.organisation, reason)
    request.state.holder = holder
    return holder


def needs(what: May) -> Callable[[Request, Reader], Reader]:
    """A dependency that refuses roles without this permission; who tried to change something is in the audit."""

    def check(request: Request, holder: Annotated[Reader, Depends(reader)]) -> Reader:
        if not holder.may(what):
            why = f"a token with the role {holder.role} may not {what.value}"
            if request.method not in LOOKING:
                refused(request, holder, why)
            raise Problem(403, why)
        return holder

    return check


def invalid(request: Request, why: str) -> None:
    """A request whose fields are wrong is refused before its route is reached; one that would have changed something is in the audit."""
    holder = getattr(request.state, "holder", None)
    if holder is not None and request.method not in LOOKING:
        refused(request, holder, why)


def refused(request: Request, holder: Reader, why: str) -> None:
    """The audit's line of a refusal, which stays one where the database is away."""
    action = f"{request.method} {request.scope['route'].path}"
    target = "/".join(map(str, request.path_params.values()))
    line = Line(Actor(holder.role, token=holder.token, agent=holder.agent), action, target, REFUSED, why)
    try:
        audit.write(request.app.state.store.database, line)
    except SQLAlchemyError as error:
        log.error("audit line not in the database", actor=str(line.by), action=action, target=target, reason=type(error).__name__)
