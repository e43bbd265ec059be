"""The live picture of queues, agents and calls, kept from AMI events and put right by a resync. Pure.

Applying an event twice, or one that a resync already contains, changes nothing: after a resync every event since the
link came up is applied in order, and the picture is the true one at the last of them.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from queues.event import VARIABLE, Event
from queues.model import (
    CONTEXTS,
    DECISIONS,
    DEVICE_STATES,
    Agent,
    AgentState,
    Call,
    Channel,
    Doing,
    Member,
    QueueView,
    Waiting,
)
from queues.names import is_helper, is_place, is_transfer, phone_of, queue_of, wanted_of
from queues.standing import Standing

RECENT = 200
MEMBER_EVENTS = frozenset(
    ("QueueMember", "QueueMemberStatus", "QueueMemberAdded", "QueueMemberPause", "QueueMemberPenalty")
)
QUEUE_EVENTS = MEMBER_EVENTS | {"QueueMemberRemoved", "QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon"}
CHANNEL_EVENTS = frozenset(("Newchannel", "Newstate", "Hangup", "NewCallerid", "UserEvent", "BridgeEnter", "AgentConnect"))
EVENTS = QUEUE_EVENTS | CHANNEL_EVENTS
"""What the picture listens to."""

CALLED, PATH, AT, TYPE = (f"{VARIABLE}HOTLINE_{name}" for name in ("CALLED", "PATH", "AT", "TYPE"))


class Picture:
    """What is going on now."""

    def __init__(self) -> None:
        self.strategies: dict[str, str] = {}
        self.members: dict[tuple[str, str], Member] = {}
        self.sections: dict[str, dict[str, int]] = {}
        """Of each phone: the queues of Asterisk's it is a member of, with its penalty there."""
        self.staff: Mapping[str, Standing] = {}
        """By phone: who is logged in there and what they are doing; kept by queues/keeper.py."""
        self.waiting: dict[str, Waiting] = {}
        self._lines: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        """Who waits in each of Asterisk's queues, by place."""
        self.channels: dict[str, Channel] = {}
        self._legs: dict[str, set[str]] = {}
        """Of each call: the channels it has now."""
        self.calls: dict[str, Call] = {}
        self.recent: deque[Call] = deque(maxlen=RECENT)

    def apply(self, event: Event, now: float) -> None:
        """Takes in one event; `now` in Unix seconds."""
        name = event.name
        if name in CHANNEL_EVENTS:  # most of what comes
            self._channel(event, now)
        elif name in MEMBER_EVENTS:
            self._member(event)
        elif name == "QueueMemberRemoved":
            self._removed(event)
        elif name == "QueueCallerJoin":
            self._channel(event, now)
            self._joined(event, now)
        elif name in ("QueueCallerLeave", "QueueCallerAbandon"):
            self._gone(event["Uniqueid"])

    def resync(self, queue_status: Iterable[Event], channels: Iterable[Event], now: float) -> None:
        """Puts everything right from the answers to QueueStatus and CoreShowChannels."""
        self.strategies, self.members, self.waiting, self.sections, self._lines = {}, {}, {}, {}, {}
        answers = list(queue_status)
        for event in answers:
            if event.name == "QueueParams":
                self.strategies[queue_of(event["Queue"])] = event["Strategy"]
            elif event.name == "QueueMember":
                self._member(event)
        self.channels, self._legs = {}, {}
        legs = [event for event in channels if event["Uniqueid"]]
        for event in legs:
            self._call(event, now - _seconds(event["Duration"]))
        for event in legs:
            self._leg(event, now)
        for event in answers:
            if event.name == "QueueEntry":
                self._joined(event, now - event.number("Wait"))
        for linkedid in self.calls.keys() - self._legs.keys():
            self._ended(linkedid, now)

    def agents(self) -> list[Agent]:
        """Every agent's phone, by name."""
        phones: dict[str, list[Member]] = {}
        for member in self.members.values():
            phones.setdefault(member.phone, []).append(member)
        talking = {channel.phone: channel.linkedid for channel in self.channels.values() if channel.up}
        rung = {channel.phone for channel in self.channels.values() if not channel.up} - talking.keys()
        alone = [_agent(members, talking.get(phone, ""), phone in rung) for phone, members in sorted(phones.items()) if phone not in self.staff]
        return alone + [_person(standing, phones.get(phone, [])) for phone, standing in sorted(self.staff.items())]

    def queues(self) -> list[QueueView]:
        """Every queue, by name."""
        members: defaultdict[str, list[Member]] = defaultdict(list)
        for member in self.members.values():
            members[member.queue].append(member)
        waiting: defaultdict[str, list[Waiting]] = defaultdict(list)
        for line in self._lines.values():
            for place, uniqueid in enumerate(line, 1):
                caller = self.waiting[uniqueid]
                waiting[caller.queue].append(replace(caller, place=place))
        return [_view(name, strategy, members[name], waiting[name]) for name, strategy in sorted(self.strategies.items())]

    def live_calls(self) -> list[Call]:
        """Calls in progress, the oldest first, each with where it is now."""
        talking = {channel.linkedid for channel in self.channels.values() if self._is_agent(channel)}
        return [
            replace(call, doing=Doing.TALKING) if call.linkedid in talking
            else replace(call, doing=Doing.WAITING) if call.linkedid in self.waiting
            else call
            for call in sorted(self.calls.values(), key=lambda call: (call.since, call.linkedid))
        ]  # fmt: skip

    def _member(self, event: Event) -> None:
        phone, section = _phone(event), event["Queue"]
        queue = queue_of(section)
        self.members[queue, phone] = Member(
            phone, queue, DEVICE_STATES.get(event["Status"], AgentState.UNKNOWN), event["Paused"] == "1", event["PausedReason"],
            event.number("CallsTaken"), event.number("LastCall"),
        )  # fmt: skip
        self.sections.setdefault(phone, {})[section] = event.number("Penalty")

    def _removed(self, event: Event) -> None:
        """From one queue of Asterisk's; another may stand for the same queue of ours."""
        phone, queue = _phone(event), queue_of(event["Queue"])
        left = self.sections.get(phone, {})
        left.pop(event["Queue"], None)
        if not any(queue_of(section) == queue for section in left):
            self.members.pop((queue, phone), None)

    def _joined(self, event: Event, since: float) -> None:
        if is_place(event["Channel"]) or self._asks(event):
            return
        uniqueid, queue, needs = event["Uniqueid"], queue_of(event["Queue"]), wanted_of(event["Queue"])
        before = self.waiting.get(uniqueid)
        if before is None or (before.queue, before.needs) != (queue, needs):
            self._gone(uniqueid)
            priority = event.number("Priority") or _whole(event.variable("QUEUE_PRIO"))
            self.waiting[uniqueid] = Waiting(uniqueid, queue, _number(event), since, event["Linkedid"] or uniqueid, needs, priority)
            line = self._lines.setdefault((queue, needs), [])
            line.insert(max(0, event.number("Position", len(line) + 1) - 1), uniqueid)
        self._note(uniqueid, queue=queue)

    def _asks(self, event: Event) -> bool:
        """Whether it is an agent who asks a queue's people something: from the call they are in, or by a key of their phone."""
        if is_transfer(event["Channel"]):
            return True
        phone, leg = phone_of(event["Channel"]).rpartition("-")[0], self.channels.get(event["Uniqueid"])
        return bool(self.sections.get(phone)) and leg is not None and leg.uniqueid != leg.linkedid

    def _gone(self, uniqueid: str) -> None:
        """Waits no more, if ever; those behind move up."""
        caller = self.waiting.pop(uniqueid, None)
        if caller:
            self._lines[caller.queue, caller.needs].remove(uniqueid)

    def _channel(self, event: Event, now: float) -> None:
        uniqueid = event.fields.get("uniqueid", "")
        if event.name == "Hangup":
            channel = self.channels.pop(uniqueid, None)
            self._gone(uniqueid)
            if channel:
                self._left(channel, now)
        elif uniqueid in self.channels or event.name == "Newchannel":  # news of a channel that has gone does not bring it back
            self._call(event, now)
            self._leg(event, now)

    def _left(self, channel: Channel, now: float) -> None:
        """A leg has left its call, which may have been the last one."""
        legs = self._legs.get(channel.linkedid, set())
        legs.discard(channel.uniqueid)
        if not legs:
            self._legs.pop(channel.linkedid, None)
            self._ended(channel.linkedid, now)

    def _leg(self, event: Event, now: float) -> None:
        said = event.fields.get
        name, uniqueid, linkedid, up = said("channel"), said("uniqueid", ""), said("linkedid", ""), said("channelstate") == "6"
        before = self.channels.get(uniqueid)
        if before and before.up == up and before.linkedid == linkedid:
            return  # most events say nothing new of a leg
        if not name:
            return  # a UserEvent without its channel
        channel = Channel(uniqueid, linkedid, phone_of(name).rpartition("-")[0], up)
        self.channels[channel.uniqueid] = channel
        self._legs.setdefault(channel.linkedid, set()).add(channel.uniqueid)
        if before and before.linkedid != channel.linkedid:  # a transfer made two calls one
            self._left(before, now)
        if self._is_agent(channel):
            self._note(channel.linkedid, agent=channel.phone)

    def _call(self, event: Event, since: float) -> None:
        """What an event says of its call; the citizen's own leg says most, and has the call's name."""
        said = event.fields.get  # header names in small letters: this runs for nearly every event
        linkedid = said("linkedid", "")
        if said("uniqueid", "") != linkedid or is_helper(said("channel", "")):
            return
        known = self.calls.get(linkedid)
        call = known or Call(linkedid, "", "", since)
        decided = DECISIONS.get(said("decision", "")) if said("userevent") == "HotlineDecided" else None
        number = said("calleridnum", "")
        news = (
            number if number and number != "<unknown>" else call.caller,
            said(CALLED) or said("called") or call.called,
            said(PATH) or said("path") or said(AT) or call.path,
            said(TYPE) or said("type") or call.type,
            decided or CONTEXTS.get(said("context", "")) or call.doing,
        )
        if known is None or news != (call.caller, call.called, call.path, call.type, call.doing):  # most say nothing new
            caller, called, path, kind, doing = news
            self.calls[linkedid] = Call(linkedid, caller, called, call.since, path, kind, doing, call.queue, call.agent, call.ended)

    def _is_agent(self, channel: Channel) -> bool:
        """Whether this leg is an agent who has picked up (not the citizen, not a phone that only rings)."""
        answered = channel.up and channel.uniqueid != channel.linkedid
        return answered and bool(self.sections.get(channel.phone))

    def _note(self, linkedid: str, **known: str) -> None:
        """Remembers the last queue and agent of a call, for the record of it when it has ended."""
        call = self.calls.get(linkedid)
        if call and any(getattr(call, name) != value for name, value in known.items()):
            self.calls[linkedid] = replace(call, **known)  # type: ignore[arg-type]

    def _ended(self, linkedid: str, now: float) -> None:
        call = self.calls.pop(linkedid, None)
        if call:
            self.recent.append(replace(call, ended=now))


