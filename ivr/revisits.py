"""revisits.yaml: the return visit (回访). When citizens are called, how often; and the survey, which is a small menu of the same engine.

A node's id is the way to it here, too: revisit-1-3 is "solved", then "not satisfied". So where a call was last says what was
answered, on both paths of the menu, also when the citizen hung up. Silence is no person: nobody puts an answering machine through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ivr.faults import Faults
from ivr.fields import Fields

if TYPE_CHECKING:
    from ivr.model import City

REVISITS = "revisits.yaml"
ROOT, QUIET = "revisit", "revisit-quiet"
VERSION_SUFFIX = "r"  # of a published version: its survey instead of its menus
PERSON_KEY, NEVER_KEY, MESSAGE = "0", "9", "8"
SOLVED = {"1": "yes", "2": "partly", "3": "no"}
SATISFIED = {"1": "satisfied", "2": "fair", "3": "dissatisfied"}
PROMPTS = ("revisit-hello", "revisit-solved", "revisit-satisfied", "revisit-else")
DAYS = ("every", "working")
SAID = re.compile(r"revisit(?:-([123]))?(?:-([123]))?(?:-([089]))?")
MOST_PAUSES = 10


@dataclass(frozen=True, kw_only=True)
class Revisits:
    """Whom to call when. Without the file nobody is called."""

    enabled: bool = False
    after_minutes: int = 60  # from completion
    first: str = "09:00"
    last: str = "20:00"  # by the city's clock; nobody is called before and after
    days: str = "every"  # or working: by the statutory calendar
    again_minutes: tuple[int, ...] = (30, 240, 1440)  # after each try that reached nobody; then an agent's task
    lines: int = 2  # at the same time, at most
    ring_seconds: int = 30
    within_days: int = 7  # after completion; what is older is left to people


@dataclass(frozen=True)
class Answers:
    """What the keys say. `end`: person, never, message, or '' (hung up, or silent)."""

    solved: str = ""
    satisfied: str = ""
    end: str = ""


def answers(at: str) -> Answers:
    """Of the node a call was at last; what is none of the survey's says nothing."""
    found = SAID.fullmatch(at)
    if found is None:
        return Answers()
    end = {PERSON_KEY: "person", NEVER_KEY: "never", MESSAGE: "message"}.get(found[3] or "", "")
    return Answers(SOLVED.get(found[1] or "", ""), SATISFIED.get(found[2] or "", ""), end)


def read_revisits(tree: Mapping[str, Any], faults: Faults) -> Revisits:
    """The city's rules; none where there is no such file."""
    usual = Revisits()
    if not tree:
        return usual
    fields = Fields(REVISITS, "", tree, faults)
    pauses = fields.texts("again_minutes", "label", most=MOST_PAUSES)
    if wrong := [pause for pause in pauses if not re.fullmatch(r"[1-9][0-9]{0,4}", pause)]:
        fields.fault("again_minutes", f'"{wrong[0]}" is no number of minutes')
        pauses = ()
    rules = Revisits(
        enabled=True,
        after_minutes=fields.count("after_minutes", usual.after_minutes, 0, 10080),
        first=fields.text("first", "clock", required=False) or usual.first,
        last=fields.text("last", "clock", required=False) or usual.last,
        days=fields.one_of("days", DAYS, "kind of days", required=False) or usual.days,
        again_minutes=tuple(map(int, pauses)) or usual.again_minutes,
        lines=fields.count("lines", usual.lines, 1, 30),
        ring_seconds=fields.count("ring_seconds", usual.ring_seconds, 10, 60),
        within_days=fields.count("within_days", usual.within_days, 1, 60),
    )
    if rules.first >= rules.last:
        fields.fault("last", f"{rules.last} is not after {rules.first}")
    fields.done(("after_minutes", "first", "last", "days", "again_minutes", "lines", "ring_seconds", "within_days"))
    return rules


def check_revisits(city: City, faults: Faults) -> None:
    """Notes what the survey lacks."""
    for prompt in PROMPTS if city.revisits.enabled else ():
        if prompt not in city.prompts:
            faults.add(REVISITS, "", f'the prompt "{prompt}" is missing; the return visit needs it')


def survey(city: City) -> City:
    """The survey as a city of its own, in the same words and hours: what the engine walks and the compiler writes."""
    from ivr.model import HangUp, Menu, Node, QueueNode, Voicemail  # noqa: PLC0415 - the model names our rules

    nodes: dict[str, Node] = {QUIET: HangUp(id=QUIET, name="nobody pressed a key")}
    at_person = city.nodes[city.person]
    queue = at_person.queue if isinstance(at_person, QueueNode) else next(iter(city.queues))

    def ask(at: str, prompt: str, choices: dict[str, str], greeting: tuple[str, ...] = ()) -> None:
        ways = {PERSON_KEY: f"{at}-{PERSON_KEY}", NEVER_KEY: f"{at}-{NEVER_KEY}"}
        nodes[at] = Menu(id=at, name=at, prompt=(prompt,), greeting=greeting, choices=choices | ways, no_input_seconds=6)
        nodes[ways[PERSON_KEY]] = QueueNode(id=ways[PERSON_KEY], name=at, queue=queue, type="consultation", prompt=("person",))
        nodes[ways[NEVER_KEY]] = HangUp(id=ways[NEVER_KEY], name=at)

    ask(ROOT, "revisit-solved", {key: f"{ROOT}-{key}" for key in SOLVED}, ("revisit-hello",))
    for solved in SOLVED:
        ask(first := f"{ROOT}-{solved}", "revisit-satisfied", {key: f"{first}-{key}" for key in SATISFIED})
        for satisfied in SATISFIED:
            ask(second := f"{first}-{satisfied}", "revisit-else", {"1": f"{second}-{MESSAGE}"})
            nodes[f"{second}-{MESSAGE}"] = Voicemail(id=f"{second}-{MESSAGE}", name=second, type="")
    return replace(city, root=ROOT, person=QUIET, fax=None, nodes=nodes, numbers={}, services={})
