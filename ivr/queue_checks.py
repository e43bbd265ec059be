"""Whether queues and how callers wait in them fit the rest of the city: skills, hours, prompts, ways on."""

from __future__ import annotations

from collections.abc import Iterator

from ivr import numbers
from ivr.faults import Faults, unknown
from ivr.model import EMERGENCIES, City, Queue, QueueNode, Voicemail
from ivr.needs import of_queue
from ivr.prompts import of_waiting
from ivr.queue_reading import QUEUES, WAITING
from ivr.queueing import Overflow

MENUS = "menus.yaml"
MOST_WANTED = 20  # combinations of skills in one queue: each is one more queue of Asterisk's


def check_queues(city: City, faults: Faults) -> None:
    """Notes every fault; what the nodes name is known to exist."""
    for file, path, skill in _skills(city):
        if skill not in city.waiting.skills and not faults.full:
            faults.add(file, path, unknown("skill", skill, city.waiting.skills) + f"; skills are named in {WAITING}")
    for queue in city.queues.values():
        if len(of_queue(city, queue)) > MOST_WANTED:
            faults.add(QUEUES, queue.name, f"its callers can want {len(of_queue(city, queue))} combinations of skills, at most {MOST_WANTED} can be kept apart")
        for at, overflow in enumerate(queue.overflows, 1):
            _overflow(city, queue, f"{queue.name}/overflows/{at}", overflow, faults)
        for language in queue.languages:
            if language not in city.languages:
                faults.add(QUEUES, f"{queue.name}/languages/{language}", unknown("language", language, city.languages))
    for prompt in of_waiting(city):
        if prompt not in city.prompts:
            faults.add("prompts.yaml", "", f'the prompt "{prompt}" is missing; what waiting callers hear needs it')
    for way in circles(city):
        faults.add(QUEUES, f"{way[0]}/overflows", f"callers would go round in a circle: {' -> '.join(way)}")


def circles(city: City) -> Iterator[tuple[str, ...]]:
    """Each circle of queues that overflow into each other, once; whatever the conditions, it could hold a caller for ever."""
    told: set[str] = set()
    for start in city.queues:
        for way in _ways(city, (start,)):
            if way[-1] == start and not told & set(way):
                told |= set(way)
                yield way


def _ways(city: City, way: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Ways that end where they began."""
    for overflow in city.queues[way[-1]].overflows:
        if overflow.to != "queue" or overflow.target not in city.queues:
            continue
        if overflow.target == way[0]:
            yield (*way, overflow.target)
        elif overflow.target not in way:
            yield from _ways(city, (*way, overflow.target))


def _skills(city: City) -> Iterator[tuple[str, str, str]]:
    for queue in city.queues.values():
        yield from ((QUEUES, f"{queue.name}/skills", skill) for skill in queue.skills)
        yield from ((QUEUES, f"{queue.name}/languages/{language}", skill) for language, skill in queue.languages.items())
    for node in city.nodes.values():
        if isinstance(node, QueueNode):
            yield from ((MENUS, f"nodes/{node.id}/skills", skill) for skill in node.skills)


def _overflow(city: City, queue: Queue, path: str, overflow: Overflow, faults: Faults) -> None:
    if overflow.hours and overflow.hours not in city.hours:
        faults.add(QUEUES, path, unknown("hours", overflow.hours, city.hours))
    if overflow.when == "after" and overflow.amount >= queue.wait_seconds:
        faults.add(QUEUES, path, f"comes too late: after {queue.wait_seconds} seconds (wait_seconds) a message is offered")
    if overflow.to == "queue" and overflow.target not in city.queues:
        faults.add(QUEUES, path, unknown("queue", overflow.target, city.queues))
    elif overflow.to == "voicemail" and not isinstance(city.nodes.get(overflow.target), Voicemail):
        faults.add(QUEUES, path, f"{overflow.target} must be a node of kind voicemail")
    elif overflow.to in ("number", "site"):
        _number(city, path, overflow.target, faults)


def _number(city: City, path: str, number: str, faults: Faults) -> None:
    digits = number.removeprefix("+")
    if not digits.isdigit() or not 3 <= len(digits) <= 20:
        faults.add(QUEUES, path, f'"{number}" is not a telephone number, 3 to 20 digits')
    elif number in EMERGENCIES or numbers.emergency(number, city):
        faults.add(QUEUES, path, f"{number} is for emergencies: callers who wait must not be sent there")
    elif number in numbers.table(city):
        faults.add(QUEUES, path, f"{number} is a number of this hotline: its callers would come back as new ones")
