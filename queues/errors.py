"""How speaking to Asterisk can fail; whether to try again is the type of the error."""

from __future__ import annotations


class AmiError(Exception):
    """Anything that went wrong between us and Asterisk's manager interface."""


class NotConnected(AmiError):
    """Nothing was sent: there is no link. May be tried again."""


class LinkBusy(AmiError):
    """Nothing was sent: too many actions are waiting for their answer. May be tried again later."""


class ResultUnknown(AmiError):
    """It was sent and no answer came. It may have happened: look before doing it again, never repeat it blindly."""


class ActionRefused(AmiError):
    """Asterisk answered with an error; its message is the text."""


class LoginRefused(AmiError):
    """Asterisk does not know this user or secret."""


class ForbiddenText(AmiError, ValueError):
    """A name or value that would be more than one header, or more than Asterisk reads. Nothing was sent."""
