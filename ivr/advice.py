"""What may be published but should not stay so: warnings, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr import numbers, progress, revisits, speaking, ways
from ivr.faults import Faults
from ivr.model import OWN_LANGUAGE, City, Menu, QueueNode
from ivr.needs import of_queue
from ivr.prompts import CODES, REQUIRED, SATISFACTION, TELLS, of_agents, of_waiting
from ivr.retention import RETENTION

MOST_CHOICES = 5
DEEPEST = 3
LONGEST_BEFORE_CHOICE_SECONDS = 8
CHARACTERS_A_SECOND = 4.5  # read calmly
FURTHEST_PERSON = 2  # keys
MENUS = "menus.yaml"
FIGURES = "零一二三四五六七八九"


def advise(city: City, faults: Faults) -> None:
    """Notes every warning."""
    reachable = ways.reachable(city)
    for node in city.nodes.values():
        path = f"nodes/{node.id}"
        if node.id not in reachable and not numbers.is_dialled(node.id):
            faults.add(MENUS, path, "nothing leads here: no caller will ever reach it")
        if numbers.is_dialled(node.id) and node.id.count("-") > DEEPEST:
            faults.add(MENUS, path, f"{node.id.count('-')} keys deep: beyond {DEEPEST} callers lose their way")
        if isinstance(node, Menu):
            _menu(city, node, path, faults)
    _unused(city, faults)
    _retention(city, faults)
    for language, texts in city.languages.items():
        if left := [prompt for prompt in city.prompts if prompt not in texts and prompt not in CODES]:
            faults.add(f"prompts.{language}.yaml", "", f"{len(left)} prompts are missing and are said in {OWN_LANGUAGE}: {', '.join(left[:5])}")
    for name, hours in city.hours.items():
        if hours.statutory and not city.years:
            faults.add("hours.yaml", f"hours/{name}/calendar", "no year of the statutory calendar is known: only the week counts")


def _retention(city: City, faults: Faults) -> None:
    if city.retention is None:
        faults.add(RETENTION, "", "is missing: nothing citizens leave is ever deleted (PIPL, art. 19); the 12345 city's file has proposals")


def _menu(city: City, menu: Menu, path: str, faults: Faults) -> None:
    choices = len(set(menu.choices) - {"0"})
    if choices > MOST_CHOICES:
        faults.add(MENUS, f"{path}/choices", f"{choices} choices: more than {MOST_CHOICES} are not remembered by ear")
    seconds = _seconds_before_choice(city, menu)
    if seconds > LONGEST_BEFORE_CHOICE_SECONDS:
        faults.add(MENUS, f"{path}/prompt", f"about {seconds:.0f} s pass before the first choice is heard: say it within {LONGEST_BEFORE_CHOICE_SECONDS}")
    if unsaid := _unsaid(city, menu):
        faults.add(MENUS, f"{path}/choices", f"no prompt here names the key {', '.join(unsaid)}: nobody will press it")
    keys = _keys_to_person(city, menu)
    if keys > FURTHEST_PERSON:
        faults.add(MENUS, f"{path}/choices/0", f"a person is {keys} keys away: within {FURTHEST_PERSON} is what callers bear")


def _seconds_before_choice(city: City, menu: Menu) -> float:
    """A guess from the text: what is read out before the first 按 or "press"."""
    text = "".join(city.prompts[prompt] for prompt in (*menu.greeting, *menu.prompt))
    ends = [at for word in ("按", "press") if (at := text.find(word)) >= 0]
    return (min(ends) if ends else len(text)) / CHARACTERS_A_SECOND


def _unsaid(city: City, menu: Menu) -> list[str]:
    """Keys that callers are not told of. 0 is known: it reaches a person in every menu."""
    text = " ".join(city.prompts[prompt] for prompt in (*menu.greeting, *menu.prompt))
    said = {*re.findall(r"[0-9]+", text), *("".join(str(FIGURES.index(figure)) for figure in word) for word in re.findall(f"[{FIGURES}]+", text))}
    return [key for key in menu.choices if key != "0" and key not in said]


def _keys_to_person(city: City, menu: Menu) -> int:
    """Pressing 0 again and again: how often until a person."""
    at: str = menu.id
    for keys in range(len(city.nodes)):
        node = city.nodes[at]
        if not isinstance(node, Menu):
            return keys
        at = node.choices.get("0", city.person)
    return len(city.nodes)


def _unused(city: City, faults: Faults) -> None:
    said = {*REQUIRED, *TELLS, *progress.PROMPTS, *revisits.PROMPTS, *speaking.PROMPTS, *of_waiting(city), *of_agents(city), *_said(city)}
    if any(queue.satisfaction for queue in city.queues.values()):
        said.add(SATISFACTION)
    for prompt in city.prompts:
        if prompt not in said:
            faults.add("prompts.yaml", prompt, "is said nowhere")
    used = {node.queue for node in city.nodes.values() if isinstance(node, QueueNode)}
    used |= {overflow.target for queue in city.queues.values() for overflow in queue.overflows if overflow.to == "queue"}
    for queue in city.queues:
        if queue not in used:
            faults.add("queues.yaml", queue, "no node leads callers into this queue")
    for name, waited in city.queues.items():
        if waited.weight and any(of_queue(city, other) for other in city.queues.values()):
            faults.add("queues.yaml", f"{name}/weight", "where callers need skills, a heavier queue keeps agents from others whom it may not ring itself yet")


def _said(city: City) -> Iterator[str]:
    for node in city.nodes.values():
        yield from node.prompt
        if isinstance(node, Menu):
            yield from node.greeting
            yield from (wish.confirm for wish in node.speak)
