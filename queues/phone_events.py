"""What the phones of those who are logged in do: each event of Asterisk's changes one person's Standing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import structlog

from ivr.model import City
from queues.ami import AmiLink
from queues.event import Event
from queues.members import Members
from queues.model import DEVICE_STATES, AgentState
from queues.names import PAGE, TOO_MANY_MISSED, phone_of, queue_of
from queues.standing import Standing

SIT_OUT_SECONDS = 5.0  # after a missed call; longer than a round of ringing somebody else takes to begin
CONTACT_GONE = frozenset(("Unreachable", "Removed"))
CONTACT_THERE = frozenset(("Reachable", "NonQualified", "Created", "Updated"))

log = structlog.get_logger()


class PhoneEvents:
    """`follow` subscribes; `changed` is called with whom an event has changed."""

    def __init__(
        self, by_phone: Mapping[str, Standing], members: Members, city: Callable[[], City], changed: Callable[[Standing], None]
    ) -> None:
        self._by_phone = by_phone
        self._members = members
        self._city = city
        self._changed = changed

    def follow(self, link: AmiLink) -> None:
        for name, callback in {
            "QueueMemberStatus": self._member, "QueueMemberPause": self._member, "QueueMemberAdded": self._member,
            "Newchannel": self._leg, "Newstate": self._leg, "Hangup": self._leg, "Hold": self._held, "Unhold": self._held,
            "BridgeEnter": self._bridged, "AgentCalled": self._called, "AgentConnect": self._connected,
            "AgentRingNoAnswer": self._missed, "ContactStatus": self._contact, "UserEvent": self._said,
        }.items():  # fmt: skip
            link.subscribe(name, callback)

    def _of(self, event: Event, header: str = "Channel") -> Standing | None:
        """Whose phone this channel or interface is."""
        phone = phone_of(event[header])
        return self._by_phone.get(phone) or self._by_phone.get(phone.rpartition("-")[0])

    def _member(self, event: Event) -> None:
        if standing := self._of(event, "Interface"):
            if event.name == "QueueMemberPause":
                paused = event["Paused"] == "1"
                self._members.heard(standing.phone, (paused, event["PausedReason"] if paused else ""))
            standing.device = DEVICE_STATES.get(event["Status"], AgentState.UNKNOWN)
            if standing.device in (AgentState.FREE, AgentState.TALKING):
                standing.unreachable = False
            self._changed(standing)

    def _leg(self, event: Event) -> None:
        standing = self._of(event)
        if standing is None:
            return
        if event.name == "Hangup":
            standing.legs.pop(event["Uniqueid"], None)
            if not standing.legs:
                self.idle(standing)
        elif event.name == "Newchannel" or event["Uniqueid"] in standing.legs:
            if not standing.legs and standing.rests_until is None:
                standing.queue = ""
            standing.legs[event["Uniqueid"]] = event["ChannelState"]
        self._changed(standing)

    def idle(self, standing: Standing) -> None:
        if standing.in_conversation:
            standing.stops_talking(time.time(), self.rest_seconds(standing))

    def _held(self, event: Event) -> None:
        """By a key of their phone."""
        self._hold(self._of(event), event.name == "Hold")

    def _said(self, event: Event) -> None:
        """By the desk: conversation.conf says what the agent's leg does."""
        if event["UserEvent"] == "HotlineLeg":
            self._hold(self._by_phone.get(event["Phone"]), event["State"] == AgentState.ON_HOLD)

    def _hold(self, standing: Standing | None, held: bool) -> None:
        if standing is not None:
            standing.held = held
            self._changed(standing)

    def _bridged(self, event: Event) -> None:
        standing = self._of(event)
        if standing is not None and not event["Uniqueid"].startswith(PAGE):  # an announcement is no conversation: no rest after it
            standing.begins_talking(event["Linkedid"])
            self._changed(standing)

    def _called(self, event: Event) -> None:
        if standing := self._of(event, "Interface"):
            standing.queue, standing.linkedid = queue_of(event["Queue"]), event["Linkedid"]
            self._changed(standing)

    def _connected(self, event: Event) -> None:
        if standing := self._of(event, "Interface"):
            standing.queue = queue_of(event["Queue"])
            standing.begins_talking(event["Linkedid"])
            self._changed(standing)

    def _missed(self, event: Event) -> None:
        standing = self._of(event, "Interface")
        queue = self._city().queues.get(queue_of(event["Queue"]))
        if standing is None or standing.unreachable or queue is None:
            return
        sit_out = 0.0 if queue.strategy == "ringall" else SIT_OUT_SECONDS
        standing.misses(time.time(), sit_out, queue.missed_calls, TOO_MANY_MISSED)
        log.info("call missed", agent=standing.login, queue=queue.name, in_a_row=standing.missed, linkedid=event["Linkedid"])
        self._changed(standing)

    def _contact(self, event: Event) -> None:
        """A phone that vanishes while it rings still has its channel: app_queue would ring the air to the end."""
        standing = self._by_phone.get(event["AOR"])
        if standing is None:
            return
        if event["ContactStatus"] in CONTACT_GONE:
            standing.unreachable = True
        elif event["ContactStatus"] in CONTACT_THERE:
            standing.unreachable = False
        self._changed(standing)

    def rest_seconds(self, standing: Standing) -> int:
        """Of the call that has just ended; a call of no queue, such as one they made, has the longest of their queues."""
        if standing.wrapup_seconds is not None:
            return standing.wrapup_seconds
        queues = self._city().queues
        if standing.queue in queues:
            return queues[standing.queue].wrapup_seconds
        return max((queues[name].wrapup_seconds for name in standing.queues if name in queues), default=0)
