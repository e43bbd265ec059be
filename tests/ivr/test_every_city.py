"""What holds for every city that may be published, and for every text that may not."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline import menus
from hotline.settings import DIALPLANS
from ivr import dialplan, numbers
from ivr.events import Ask, Decide, Event, FaxHeard, HungUp, NoInput, Pressed
from ivr.flow import TURN_LIMIT, Call, Place, begin, step
from ivr.loading import check, load
from ivr.model import Menu, QueueNode
from ivr.walk import KEYS
from tests.ivr.cities import MONDAY, good_texts
from tests.ivr.generated import texts

some = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PRESSES = st.sampled_from([*map(Pressed, KEYS), NoInput(), NoInput()])
EVENTS: st.SearchStrategy[Event] = st.one_of(PRESSES, st.sampled_from([HungUp(), FaxHeard()]))
MOMENTS = st.integers(0, 7 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


@some
@given(texts(), st.lists(PRESSES, min_size=TURN_LIMIT + 1, max_size=TURN_LIMIT + 1), MOMENTS)
def test_every_call_ends_at_a_decision_within_its_limit(files: dict[str, str], events: list[Event], now: datetime) -> None:
    place, said = begin(load(files), Call("12345", now))
    for event in events:
        if place.outcome:
            break
        assert [type(instruction) for instruction in said] == [Ask]
        place, said = step(place, event)
    assert place.outcome in ("queue", "voicemail", "fax", "transfer", "emergency", "hangup")
    assert isinstance(said[-1], Decide)


@some
@given(texts(), st.lists(EVENTS, max_size=60), MOMENTS)
def test_no_event_is_ever_out_of_place(files: dict[str, str], events: list[Event], now: datetime) -> None:
    city = load(files)
    for number, node_id in numbers.table(city).items():
        place, _ = begin(city, Call(number, now, at=node_id))
        for event in events:
            place, said = step(place, event)
            assert place.at in city.nodes
            assert all(prompt in city.prompts for one in said if not isinstance(one, Decide) for prompt in one.prompts)


@some
@given(texts(), MOMENTS)
def test_from_every_menu_zero_or_two_silences_reach_a_person(files: dict[str, str], now: datetime) -> None:
    city = load(files)
    for menu in (node for node in city.nodes.values() if isinstance(node, Menu)):
        for events in ([Pressed("0")], [NoInput(), NoInput()], [Pressed("6")] * 3):
            place = Place(city, menu.id, now)
            for event in events:
                place, _ = step(place, event)
            assert isinstance(city.nodes[place.at], QueueNode)


def test_every_place_of_the_shipped_city_has_an_end_within_its_limit() -> None:
    """Not some of them: every place that any keys and silences can lead to, and what follows from each."""
    city = load(menus.texts(DIALPLANS / "12345"))
    waiting = [begin(city, Call(number, MONDAY, at=at))[0] for number, at in numbers.table(city).items()]
    seen: set[tuple[str, int, int]] = set()
    while waiting:
        place = waiting.pop()
        if place.outcome or (place.at, place.no_input, place.no_match) in seen:
            continue
        seen.add((place.at, place.no_input, place.no_match))
        after = [step(place, event) for event in (*map(Pressed, KEYS), NoInput(), FaxHeard(), HungUp())]
        assert all(next_place.outcome or isinstance(said[0], Ask) for next_place, said in after)
        assert step(place, Pressed("0"))[0].outcome == "queue"
        waiting.extend(next_place for next_place, _ in after)
    assert {at for at, _, _ in seen} == {node.id for node in city.nodes.values() if isinstance(node, Menu)}
    assert len(seen) == 2 * 6, "two menus, each with 0 or 1 silences and 0 to 2 wrong keys"


CONTEXT = re.compile(r"^\[([a-z0-9-]+)\]$", re.M)
GOTO = re.compile(r"(?:Goto\(|\?)(hotline-v7-[a-z0-9-]+),s,(1|quiet|arrive)\)")
LINE = re.compile(r";.*|\[[a-z0-9-]+\]|exten => s,1,.+| same => n(\([a-z0-9]+\))?,.+|include => hotline-common|")


@some
@given(texts())
def test_what_is_compiled_leads_only_to_contexts_that_are_there(files: dict[str, str]) -> None:
    compiled = dialplan.compile(load(files), 7)
    contexts = CONTEXT.findall(compiled)
    assert len(contexts) == len(set(contexts))
    assert {target for target, _ in GOTO.findall(compiled)} <= set(contexts)
    assert all(LINE.fullmatch(line) for line in compiled.splitlines())
    for body in re.split(r"^\[.*\]$", compiled, flags=re.M)[1:]:
        labels = set(re.findall(r"n\(([a-z0-9]+)\)", body))
        assert set(re.findall(r"(?:Goto\(|\?)([a-z]+[0-9]*)\)", body)) <= labels


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["menu", "12345", "12345-1", "queue", "general"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["root", "person", "nodes", "kind", "choices", "12345", "1", "prompt", "next", "hours"]) | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["menus", "queues", "hours", "numbers", "prompts"]), TREES.map(json.dumps) | st.text(max_size=80))
def test_no_text_breaks_the_check(name: str, text: str) -> None:
    for fault in check(good_texts(**{name: text})):
        assert "\n" not in str(fault)
        assert re.match(r"(menus|queues|hours|numbers|prompts)\.yaml:[1-9][0-9]*: .+: .+", str(fault))
