"""Where calls go by themselves or by keys: the edges between nodes, for checks and for walking every path."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.model import Announcement, City, Menu, Node, PassedOn, Progress, QueueNode, Transfer


def onward(node: Node) -> Iterator[str]:
    """Where a call goes from here without the caller doing anything, perhaps only at some hours."""
    if node.closed is not None:
        yield node.closed
    if isinstance(node, Announcement | PassedOn):
        yield node.next


def chains(city: City) -> dict[str, int]:
    """How many nodes a call passes by itself from each node; those that lead into an endless circle are left out."""
    waits = {node_id: set(onward(node)) for node_id, node in city.nodes.items()}
    behind: dict[str, list[str]] = {}
    for node_id, targets in waits.items():
        for target in targets:
            behind.setdefault(target, []).append(node_id)
    lengths: dict[str, int] = {}
    ready = [node_id for node_id, targets in waits.items() if not targets]
    while ready:
        done = ready.pop()
        lengths[done] = 1 + max((lengths[target] for target in onward(city.nodes[done])), default=0)
        for node_id in behind.get(done, ()):
            waits[node_id].discard(done)
            if not waits[node_id]:
                ready.append(node_id)
    return lengths


def circles(city: City) -> Iterator[tuple[str, ...]]:
    """Each endless way that no key ever leaves, from its first node in the file back to it."""
    lengths = chains(city)
    endless = {node_id: None for node_id in city.nodes if node_id not in lengths}
    told: set[str] = set()
    for start in endless:
        way: list[str] = []
        at = start
        while at not in way and at not in told:
            way.append(at)
            at = next(target for target in onward(city.nodes[at]) if target in endless)
        told.update(way)
        if at in way:
            yield (*way[way.index(at) :], at)


def reaches_person(city: City, start: str) -> bool:
    """Whether a caller who presses nothing but 0 is at a person in the end, at any hour."""
    seen: set[str] = set()
    waiting = [start]
    person = False
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        node = city.nodes[at]
        if node.closed is not None:
            waiting.append(node.closed)
        if isinstance(node, Menu):
            waiting.append(node.choices.get("0", city.person))
        elif isinstance(node, Announcement | PassedOn):
            waiting.append(node.next)
        elif isinstance(node, QueueNode | Transfer | Progress):
            person = True
        else:
            return False
    return person


def reachable(city: City) -> set[str]:
    """Every node some caller can come to: by numbers, keys, hours, an overflow or a fax tone."""
    waiting = [city.root, city.person, *([city.fax] if city.fax else []), *city.numbers.values()]
    seen: set[str] = set()
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        node = city.nodes[at]
        waiting.extend(onward(node))
        if isinstance(node, Menu):
            waiting.extend(node.choices.values())
        elif isinstance(node, QueueNode):
            queues = [city.queues[node.queue]]
            for queue in queues:  # it grows: a queue may overflow into others
                waiting.append(queue.overflow)
                waiting += [overflow.target for overflow in queue.overflows if overflow.to == "voicemail"]
                queues += [city.queues[to.target] for to in queue.overflows if to.to == "queue"]
    return seen
