"""From the five texts an administrator edits to a City, each thing by itself; `ivr.checks` looks at how they fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ivr import model, services
from ivr.alarming import ALARMS, read_limits
from ivr.calendar import read_calendar
from ivr.channel_reading import read_channels
from ivr.channels import CHANNELS
from ivr.deadlines import DEADLINES, read_deadlines
from ivr.faults import Faults
from ivr.fields import NAME, SHAPES, Fields
from ivr.hours import read_hours
from ivr.model import City, Node, ServiceNumber
from ivr.notices import NOTICES, read_notices
from ivr.organisations import ORGANISATIONS, read_organisations
from ivr.pauses import PAUSES, read_pauses
from ivr.queue_reading import HIGHEST_PRIORITY, MOST_SKILLS_WANTED, WAITING, read_queues, read_waiting
from ivr.retention import RETENTION, read_retention
from ivr.revisits import REVISITS, read_revisits
from ivr.source import Scalar, read
from ivr.speaking import wishes_of
from ivr.transfers import FILE as TRANSFERS
from ivr.transfers import read_transfers

FILES = ("menus.yaml", "queues.yaml", "hours.yaml", "numbers.yaml", "prompts.yaml")
OPTIONAL = (WAITING, TRANSFERS, ALARMS, PAUSES, ORGANISATIONS, DEADLINES, CHANNELS, NOTICES, RETENTION, REVISITS)
TRANSLATION = re.compile(r"prompts\.([a-z]{2,3})\.yaml")
LONGEST_PROMPT = 300  # characters; words in letters take about twice as many
MOST_PROMPTS = 6  # said one after another at one node


def read_city(texts: Mapping[str, str], faults: Faults) -> City:
    """The city these texts describe. With any fault noted it is incomplete and must not be used."""
    translations = {found[1]: file for file in sorted(texts) if (found := TRANSLATION.fullmatch(file))}
    trees = {file: read(file, texts[file], faults) for file in (*FILES, *OPTIONAL, *translations.values()) if file in texts}
    for file in set(FILES) - set(trees):
        faults.add(file, "", "is missing", 1)
    faults.refuse()  # what follows would only report the same again
    menus = Fields("menus.yaml", "", trees["menus.yaml"], faults)
    entries, departments = _entries(trees["numbers.yaml"], faults)
    numbers = Fields("numbers.yaml", "", entries, faults)
    calendar = read_calendar(texts, faults)
    zone, hours = read_hours(Fields("hours.yaml", "", trees["hours.yaml"], faults), calendar)
    seconds = menus.count("no_input_seconds", 8, 2, 60)
    root, person = menus.text("root", "node"), menus.text("person", "node")
    departments = services.placed(departments, root, person)
    city = City(
        root=root,
        person=person,
        fax=menus.text("fax", "node", required=False) or None,
        nodes=_together(_nodes(menus.take("nodes"), seconds, faults), services.nodes_of(departments), faults),
        queues=read_queues(trees["queues.yaml"], faults),
        hours=hours,
        zone=zone,
        area_code=numbers.text("area_code", "area"),
        country_code=numbers.text("country_code", "country"),
        numbers={**numbers.pairs("numbers", "service", "node", empty=bool(departments)), **services.dialled(departments)},
        prompts=_prompts("prompts.yaml", trees["prompts.yaml"], faults),
        languages={name: _prompts(file, trees[file], faults) for name, file in translations.items()},
        years=calendar.years,
        waiting=read_waiting(trees.get(WAITING, {}), faults),
        transfers=read_transfers(trees.get(TRANSFERS, {}), faults),
        services=departments,
        alarms=read_limits(trees.get(ALARMS, {}), faults),
        pauses=read_pauses(trees.get(PAUSES, {}), faults),
        organisations=read_organisations(trees.get(ORGANISATIONS, {}), faults),
        deadlines=read_deadlines(trees.get(DEADLINES, {}), faults),
        revisits=read_revisits(trees.get(REVISITS, {}), faults),
        calendar=calendar,
        channels=read_channels(trees.get(CHANNELS, {}), faults),
        notices=read_notices(trees.get(NOTICES, {}), faults),
        retention=read_retention(trees.get(RETENTION, {}), faults),
    )
    menus.done(("root", "person", "fax", "no_input_seconds", "nodes"))
    numbers.done(("area_code", "country_code", "numbers"))
    return city


def _entries(tree: dict[str, Any], faults: Faults) -> tuple[dict[str, Any], dict[str, ServiceNumber]]:
    """The file with its numbers in the short form only, and those in the long form."""
    value = tree.get("numbers")
    if not isinstance(value, dict):
        return tree, {}
    short = {number: entry for number, entry in value.items() if not isinstance(entry, dict)}
    return {**tree, "numbers": short}, services.read_services(value, faults)


def _together(nodes: dict[str, Node], of_numbers: Mapping[str, Node], faults: Faults) -> dict[str, Node]:
    for node_id in nodes.keys() & of_numbers:
        faults.add("numbers.yaml", f"numbers/{node_id}", f"the node {node_id} stands in menus.yaml already")
    return {**nodes, **of_numbers}


def _nodes(value: Any, seconds: int, faults: Faults) -> dict[str, Node]:
    nodes = Fields("menus.yaml", "nodes", value, faults)
    names = list(value) if isinstance(value, dict) else []
    for node_id in names:
        if not SHAPES["node"][0].fullmatch(node_id) or len(node_id) > 40:
            nodes.fault(node_id, f'"{node_id}" is not {SHAPES["node"][1]}')
    read_nodes = (_node(node_id, Fields("menus.yaml", f"nodes/{node_id}", nodes.take(node_id), faults), seconds) for node_id in names)
    return {node.id: node for node in read_nodes if node is not None}


def _node(node_id: str, fields: Fields, seconds: int) -> Node | None:
    kind = fields.one_of("kind", _KINDS, "kind of node")
    if kind not in _KINDS:
        return None
    make, names = _KINDS[kind]
    common: dict[str, Any] = {
        "id": node_id,
        "name": fields.text("name", "label"),
        "prompt": fields.texts("prompt", "name", most=MOST_PROMPTS),
        "hours": fields.text("hours", "name", required=False) or None,
        "closed": fields.text("closed", "node", required=False) or None,
        "language": fields.text("language", "language", required=False),
    }
    node = make(fields, common, seconds)
    fields.done(("kind", *common, *names))
    if isinstance(node, model.Menu | model.Announcement) and not node.prompt:
        fields.fault("prompt", "is missing: nobody would hear anything here")
    return node


def _menu(fields: Fields, common: dict[str, Any], seconds: int) -> Node:
    return model.Menu(
        **common,
        choices=fields.pairs("choices", "key", "node"),
        greeting=fields.texts("greeting", "name", most=MOST_PROMPTS),
        no_input_seconds=fields.count("no_input_seconds", seconds, 2, 60),
        speak=wishes_of(fields),
    )


def _queue(fields: Fields, common: dict[str, Any], _seconds: int) -> Node:
    return model.QueueNode(
        **common,
        queue=fields.text("queue", "name"),
        type=_type(fields, required=True),
        skills=fields.texts("skills", "name", most=MOST_SKILLS_WANTED),
        priority=fields.count("priority", 0, 0, HIGHEST_PRIORITY),
    )


def _voicemail(fields: Fields, common: dict[str, Any], _seconds: int) -> Node:
    return model.Voicemail(**common, type=_type(fields, required=True))


def _progress(_fields: Fields, common: dict[str, Any], _seconds: int) -> Node:
    return model.Progress(**common)


def _fax(fields: Fields, common: dict[str, Any], _seconds: int) -> Node:
    return model.Fax(**common, type=_type(fields, required=False))


def _transfer(fields: Fields, common: dict[str, Any], _seconds: int) -> Node:
    return model.Transfer(**common, number=fields.text("number", "number"), type=_type(fields, required=False))


def _emergency(fields: Fields, common: dict[str, Any], _seconds: int) -> Node:
    for name in ("prompt", "hours", "closed"):
        if common[name]:
            fields.fault(name, "must not stand here: an emergency is put through at once, at any time")
    return model.Emergency(**common, number=fields.one_of("number", model.EMERGENCIES, "emergency number"))


def _announcement(fields: Fields, common: dict[str, Any], _seconds: int) -> Node:
    return model.Announcement(**common, next=fields.text("next", "node"))


def _hang_up(_fields: Fields, common: dict[str, Any], _seconds: int) -> Node:
    return model.HangUp(**common)


_KINDS: dict[str, tuple[Callable[[Fields, dict[str, Any], int], Node], tuple[str, ...]]] = {
    "menu": (_menu, ("choices", "greeting", "no_input_seconds", "speak")),
    "queue": (_queue, ("queue", "type", "skills", "priority")),
    "voicemail": (_voicemail, ("type",)),
    "progress": (_progress, ()),
    "fax": (_fax, ("type",)),
    "transfer": (_transfer, ("number", "type")),
    "emergency": (_emergency, ("number",)),
    "announcement": (_announcement, ("next",)),
    "hang-up": (_hang_up, ()),
}


def _type(fields: Fields, *, required: bool) -> str:
    return fields.one_of("type", model.TYPES, "type of ticket", required=required)


def _prompts(file: str, tree: dict[str, Any], faults: Faults) -> dict[str, str]:
    prompts: dict[str, str] = {}
    longest = LONGEST_PROMPT if file in FILES else 2 * LONGEST_PROMPT
    for name, value in tree.items():
        if not NAME.fullmatch(name) or len(name) > 40:
            faults.add(file, name, f'"{name}" is not {SHAPES["name"][1]}')
        elif isinstance(value, Scalar) and value.is_number:
            faults.add(file, name, f'must stand in quotes: "{value.value}"')
        elif not isinstance(value, Scalar) or not value.value.strip():
            faults.add(file, name, "must be the text that is read out")
        elif len(value.value) > longest:
            faults.add(file, name, f"has {len(value.value)} characters, at most {longest} are read out")
        else:
            prompts[name] = " ".join(value.value.split())
    return prompts
