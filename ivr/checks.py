"""Whether the parts of a city fit together: everything named exists, every way ends, every menu reaches a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr import numbers, progress, services, speaking, ways
from ivr.faults import Faults, unknown
from ivr.model import (
    EMERGENCIES,
    OWN_LANGUAGE,
    Announcement,
    City,
    Emergency,
    Fax,
    Menu,
    Node,
    Progress,
    QueueNode,
    Voicemail,
    ancestors,
)
from ivr.prompts import REQUIRED, SATISFACTION, TELLS, of_queue
from ivr.queue_checks import check_queues
from ivr.revisits import check_revisits
from ivr.transfers import check_transfers

LONGEST_CHAIN = 5  # announcements and closed doors one after another
MENUS, QUEUES, NUMBERS = "menus.yaml", "queues.yaml", "numbers.yaml"


def check_city(city: City, faults: Faults) -> None:
    """Notes every fault. What exists is looked at first: the rest only makes sense between things that do."""
    _names(city, faults)
    check_queues(city, faults)
    faults.refuse()
    _entrances(city, faults)
    for node in city.nodes.values():
        _id_is_a_way(city, node, faults)
        if isinstance(node, Menu):
            _keys(city, node, faults)
    _circles(city, faults)
    faults.refuse()
    _chains(city, faults)
    _persons(city, faults)
    _dialled(city, faults)
    services.check_services(city, faults)
    check_revisits(city, faults)
    check_transfers(city.transfers, city.queues, numbers.entries(city), faults)


def _names(city: City, faults: Faults) -> None:
    for file, path, node_id in _targets(city):
        _exists(file, path, "node", node_id, city.nodes, faults)
    for node in city.nodes.values():
        at = f"nodes/{node.id}"
        _node_prompts(city, node, *_stands(city, node.id), faults)
        if isinstance(node, Menu):
            _spoken(city, node, faults)
        if isinstance(node, Progress):
            _told(city, node, faults)
        if isinstance(node, QueueNode):
            _exists(MENUS, f"{at}/queue", "queue", node.queue, city.queues, faults)
        if node.hours is not None:
            _exists(MENUS, f"{at}/hours", "hours", node.hours, city.hours, faults)
        if node.language:
            _exists(MENUS, f"{at}/language", "language", node.language, {OWN_LANGUAGE: 0, **city.languages}, faults)
        if (node.hours is None) != (node.closed is None):
            faults.add(MENUS, at, "hours and closed belong together: when, and where calls go otherwise")
    for queue in city.queues.values():
        _exists(QUEUES, f"{queue.name}/overflow", "node", queue.overflow, city.nodes, faults)
        if queue.agent_hears == "queue" and of_queue(queue.name) not in city.prompts:
            faults.add(QUEUES, f"{queue.name}/agent_hears", f'the prompt "{of_queue(queue.name)}" is missing')
        if queue.satisfaction and SATISFACTION not in city.prompts:
            faults.add(QUEUES, f"{queue.name}/satisfaction", f'the prompt "{SATISFACTION}" is missing')
    for number, node_id in city.numbers.items():
        if number not in city.services:
            _exists(NUMBERS, f"numbers/{number}", "node", node_id, city.nodes, faults)
    for prompt in REQUIRED:
        if prompt not in city.prompts:
            faults.add("prompts.yaml", "", f'the prompt "{prompt}" is missing; every hotline needs it')
    for language, texts in city.languages.items():
        for prompt in texts:
            _exists(f"prompts.{language}.yaml", prompt, "prompt", prompt, city.prompts, faults)


def _stands(city: City, node_id: str) -> tuple[str, str]:
    """The file and path at which a node is written down."""
    return (NUMBERS, f"numbers/{node_id}") if services.is_of_a_number(city, node_id) else (MENUS, f"nodes/{node_id}")


def _targets(city: City) -> Iterator[tuple[str, str, str]]:
    yield MENUS, "root", city.root
    yield MENUS, "person", city.person
    if city.fax is not None:
        yield MENUS, "fax", city.fax
    for service in city.services.values():
        yield NUMBERS, f"numbers/{service.number}/node", service.node
    for node in city.nodes.values():
        at = f"nodes/{node.id}"
        if node.closed is not None:
            yield MENUS, f"{at}/closed", node.closed
        if isinstance(node, Announcement) and not services.is_of_a_number(city, node.id):
            yield MENUS, f"{at}/next", node.next
        if isinstance(node, Menu):
            yield from ((MENUS, f"{at}/choices/{key}", target) for key, target in node.choices.items())


def _node_prompts(city: City, node: Node, file: str, place: str, faults: Faults) -> None:
    said = {"prompt": node.prompt, "greeting": node.greeting if isinstance(node, Menu) else ()}
    for field, prompts in said.items():
        for at, prompt in enumerate(prompts, 1):
            path = f"{place}/{field}"
            in_list = faults.is_written(file, f"{path}/{at}")
            _exists(file, f"{path}/{at}" if in_list else path, "prompt", prompt, city.prompts, faults)


def _spoken(city: City, menu: Menu, faults: Faults) -> None:
    for wish in menu.speak:
        at = f"nodes/{menu.id}/speak/{wish.key}"
        _exists(MENUS, at, "choice", wish.key, menu.choices, faults)
        _exists(MENUS, f"{at}/confirm", "prompt", wish.confirm, city.prompts, faults)
    for prompt in speaking.PROMPTS if menu.speak else ():
        if prompt not in city.prompts:
            faults.add(MENUS, f"nodes/{menu.id}/speak", f'the prompt "{prompt}" is missing; every menu that listens needs it')


def _told(city: City, node: Node, faults: Faults) -> None:
    if missing := [prompt for prompt in (*progress.PROMPTS, *TELLS) if prompt not in city.prompts]:
        names = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        faults.add(MENUS, f"nodes/{node.id}/kind", f"telling progress needs {len(missing)} prompts that are missing: {names}")


def _exists(file: str, path: str, what: str, name: str, known: Mapping[str, object], faults: Faults) -> None:
    if name not in known and not faults.full:
        faults.add(file, path, unknown(what, name, known))


def _entrances(city: City, faults: Faults) -> None:
    person = city.nodes[city.person]
    if not isinstance(person, QueueNode) or person.hours is not None:
        faults.add(MENUS, "person", f"{person.id} must be a queue without hours: a person can be reached at any time")
    if city.fax is not None and not isinstance(city.nodes[city.fax], Fax):
        faults.add(MENUS, "fax", f"{city.fax} must be of kind fax")
    for node in city.nodes.values():
        for field, target in (("closed", node.closed), ("next", node.next if isinstance(node, Announcement) else None)):
            if target is not None and isinstance(city.nodes[target], Emergency):
                faults.add(MENUS, f"nodes/{node.id}/{field}", f"{target} is an emergency: only a key may lead there, at once")
    for queue in city.queues.values():
        if not isinstance(city.nodes[queue.overflow], Voicemail):
            faults.add(QUEUES, f"{queue.name}/overflow", f"{queue.overflow} must be of kind voicemail")


def _id_is_a_way(city: City, node: Node, faults: Faults) -> None:
    """12345-1-1 must be what key 1 of 12345-1 leads to; an id ending in a word only needs something above it."""
    above = next(ancestors(node.id), None)
    if above is None:
        return
    path, key = f"nodes/{node.id}", node.id.rpartition("-")[2]
    if above not in city.nodes:
        faults.add(MENUS, path, f"there is no node {above} above it")
        return
    menu = city.nodes[above]
    if not key.isdigit() or (node.id == city.person and key == "0"):
        return
    if not isinstance(menu, Menu):
        faults.add(MENUS, path, f"{above} is no menu, so no key leads here")
    elif menu.choices.get(key) != node.id:
        leads = f"leads to {menu.choices[key]}" if key in menu.choices else "is not among its choices"
        faults.add(MENUS, path, f"an id is the way to a node, but key {key} of {above} {leads}")


def _keys(city: City, menu: Menu, faults: Faults) -> None:
    for key in menu.choices:
        path = f"nodes/{menu.id}/choices/{key}"
        longer = [other for other in menu.choices if other != key and other.startswith(key)]
        if longer:
            faults.add(MENUS, path, f"collides with the longer key {longer[0]}: nobody could press that one to its end")
        if key != "0" and key.startswith("0"):
            faults.add(MENUS, path, "collides with key 0, which reaches a person in every menu")


def _circles(city: City, faults: Faults) -> None:
    for way in ways.circles(city):
        faults.add(*_stands(city, way[0]), f"leads in an endless circle: {' -> '.join(way)}")


def _chains(city: City, faults: Faults) -> None:
    for node_id, length in ways.chains(city).items():
        if length > LONGEST_CHAIN + 1:
            faults.add(*_stands(city, node_id), f"more than {LONGEST_CHAIN} nodes follow one another without a question")


def _persons(city: City, faults: Faults) -> None:
    for node in city.nodes.values():
        path = f"nodes/{node.id}"
        if isinstance(node, Menu) and not ways.reaches_person(city, node.id):
            faults.add(MENUS, f"{path}/choices/0", "there is no way to a person from this menu: key 0 must reach one")
        if node.closed is not None and not ways.reaches_person(city, node.closed):
            faults.add(MENUS, f"{path}/closed", f"{node.closed} reaches no person: hours choose where a call goes, not whether it is answered")


def _dialled(city: City, faults: Faults) -> None:
    """No two nodes may answer to one dialled number."""
    taken: dict[str, str] = {}
    for node_id in filter(numbers.is_dialled, city.nodes):
        number = node_id.replace("-", "")
        if number in taken:
            faults.add(MENUS, f"nodes/{node_id}", f"dialled as {number}, and so is {taken[number]}")
        taken.setdefault(number, node_id)
    for number, node_id in city.numbers.items():
        if number in taken and taken[number] != node_id:
            faults.add(NUMBERS, f"numbers/{number}", f"the node {taken[number]} is already dialled as {number}")
    _forms(city, faults)


def _forms(city: City, faults: Faults) -> None:
    taken = {form.replace("-", ""): number for number in EMERGENCIES for form in numbers.forms(number, city)}
    for number in numbers.entries(city):
        if number in EMERGENCIES:
            faults.add(NUMBERS, f"numbers/{number}", f"{number} is put through at once by itself ({EMERGENCIES[number]}); it leads nowhere else")
    for number in city.numbers:
        for form in numbers.forms(number, city):
            if taken.setdefault(form.replace("-", ""), number) != number:
                faults.add(NUMBERS, f"numbers/{number}", f"dialled as {form}, and so is {taken[form.replace('-', '')]}")
