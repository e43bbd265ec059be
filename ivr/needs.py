"""What the callers of each queue can need: the skills their node asks for, and the one for the language they chose."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.model import City, Queue, QueueNode

Wanted = tuple[str, ...]
"""Skills that one caller needs together, sorted; () is a caller whom everybody in the queue can help."""


def together(skills: Iterable[str]) -> Wanted:
    return tuple(sorted(set(skills)))


def of_node(city: City, node: QueueNode) -> dict[str, Wanted]:
    """By the language a caller may have chosen ('' is any other): what callers of this node need."""
    queue = city.queues[node.queue]
    return {"": together(node.skills)} | {language: together((*node.skills, skill)) for language, skill in queue.languages.items()}


def of_queue(city: City, queue: Queue) -> tuple[Wanted, ...]:
    """Every combination that can be wanted in this queue, () not among them."""
    nodes = [node for node in city.nodes.values() if isinstance(node, QueueNode) and node.queue == queue.name]
    wanted = {wanted for node in nodes for wanted in of_node(city, node).values()}
    wanted |= {together((skill,)) for skill in queue.languages.values()}  # of those who overflow into it
    return tuple(sorted(wanted - {()}))
