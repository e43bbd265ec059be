"""Cities nobody would think of: any menus that may be published, as texts, for tests that must hold for all of them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from ivr.model import TYPES
from tests.ivr.cities import good_texts

LEAVES = ("queue", "voicemail", "fax", "transfer", "hang-up", "announcement", "emergency")
PROMPTS = ("welcome", "main-menu", "matters", "about", "hours", "closed")
PERSON, CLOSED, OVERFLOW = "12345-0", "12345-closed", "12345-message"
MOST_NODES = 25


@st.composite
def texts(draw: st.DrawFn) -> dict[str, str]:
    """The five files of a city with a random tree of menus, links between them, hours, and longer keys."""
    nodes: dict[str, dict[str, Any]] = {
        PERSON: {"name": "person", "kind": "queue", "queue": "general", "type": "consultation", "prompt": "person"},
        CLOSED: {"name": "closed", "kind": "announcement", "prompt": "closed", "next": PERSON},
        OVERFLOW: {"name": "message", "kind": "voicemail", "type": "help"},
    }
    _menu(draw, "12345", nodes, depth=1)
    _links(draw, nodes)
    menus = {"root": "12345", "person": PERSON, "no_input_seconds": draw(st.integers(2, 60)), "nodes": nodes}
    fax = [node_id for node_id, node in nodes.items() if node["kind"] == "fax" and "hours" not in node]
    if fax:
        menus["fax"] = fax[0]
    queues = {name: {"name": name, "strategy": "ringall", "wait_seconds": 30, "overflow": OVERFLOW} for name in ("general", "complaints")}
    numbers = {"area_code": "0546", "country_code": "86", "numbers": {"12345": "12345"}}
    return good_texts(menus=json.dumps(menus), queues=json.dumps(queues), numbers=json.dumps(numbers))


def _menu(draw: st.DrawFn, node_id: str, nodes: dict[str, dict[str, Any]], depth: int) -> None:
    keys = draw(st.lists(st.sampled_from(("1", "2", "3", "4", "51", "52", "7", "9")), min_size=1, max_size=5, unique=True))
    node: dict[str, Any] = {
        "name": f"menu {node_id}",
        "kind": "menu",
        "prompt": draw(st.lists(st.sampled_from(PROMPTS), min_size=1, max_size=3)),
        "greeting": draw(st.lists(st.sampled_from(PROMPTS), max_size=2)),
        "choices": {key: f"{node_id}-{key}" for key in keys},
    }
    nodes[node_id] = node
    for target in node["choices"].values():
        if depth < 3 and len(nodes) < MOST_NODES and draw(st.booleans()):
            _menu(draw, target, nodes, depth + 1)
        else:
            nodes[target] = _leaf(draw, target)
        if nodes[target]["kind"] != "emergency" and draw(st.integers(0, 5)) == 0:
            nodes[target] |= {"hours": draw(st.sampled_from(("office", "office"))), "closed": draw(st.sampled_from((PERSON, CLOSED)))}


def _leaf(draw: st.DrawFn, node_id: str) -> dict[str, Any]:
    kind = draw(st.sampled_from(LEAVES))
    node: dict[str, Any] = {"name": f"{kind} {node_id}", "kind": kind, "prompt": draw(st.lists(st.sampled_from(PROMPTS), max_size=2))}
    if kind in ("queue", "voicemail", "fax"):
        node["type"] = draw(st.sampled_from(tuple(TYPES)))
    if kind == "queue":
        node["queue"] = draw(st.sampled_from(("general", "complaints")))
    if kind == "transfer":
        node["number"] = "+8610" + str(draw(st.integers(10, 10**10)))
    if kind == "emergency":
        node = {"name": "police", "kind": kind, "number": draw(st.sampled_from(("110", "119", "120", "122")))}
    if kind == "announcement":
        node |= {"prompt": ["about"], "next": draw(st.sampled_from((PERSON, CLOSED, "12345")))}
    return node


def _links(draw: st.DrawFn, nodes: dict[str, dict[str, Any]]) -> None:
    """Some menus also lead somewhere else in the tree, and some bind 0 themselves."""
    for node in nodes.values():
        if node["kind"] == "menu" and draw(st.booleans()):
            node["choices"]["8"] = draw(st.sampled_from(sorted(nodes)))
        if node["kind"] == "menu" and draw(st.integers(0, 3)) == 0:
            node["choices"]["0"] = PERSON
