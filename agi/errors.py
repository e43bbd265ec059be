"""How speaking with Asterisk over AGI can fail; the type says what it means for the call."""

from __future__ import annotations


class AgiError(Exception):
    """The AGI session ends here; the dialplan goes on by itself."""


class ChannelGone(AgiError):
    """The channel is no longer ours: the caller left, a fax machine was heard or a time limit struck.

    Something that happens, not something that breaks. AGI cannot tell which of them it was; the dialplan can.
    """


class PeerSilent(AgiError):
    """A reply or header did not come within its limit."""


class PeerUnclear(AgiError):
    """What came is not AGI: no header, a line without end, a reply without a code."""


class NotTheDialplan(AgiError):
    """Somebody on this machine asks in the dialplan's name and does not know its secret."""


class CommandRefused(AgiError):
    """Asterisk knows the channel but not the command (510, 520): a fault of ours."""


class ForbiddenText(AgiError, ValueError):
    """A text that must not enter a command: a line break would begin a second one."""
