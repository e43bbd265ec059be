"""The AMI's bytes: panoramisk's protocol and action with their faults mended (each one is named in ADR 0070).

Two rules live here and nowhere else: no header can hold a line break, and an answer belongs to the action that
asked, or to nobody.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from panoramisk.actions import Action as PanoramiskAction
from panoramisk.ami_protocol import AMIProtocol

from queues.errors import ForbiddenText, ResultUnknown
from queues.event import Event

Fields = Mapping[str, str | int | Sequence[str]]

HEADER = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
FORBIDDEN = re.compile(r"[\r\n\0]")
ANSWERS = "\r\nActionID: "
LONGEST_LINE = 1000  # bytes; manager.c reads 1025 and drops a longer line
MOST_HEADERS = 120  # manager.h: AST_MAX_MANHEADERS 128
LARGEST_MESSAGE = 1_000_000  # characters without a blank line: not an Asterisk, or not in its senses


class Action(PanoramiskAction):
    """An action that knows when its answer is complete by what Asterisk 22 says, not by the wording of a message.

    panoramisk's own rule reads `self['async']` for every text that ends in "successfully queued", so PlayDTMF raised
    KeyError inside the reader and cost the connection.
    """

    def __init__(self, headers: Mapping[str, str | list[str]]) -> None:
        super().__init__(headers)
        self.heard: list[Event] = []
        self._asynchronous = str(self.get("Action")).lower() == "originate" and str(self.get("Async", "")).lower() == "true"

    def hears(self, event: Event) -> bool:
        """Takes one message of its answer; True where that was the last."""
        self.heard.append(event)
        whole = self._whole(event)
        if whole and not self.future.done():
            self.future.set_result(self.heard)
        return whole

    def _whole(self, last: Event) -> bool:
        first = self.heard[0]
        if first["Response"] == "Error" or not (self._asynchronous or first["EventList"].lower() == "start"):
            return True
        return last["EventList"].lower() in ("complete", "cancelled") or last.name == "OriginateResponse"


def checked(fields: Fields) -> dict[str, str | list[str]]:
    """The one door: every header of every action, refused when it could be read as more than one."""
    clean: dict[str, str | list[str]] = {}
    lines = 0
    for name, value in fields.items():
        if not HEADER.fullmatch(name):
            raise ForbiddenText(f"{name!r} is not the name of an AMI header")
        values = [value] if isinstance(value, str | int) else list(value)
        texts = [_one_line(name, str(text)) for text in values]
        lines += len(texts)
        clean[name] = texts[0] if isinstance(value, str | int) else texts
    if lines > MOST_HEADERS:
        raise ForbiddenText(f"{lines} headers in one action (most: {MOST_HEADERS})")
    return clean


def _one_line(name: str, text: str) -> str:
    if FORBIDDEN.search(text):
        raise ForbiddenText(f"{name}: a line break or NUL in the value")
    if len(f"{name}: {text}".encode(errors="replace")) > LONGEST_LINE:
        raise ForbiddenText(f"{name}: longer than the {LONGEST_LINE} bytes that Asterisk reads")
    return text


class Owner(Protocol):
    """What a connection tells the one who opened it."""

    def heard(self, event: Event) -> None: ...

    def lost(self, connection: Connection) -> None: ...


class Connection(AMIProtocol):
    """One TCP connection to Asterisk, from its first byte to its last."""

    responses: dict[str, Action]

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.gone = asyncio.Event()
        self.late_answers = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.rest = ""
        self.heard_at = asyncio.get_running_loop().time()

    def ask(self, fields: Fields) -> Action:
        """Sends one action; its `.future` gets the answer, or ResultUnknown when the connection is lost first."""
        action = Action(checked(fields))
        data = str(action).encode(errors="replace")
        self.responses[action.id] = action
        self.transport.write(data)
        return action

    def forget(self, action: Action) -> None:
        """No longer waits for this answer."""
        self.responses.pop(action.id, None)

    def data_received(self, data: bytes) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        *messages, self.rest = (self.rest + self.decoder.decode(data)).split("\r\n\r\n")
        if len(self.rest) > LARGEST_MESSAGE:
            self.abort()
            return
        heard = self.owner.heard
        for text in messages:
            event = Event.parse(text)
            if not event.name or ANSWERS in text:
                self.answered(event)
            else:  # live news, most of what comes
                heard(event)

    def answered(self, event: Event) -> None:
        """It belongs to an action of ours, or to nobody: its asker has given up, and it must not pass for live news."""
        action = self.responses.get(event["ActionID"])
        if action is None:
            self.late_answers += bool(event["ActionID"])
        elif action.hears(event):
            self.forget(action)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self.gone.set()
        unanswered, self.responses = self.responses, {}
        for action in unanswered.values():
            if not action.future.done():
                action.future.set_exception(
                    ResultUnknown(f"{action.get('Action')}: the link was lost before the answer")
                )
        self.owner.lost(self)

    def abort(self) -> None:
        """Ends it now, whatever the peer does."""
        self.transport.abort()

    def close(self) -> None:
        """Ends it. (panoramisk's own puts unanswered actions aside to be sent again: two calls where one was asked.)"""
        self.abort()
