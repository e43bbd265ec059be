"""What a caller does (events, past tense) and what the line is to do (instructions, imperative)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ivr.speaking import Wish


@dataclass(frozen=True)
class Pressed:
    """One key: 0-9, * or #."""

    key: str


@dataclass(frozen=True)
class NoInput:
    """The prompts were played and the seconds passed in silence."""


@dataclass(frozen=True)
class HungUp:
    """The caller left: something callers do, not something that breaks."""


@dataclass(frozen=True)
class FaxHeard:
    """A fax machine's calling tone (CNG) was heard."""


@dataclass(frozen=True)
class Spoke:
    """The caller said something. `key`: of the choice, or the number of an emergency; `sure` only of choices.

    `unclear`: words that mean nothing here.
    """

    meant: Literal["choice", "danger", "yes", "no", "unclear"]
    key: str = ""
    sure: bool = False


Event = Pressed | NoInput | HungUp | FaxHeard | Spoke


@dataclass(frozen=True)
class Listen:
    """What callers may say while they are asked; without `wishes` yes or no. `hint` is said only while somebody listens."""

    wishes: tuple[Wish, ...] = ()
    hint: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ask:
    """Play the prompts one after another, interrupted by the first key, and wait for a key.

    Keys pressed ahead count. Prompt and key are one instruction because Asterisk drops digits between two.
    """

    prompts: tuple[str, ...]
    seconds: int
    max_digits: int = 1
    listen: Listen | None = None  # keys count all the same


@dataclass(frozen=True)
class Say:
    """Play the prompts; a decision follows."""

    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Decide:
    """The menu is over: hand the call to Asterisk, which goes on by itself. `variables()` names are the contract."""

    decision: str  # queue | progress | voicemail | fax | transfer | dual | sub-centre | province | emergency | hangup
    path: str
    target: str = ""
    type: str = ""
    overflow: str = ""
    wait_seconds: int = 0

    def variables(self) -> dict[str, str]:
        """The channel variables that carry this decision, the same on both paths."""
        return {
            "HOTLINE_PATH": self.path,
            "HOTLINE_TARGET": self.target,
            "HOTLINE_TYPE": self.type,
            "HOTLINE_OVERFLOW": self.overflow,
            "HOTLINE_WAIT": str(self.wait_seconds) if self.wait_seconds else "",
            "HOTLINE_DECISION": self.decision,
        }


Instruction = Ask | Say | Decide
