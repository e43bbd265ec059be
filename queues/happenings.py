"""What the queues tell the rest of the house, in the past tense; each may come twice, so takers go by linkedid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AgentAnswered:
    """A person took a citizen's call."""

    linkedid: str
    uniqueid: str
    queue: str
    agent: str
    path: str
    type: str
    caller: str
    called: str
    at: datetime
    waited_seconds: int = 0
    category: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class AgentCallEnded:
    """The conversation is over. `by`: agent, caller, transfer, or asterisk (it ended itself, with everyone in it)."""

    linkedid: str
    uniqueid: str
    queue: str
    agent: str
    by: str
    at: datetime
    talked_seconds: int = 0


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A call was passed to a sub-centre, to other seats or to the province. `where`: the number in numbers.yaml."""

    linkedid: str
    where: str
    mode: str
    path: str
    type: str
    caller: str
    called: str
    at: datetime
    category: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PassAccepted:
    """They have answered."""

    linkedid: str
    where: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PassEnded:
    """How it ended there. `result`: answered, busy, no_answer, caller_left, cancelled or failed. `warm`: an agent was with them."""

    linkedid: str
    where: str
    result: str
    at: datetime
    talked_seconds: int = 0
    warm: bool = False


@dataclass(frozen=True, slots=True)
class CallerRated:
    """The caller pressed a key for how it was: 1 satisfied, 2 mostly, 3 not."""

    linkedid: str
    queue: str
    agent: str
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ColleagueAnswered:
    """A phone came into the talk other than from the queue: transferred to, consulted, taken over, or back from hold."""

    linkedid: str
    phone: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CalledOut:
    """An agent's phone called the ticket's caller, or a number on the list of transfers."""

    linkedid: str
    phone: str
    ticket: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Transferred:
    """The caller was passed on. `by`: the phone that did it; `kind`: agent, queue or outside."""

    linkedid: str
    by: str
    kind: str
    to: str
    at: datetime


Happening = CallerRated | ColleagueAnswered | CalledOut | Transferred | AgentAnswered | AgentCallEnded | PassedOn | PassAccepted | PassEnded
