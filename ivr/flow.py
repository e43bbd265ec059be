"""The menu decides, the line obeys: what each event means at each place. Pure; the compiled dialplan does the same.

GB/T 33358-2016 advises against voice menus ("电话受理不宜设置交互式语音应答菜单"), so every way through one is short
and ends at a person: key 0, the second silence, the third wrong key, and more than `TURN_LIMIT` questions.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ivr.events import Ask, Decide, Event, FaxHeard, HungUp, Instruction, Listen, NoInput, Pressed, Say, Spoke
from ivr.model import (
    OWN_LANGUAGE,
    Announcement,
    City,
    Emergency,
    Fax,
    HangUp,
    Menu,
    Node,
    PassedOn,
    Progress,
    QueueNode,
    Transfer,
    Voicemail,
)
from ivr.numbers import emergency, entrance, table
from ivr.speaking import AGAIN, HINT, YES_NO, of_danger

NO_INPUT_LIMIT = 2  # the first silence repeats, the second reaches a person
NO_MATCH_LIMIT = 3  # the third wrong key in a row reaches a person
MISHEARD_LIMIT = 2  # the second misunderstanding of what was said reaches a person
TURN_LIMIT = 40  # questions asked in one call; a stuck key must not hold a line for ever
NEXT_DIGIT_SECONDS = 4  # between the digits of a longer key

ABANDONED = "abandoned"
HEARD: dict[str, Any] = {"no_input": 0, "no_match": 0, "misheard": 0}
"""A key that meant something: the caller is there and finds the way, so counting begins anew."""


@dataclass(frozen=True)
class Call:
    """What is known when a call arrives. `at` is the node the dialplan entered at; without it the called number says.

    `menu` is False where menus are switched off, and for elderly callers who asked for a person.
    """

    called: str
    now: datetime
    at: str | None = None
    menu: bool = True


@dataclass(frozen=True)
class Place:
    """Where a caller is. `outcome` is empty inside the menu, then the decision taken or `abandoned`."""

    city: City = field(repr=False, compare=False)
    at: str
    now: datetime = field(compare=False)
    no_input: int = 0
    no_match: int = 0
    turns: int = 0
    digits: str = ""
    outcome: str = ""
    language: str = ""
    misheard: int = 0
    doubt: Spoke | None = None  # what was said and is being asked about

    @property
    def node(self) -> Node:
        return self.city.nodes[self.at]

    def variables(self) -> dict[str, str]:
        """The channel variables from which the compiled menu goes on should this path fail."""
        return {
            "HOTLINE_AT": self.at,
            "HOTLINE_NOINPUT": str(self.no_input),
            "HOTLINE_NOMATCH": str(self.no_match),
            "HOTLINE_TURNS": str(self.turns),
            **self.spoken(),
        }

    def spoken(self) -> dict[str, str]:
        """The language, once the caller has chosen one."""
        return {"HOTLINE_LANGUAGE": self.language} if self.language else {}


Step = tuple[Place, tuple[Instruction, ...]]


def begin(city: City, call: Call) -> Step:
    """The first place of a call and what to do there."""
    if number := emergency(call.called, city):
        return Place(city, city.root, call.now, outcome="emergency"), (Decide("emergency", city.root, number),)
    at = call.at if call.at is not None and call.at in city.nodes else table(city).get(call.called, city.root)
    at = entrance(at, city, menu=call.menu)
    return _go(Place(city, at, call.now), at)


def step(place: Place, event: Event, now: datetime | None = None) -> Step:
    """Where an event leads. After the end nothing leads anywhere, so late events are harmless."""
    place = place if now is None else replace(place, now=now)
    node = place.node
    if place.outcome or not isinstance(node, Menu):
        return place, ()
    match event:
        case HungUp():
            return replace(place, outcome=ABANDONED), ()
        case FaxHeard():
            return _go(place, place.city.fax or place.city.person)
        case _ if place.doubt is not None:
            return _answered(place, node, place.doubt, event)
        case NoInput():
            return _wrong_key(place, node) if place.digits else _silence(place, node)
        case Pressed(key):
            return _pressed(place, node, key)
        case Spoke():
            return _spoke(place, node, event)


def _pressed(place: Place, menu: Menu, key: str) -> Step:
    digits = place.digits + key
    if digits in menu.choices:
        return _go(place, menu.choices[digits])
    if digits == "0":
        return _go(place, place.city.person)
    if key == "*":
        return _ask(place, menu, menu.prompt, **HEARD)
    if key == "#":
        above = place.city.back(menu.id)
        return _go(place, above, greet=False)
    if any(longer.startswith(digits) for longer in menu.choices):
        return replace(place, digits=digits, turns=place.turns + 1), (Ask((), NEXT_DIGIT_SECONDS),)
    return _wrong_key(place, menu)


def _spoke(place: Place, menu: Menu, said: Spoke) -> Step:
    """A sure choice is as good as its key; an unsure one, and an emergency, is asked about once."""
    if said.meant == "choice" and said.sure:
        return _pressed(replace(place, digits=""), menu, said.key)
    if said.meant in ("choice", "danger"):
        return _doubt(place, menu, said)
    return _unclear(place, menu)


def _doubt(place: Place, menu: Menu, said: Spoke) -> Step:
    asked = of_danger(said.key) if said.meant == "danger" else next((wish.confirm for wish in menu.speak if wish.key == said.key), "")
    if not asked:  # 0, * and #, which harm nobody
        return _pressed(replace(place, digits=""), menu, said.key)
    place, todo = _ask(place, menu, (asked, YES_NO))
    if place.outcome:
        return place, todo
    return replace(place, doubt=said), (Ask((asked, YES_NO), menu.no_input_seconds, listen=Listen()),)


def _answered(place: Place, menu: Menu, doubt: Spoke, event: Event) -> Step:
    """Yes or no, by key or by word. Whoever says nothing now has spoken already: a person."""
    place = replace(place, doubt=None)
    match event:
        case Pressed("1") | Spoke("yes"):
            return _meant(place, menu, doubt)
        case Spoke("choice" | "danger", key) if key == doubt.key:
            return _meant(place, menu, doubt)
        case Spoke("choice" | "danger"):
            return _spoke(place, menu, event)
        case Pressed("*"):
            return _doubt(place, menu, doubt)
        case Pressed("0") | NoInput():
            return _go(place, place.city.person)
        case _ if doubt.meant == "danger":
            return _go(place, place.city.person) if event not in (Pressed("2"), Spoke("no")) else _ask(place, menu, menu.prompt)
    return _unclear(place, menu)


def _meant(place: Place, menu: Menu, said: Spoke) -> Step:
    if said.meant == "choice":
        return _go(place, menu.choices[said.key])
    return replace(place, outcome="emergency"), (Decide("emergency", place.at, said.key),)


def _unclear(place: Place, menu: Menu) -> Step:
    count = place.misheard + 1
    if count >= MISHEARD_LIMIT:
        return _go(place, place.city.person)
    return _ask(place, menu, (AGAIN, *menu.prompt), misheard=count)


def _silence(place: Place, menu: Menu) -> Step:
    count = place.no_input + 1
    if count >= NO_INPUT_LIMIT:
        return _go(place, place.city.person)
    return _ask(place, menu, ("noinput", *menu.prompt), no_input=count)


def _wrong_key(place: Place, menu: Menu) -> Step:
    count = place.no_match + 1
    if count >= NO_MATCH_LIMIT:
        return _go(place, place.city.person)
    return _ask(place, menu, ("nomatch", *menu.prompt), no_match=count)


def _go(place: Place, target: str, greet: bool = True) -> Step:
    """Arrives at a node, past closed doors and announcements, to a question or a decision.

    A greeting is for those who come by dialling or by a key, not for those who come back or were told something first.
    """
    city, language = place.city, place.language
    said: tuple[str, ...] = ()
    for _ in city.nodes:
        node = city.nodes[target]
        language = node.language or language
        if node.closed is not None and not city.is_open(node, place.now):
            target = node.closed
        elif isinstance(node, Announcement):
            said, target, greet = said + node.prompt, node.next, False
        elif isinstance(node, Menu):
            return _ask(place, node, said + (node.greeting if greet else ()) + node.prompt, at=target, language=language, **HEARD)
        else:
            return _decide(place, node, said + node.prompt, language)
    raise AssertionError(f"{target}: announcements that lead in a circle were not refused")


def _ask(place: Place, menu: Menu, prompts: tuple[str, ...], **changed: Any) -> Step:
    """Asks, at a place with these changes: one new place, for making one is what a step costs."""
    if place.turns >= TURN_LIMIT:
        return _go(replace(place, **changed), place.city.person)
    values: dict[str, Any] = {"digits": "", "turns": place.turns + 1, **changed}
    asked = replace(place, **values)
    listen = Listen(menu.speak, (HINT,)) if menu.speak and asked.language in ("", OWN_LANGUAGE) else None
    return asked, (Ask(prompts, menu.no_input_seconds, listen=listen),)


def _decide(place: Place, node: Node, said: tuple[str, ...], language: str) -> Step:
    decision = decision_of(place.city, node)
    done = replace(place, at=node.id, digits="", outcome=decision.decision, language=language)
    return done, ((Say(said), decision) if said else (decision,))


def decision_of(city: City, node: Node) -> Decide:
    """What a node that is no question hands to Asterisk."""
    match node:
        case QueueNode():
            queue = city.queues[node.queue]
            return Decide("queue", node.id, queue.name, node.type, queue.overflow, queue.wait_seconds)
        case Progress():
            return Decide("progress", node.id)
        case Voicemail():
            return Decide("voicemail", node.id, type=node.type)
        case Fax():
            return Decide("fax", node.id, type=node.type)
        case Transfer():
            return Decide("transfer", node.id, node.number, node.type)
        case PassedOn():
            return Decide(node.mode, node.id, node.number, node.type, node.next, node.seconds)
        case Emergency():
            return Decide("emergency", node.id, node.number)
        case HangUp():
            return Decide("hangup", node.id)
    raise AssertionError(f"{node.id}: a {type(node).__name__} decides nothing")