def _view(name: str, strategy: str, members: Sequence[Member], waiting: Sequence[Waiting]) -> QueueView:
    there = [member for member in members if member.state is not AgentState.LOGGED_OUT]
    return QueueView(
        name=name, strategy=strategy, members=tuple(sorted(member.phone for member in members)),
        logged_in=len(there),
        free=sum(member.state is AgentState.FREE and not member.paused for member in there),
        waiting=tuple(sorted(waiting, key=lambda caller: (caller.since, caller.place))),
    )  # fmt: skip


def _agent(members: list[Member], linkedid: str, rung: bool) -> Agent:
    """PJSIP says busy of a phone from the first ring on (device_state_busy_at); a phone without a leg that is up only rings."""
    first = members[0]
    state = AgentState.RINGING if rung and first.state is AgentState.TALKING else first.state
    return Agent(
        phone=first.phone, state=state, paused=all(member.paused for member in members),
        pause_reason=next((member.pause_reason for member in members if member.paused), ""),
        queues=tuple(sorted(member.queue for member in members)),
        calls_taken=sum(member.calls_taken for member in members), linkedid=linkedid,
    )  # fmt: skip


def _person(standing: Standing, members: list[Member]) -> Agent:
    return Agent(
        phone=standing.phone, state=standing.state, paused=any(member.paused for member in members), pause_reason=standing.pause_reason,
        queues=tuple(sorted({member.queue for member in members} or standing.queues)),
        calls_taken=sum(member.calls_taken for member in members), linkedid=standing.linkedid, login=standing.login,
        name=standing.name, work_number=standing.work_number, why=standing.why, since=standing.since, until=standing.until,
        over_limit=standing.over_limit,
    )  # fmt: skip


def _phone(event: Event) -> str:
    return phone_of(event["Interface"] or event["Location"])


def _number(event: Event) -> str:
    number = event["CallerIDNum"]
    return "" if number == "<unknown>" else number


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _seconds(text: str) -> float:
    """CoreShowChannels says 00:01:07."""
    total = 0
    for part in text.split(":"):
        total = total * 60 + (int(part) if part.isascii() and part.isdigit() else 0)
    return float(total)
