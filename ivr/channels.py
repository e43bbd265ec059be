"""What a city says of its channels: how a citizen's words come in, when people look at them, and how the citizen is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivr.model import Span

CHANNELS = "channels.yaml"
SPOKEN = ("voice", "voicemail", "fax")  # opened by the telephone, never through the intake
NEEDS = ("place", "name", "phone")
TELL = ("sms", "email", "pull", "nothing")
"""By a short message, by e-mail, by the channel's own system that fetches the words, or not at all."""


@dataclass(frozen=True)
class Channel:
    """One way in."""

    code: str
    name: str
    needs: tuple[str, ...] = ()
    """What must be given beside the matter itself."""
    answered: tuple[Span, ...] = ()
    """When people look at it, by the clock of Asia/Shanghai; none: always. Outside, it is queued and the sender told so."""
    advised_length: int = 0
    """Longer ones are advised to be shorter; nothing is cut. 0: no advice."""
    progress: bool = True
    """Whether progress may be asked for there; where not, the sender is told where."""
    tell: str = "nothing"
    most_an_hour: int = 20
    """Messages of one sender that are taken in an hour."""

    def is_answered(self, moment: datetime) -> bool:
        """`moment` by the clock of Asia/Shanghai."""
        return not self.answered or any(span.holds(moment) for span in self.answered)


@dataclass(frozen=True)
class Repeat:
    """When the same sender's words are the same matter: within so many days, and so alike (percent of shared pairs of characters)."""

    days: int = 30
    likeness: int = 60


@dataclass(frozen=True)
class Surge:
    """How many callers within how many minutes make a surge, and how alike their words must be (percent)."""

    callers: int = 5
    minutes: int = 60
    likeness: int = 40


@dataclass(frozen=True)
class Channels:
    """All of channels.yaml."""

    channels: Mapping[str, Channel] = field(default_factory=dict)
    repeat: Repeat = Repeat()
    surge: Surge = Surge()
    told: tuple[Span, ...] = ()
    """When short messages about progress may be sent; none: always. Answers to a message are sent at once."""
