"""Who asks for something on the floor, and how they are told no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

AGENT, SUPERVISOR, ADMINISTRATOR, INTEGRATION, FLOOR = "agent", "supervisor", "administrator", "integration", "floor"
EVERYBODY = frozenset((AGENT, SUPERVISOR, ADMINISTRATOR, INTEGRATION, FLOOR))
STAFF = frozenset((AGENT, SUPERVISOR, ADMINISTRATOR, FLOOR))
LEADERS = frozenset((SUPERVISOR, ADMINISTRATOR, FLOOR))
"""The floor itself acts too: when a limit is reached, nobody asked."""


class Refused(Exception):  # noqa: N818 - a refusal, read as a sentence
    """No, and nothing was changed. `status` is HTTP's, `extra` goes into the problem (RFC 9457) as it stands."""

    def __init__(self, status: int, title: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail, self.extra = status, title, detail, extra


class NotRunning(Refused):
    """The telephony process is not there to be asked, or too busy to answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(503, "Service Unavailable", detail)


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks: the holder of a token, a person at a phone, someone at this machine's keyboard, or the floor."""

    role: str
    token: str = ""
    """The token's id, where a token was shown."""
    agent: str = ""
    """The login of the agent this is, as far as that is known."""
    name: str = ""
    """A phone, or who is logged in on the machine."""

    def __str__(self) -> str:
        """As the audit has it: the person before the thing in their hand."""
        for what, value in (("agent", self.agent), ("phone", self.name if self.role == AGENT else ""), ("token", self.token)):
            if value:
                return f"{what} {value}"
        return f"{self.role} {self.name}".strip()

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises ValueError for what is no actor."""
        if not isinstance(data, Mapping) or set(data) - set(cls.__dataclass_fields__) or data.get("role") not in EVERYBODY:
            raise ValueError("not an actor")
        return cls(**{key: str(value) for key, value in data.items()})


THE_FLOOR = Actor(FLOOR)


def only_themselves(by: Actor, login: str) -> None:
    """An agent may do this for themselves, a supervisor for anybody. Raises Refused."""
    if by.role in LEADERS or (by.role == AGENT and by.agent == login):
        return
    who = f"agent {by.agent}" if by.agent else f"a token of the role {by.role} that belongs to no agent"
    raise Refused(403, "Forbidden", f"{who} may not do this for {login}")
