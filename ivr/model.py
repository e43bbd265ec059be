"""What a city has published: nodes a caller can reach, queues, hours, numbers and prompts. Only data, already checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from ivr.alarming import Limits
from ivr.calendar import Calendar
from ivr.channels import Channels
from ivr.deadlines import Deadlines
from ivr.notices import Notices
from ivr.organisations import Organisation
from ivr.pauses import USUAL, Pause
from ivr.queueing import RELAX, Overflow, Relax, Waiting
from ivr.retention import Retention
from ivr.revisits import Revisits
from ivr.speaking import Wish
from ivr.transfers import Transfers

TYPES = {
    "consultation": "咨询",
    "help": "求助",
    "complaint": "投诉",
    "report": "举报",
    "suggestion": "建议",
    "praise": "表扬",
}
EMERGENCIES = {"110": "公安报警", "119": "火警", "120": "急救", "122": "交通事故"}
# What became of a department's number when the hotlines were merged (归并方式, 国办发〔2020〕53号).
MERGED, DUAL, SUB_CENTRE, PROVINCE, INACTIVE = "merged", "dual", "sub-centre", "province", "inactive"
MODES = {MERGED: "整体并入", DUAL: "双号并行", SUB_CENTRE: "设分中心", PROVINCE: "省级接听", INACTIVE: "停用"}
PASSED_ON = (DUAL, SUB_CENTRE, PROVINCE)
OWN_LANGUAGE = "zh"  # of prompts.yaml; others stand in prompts.<language>.yaml
STRATEGIES = ("ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "linear", "wrandom", "rrordered")
# China keeps no summer time, so an offset says all; nothing has to read a time-zone database.
ZONES = {"Asia/Shanghai": 8, "Asia/Urumqi": 6}


@dataclass(frozen=True, kw_only=True)
class Node:
    """A place a caller can reach. Its id is the way there: 12345-1-1 is 12345, key 1, key 1."""

    id: str
    name: str
    prompt: tuple[str, ...] = ()
    hours: str | None = None
    closed: str | None = None
    language: str = ""  # spoken from here on; '' leaves it as it is


@dataclass(frozen=True, kw_only=True)
class Menu(Node):
    choices: Mapping[str, str]
    greeting: tuple[str, ...] = ()
    no_input_seconds: int = 8
    speak: tuple[Wish, ...] = ()  # what callers may say instead of a key; none: nobody listens here


@dataclass(frozen=True, kw_only=True)
class QueueNode(Node):
    queue: str
    type: str
    skills: tuple[str, ...] = ()  # that its callers need, beside what everybody in the queue can do
    priority: int = 0  # of its callers, before others in the queue


@dataclass(frozen=True, kw_only=True)
class Progress(Node):
    """Tells citizens how far their matter is, by number and PIN."""


@dataclass(frozen=True, kw_only=True)
class Voicemail(Node):
    type: str


@dataclass(frozen=True, kw_only=True)
class Fax(Node):
    type: str = ""


@dataclass(frozen=True, kw_only=True)
class Transfer(Node):
    number: str
    type: str = ""


@dataclass(frozen=True, kw_only=True)
class Emergency(Node):
    """Police, fire, ambulance, traffic accidents: at once, past every limit."""

    number: str


@dataclass(frozen=True, kw_only=True)
class Announcement(Node):
    next: str


@dataclass(frozen=True, kw_only=True)
class HangUp(Node):
    pass


@dataclass(frozen=True, kw_only=True)
class PassedOn(Node):
    """A department's number that others answer: they are rung first, and the call goes to `next` where they do not."""

    mode: str  # dual | sub-centre | province; it is also the name of the decision
    number: str
    seconds: int
    next: str
    type: str = ""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Callers waiting for a person; the words are app_queue's, the seconds are said."""

    name: str
    label: str
    strategy: str
    wait_seconds: int
    overflow: str
    ring_seconds: int = 15
    wrapup_seconds: int = 10
    maximum_waiting: int = 0
    members: tuple[str, ...] = ()
    retry_seconds: int = 1  # between two rounds of ringing
    weight: int = 0  # of two queues that want the same agent, the heavier one's callers come first
    penalty_limit: int = 0  # with so many members or fewer, penalties count nothing
    priority: int = 0  # of all its callers
    skills: tuple[str, ...] = ()  # agents with any of them belong here; none: everybody
    languages: Mapping[str, str] = field(default_factory=dict)  # chosen in the menu -> the skill its callers need
    relax: tuple[Relax, ...] = RELAX
    keys: Mapping[str, str] = field(default_factory=dict)  # while waiting -> message | callback | menu
    overflows: tuple[Overflow, ...] = ()
    say: str = "nothing"  # what waiting callers are told: nothing | wait | position | both
    say_seconds: int = 45  # from one telling to the next
    handle_seconds: int = 180  # a call and what comes after it, until measured
    missed_calls: int = 3  # in a row, after which an agent is on a break; 0: never
    caller_hears: str = "work-number"  # when somebody answers; or nothing
    agent_hears: str = "nothing"  # before the caller; or the queue's name
    captions: bool = False  # what is said is written along while it is being said
    satisfaction: bool = False  # callers are asked how it was once the agent has hung up


@dataclass(frozen=True)
class Span:
    """Hours on some days of every week: minutes of the day, the end not included; Monday is 0."""

    days: tuple[int, ...]
    start: int
    end: int

    def holds(self, moment: datetime) -> bool:
        return moment.weekday() in self.days and self.start <= moment.hour * 60 + moment.minute < self.end


Opening = tuple[int, int]  # minutes of one day, the end not included


@dataclass(frozen=True)
class Hours:
    """When something is open: a week, and the days that differ from it (holidays, make-up working days, exceptions)."""

    weekly: tuple[Span, ...]
    days: Mapping[date, tuple[Opening, ...]] = field(default_factory=dict)
    statutory: bool = False

    def hold(self, moment: datetime) -> bool:
        """Whether it is open at a moment of the city's own clock."""
        openings = self.days.get(moment.date())
        if openings is None:
            return any(span.holds(moment) for span in self.weekly)
        return any(start <= moment.hour * 60 + moment.minute < end for start, end in openings)


@dataclass(frozen=True, kw_only=True)
class ServiceNumber:
    """A department's number and what became of it (归并方式): one entry of numbers.yaml that says more than a node."""

    number: str  # as dialled; `placeholder-3` where the city's plan names none
    name: str
    mode: str
    node: str  # ours: where callers enter, or go when the others do not answer, or after the announcement
    target: str = ""  # the others' number
    seconds: int = 0
    category: str = ""  # preset on the ticket
    type: str = ""
    prompt: tuple[str, ...] = ()
    group: str = ""  # of the city's plan, to count by

    @property
    def is_dialled(self) -> bool:
        return self.number.isdigit()

    def as_node(self) -> Node | None:
        """The node callers enter at, under the number itself; none where they enter at one of the menus' nodes."""
        if self.mode == MERGED or not self.is_dialled:
            return None
        if self.mode == INACTIVE:
            return Announcement(id=self.number, name=self.name, prompt=self.prompt, next=self.node)
        return PassedOn(
            id=self.number, name=self.name, prompt=self.prompt, mode=self.mode, number=self.target, seconds=self.seconds, next=self.node, type=self.type
        )


@dataclass(frozen=True, kw_only=True)
class City:
    """One version of a city's menus, complete and consistent."""

    root: str
    person: str
    fax: str | None
    nodes: Mapping[str, Node]
    queues: Mapping[str, Queue]
    hours: Mapping[str, Hours]
    zone: str
    area_code: str
    country_code: str
    numbers: Mapping[str, str]
    prompts: Mapping[str, str]
    languages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # prompts in other languages
    years: tuple[int, ...] = ()  # of the statutory calendar that are known
    waiting: Waiting = field(default_factory=Waiting)
    transfers: Transfers = field(default_factory=Transfers)
    services: Mapping[str, ServiceNumber] = field(default_factory=dict)  # departments' numbers, placeholders too
    alarms: Limits = field(default_factory=Limits)
    pauses: Mapping[str, Pause] = field(default_factory=lambda: USUAL)  # why agents may be away
    organisations: Mapping[str, Organisation] = field(default_factory=dict)  # who handles tickets
    deadlines: Deadlines = field(default_factory=Deadlines)  # and until when
    revisits: Revisits = field(default_factory=Revisits)  # who is called when it is done
    calendar: Calendar = field(default_factory=lambda: Calendar((), frozenset(), frozenset()))
    channels: Channels = field(default_factory=Channels)  # how citizens' words come in
    notices: Notices = field(default_factory=Notices)  # and what they are written
    retention: Retention | None = None  # how long it is kept; none: for ever

    @property
    def timezone(self) -> timezone:
        return timezone(timedelta(hours=ZONES[self.zone]))

    def is_open(self, node: Node, now: datetime) -> bool:
        """Whether a node takes calls at this moment; a node without hours always does."""
        if node.hours is None:
            return True
        return self.hours[node.hours].hold(now.astimezone(self.timezone))

    def text(self, prompt: str, language: str = "") -> str:
        """What is read out; in the city's own language where it was not translated."""
        return self.languages.get(language, {}).get(prompt) or self.prompts[prompt]

    def back(self, node_id: str) -> str:
        """The menu above; from the first menu, itself."""
        return next((above for above in ancestors(node_id) if isinstance(self.nodes.get(above), Menu)), node_id)


def ancestors(node_id: str) -> Iterator[str]:
    """12345-1-1 -> 12345-1, 12345."""
    while "-" in node_id:
        node_id = node_id.rpartition("-")[0]
        yield node_id
