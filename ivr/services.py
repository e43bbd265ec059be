"""Departments' numbers (专线号码): what became of each when the hotlines were merged, read from numbers.yaml and checked.

    "12345": "12345"                 the short form: a number and the node it enters at
    "12366": {mode: sub-centre, …}   the long form: five modes, see dialplans/12345/numbers.yaml
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ivr import numbers, ways
from ivr.faults import Faults
from ivr.fields import SHAPES, Fields
from ivr.model import DUAL, EMERGENCIES, INACTIVE, MERGED, MODES, PROVINCE, SUB_CENTRE, TYPES, City, Node, ServiceNumber
from ivr.transfers import Outside

FILE = "numbers.yaml"
PLACEHOLDER = re.compile(r"placeholder-[0-9]{1,3}")  # of a number that the city's plan counts but does not name
MOST_PROMPTS = 3
FIELDS: dict[str, tuple[str, ...]] = {
    MERGED: ("node", "category"),
    DUAL: ("number", "seconds", "node", "category", "type", "prompt"),
    SUB_CENTRE: ("number", "seconds", "node", "category", "type", "prompt"),
    PROVINCE: ("number", "seconds", "node", "prompt"),
    INACTIVE: ("node", "prompt"),
}
SECONDS = {DUAL: 20, SUB_CENTRE: 30, PROVINCE: 40}  # how long the others are rung


def read_services(value: Any, faults: Faults) -> dict[str, ServiceNumber]:
    """The entries in the long form; those in the short form are left to the caller. `node` may still be ''."""
    found = {}
    for number, entry in value.items() if isinstance(value, dict) else ():
        if isinstance(entry, dict):
            service = _service(number, Fields(FILE, f"numbers/{number}", entry, faults))
            if service is not None:
                found[number] = service
    return found


def placed(services: Mapping[str, ServiceNumber], root: str, person: str) -> dict[str, ServiceNumber]:
    """With the way on that goes without saying: after an announcement the first menu, where others do not answer a person."""
    usual = {INACTIVE: root}
    return {number: service if service.node else replace(service, node=usual.get(service.mode, person)) for number, service in services.items()}


def nodes_of(services: Mapping[str, ServiceNumber]) -> dict[str, Node]:
    """The nodes that the numbers make, beside those of menus.yaml."""
    return {node.id: node for service in services.values() if (node := service.as_node()) is not None}


def dialled(services: Mapping[str, ServiceNumber]) -> dict[str, str]:
    """Number -> the node it enters at."""
    return {number: number if service.as_node() else service.node for number, service in services.items() if service.is_dialled}


def outside(city: City) -> dict[str, Outside]:
    """Every outside number that agents may reach, by key: those of transfers.yaml, and the departments that answer their own
    number, under that number."""
    others = {number: one for number, one in city.services.items() if one.target}
    return {**city.transfers.outside, **{number: Outside(key=number, name=one.name, number=one.target) for number, one in others.items()}}


def is_of_a_number(city: City, node_id: str) -> bool:
    """Whether a node was made of numbers.yaml."""
    return node_id in city.services and city.services[node_id].mode != MERGED


def check_services(city: City, faults: Faults) -> None:
    """Each way on exists and reaches a person, nobody is sent in a circle, emergencies stay outside of all merging."""
    own = {form.replace("-", "") for number in numbers.entries(city) for form in numbers.forms(number, city)}
    emergencies = {form.replace("-", ""): number for number in EMERGENCIES for form in numbers.forms(number, city)}
    for number, service in city.services.items():
        path = f"numbers/{number}"
        if is_of_a_number(city, service.node):
            faults.add(FILE, f"{path}/node", f"{service.node} is a department's number itself; the way on must be a node of menus.yaml")
        elif not ways.reaches_person(city, service.node):
            faults.add(FILE, f"{path}/node", f"{service.node} reaches no person: whoever dials {number} must be able to reach one")
        if service.target in emergencies:
            emergency = emergencies[service.target]
            faults.add(FILE, f"{path}/number", f"{emergency} ({EMERGENCIES[emergency]}) stays outside of all merging: it is put through at once by itself")
        elif service.target and number in city.transfers.outside:
            faults.add(FILE, path, f"{number} is a key of transfers.yaml already: agents could not say which they mean")
        elif service.target in own:
            faults.add(FILE, f"{path}/number", f"{service.target} is answered here: the call would come back to us")


def _service(number: str, fields: Fields) -> ServiceNumber | None:
    if not (SHAPES["service"][0].fullmatch(number) or PLACEHOLDER.fullmatch(number)):
        fields.fault("", f'"{number}" is not {SHAPES["service"][1]}, nor placeholder-1, placeholder-2 …')
    mode = fields.one_of("mode", MODES, "mode")
    if mode not in MODES:
        return None
    placeholder = PLACEHOLDER.fullmatch(number) is not None
    known = ("mode", "name", "group", *(() if placeholder else FIELDS[mode]))
    if placeholder and mode != INACTIVE:
        fields.fault("mode", "a number that is not known yet can only be inactive")
        return None
    service = ServiceNumber(
        number=number, name=fields.text("name", "label"), mode=mode, group=fields.text("group", "name", required=False),
        **({"node": ""} if placeholder else _details(mode, fields)),
    )  # fmt: skip
    fields.done(known)
    return service


def _details(mode: str, fields: Fields) -> dict[str, Any]:
    """The fields that this mode has; what else stands there is left over and refused."""
    has = FIELDS[mode]
    details: dict[str, Any] = {"node": fields.text("node", "node", required=mode in (MERGED, DUAL))}
    if "number" in has:
        details["target"] = fields.text("number", "number")
        details["seconds"] = fields.count("seconds", SECONDS[mode], 5, 120)
    if "category" in has:
        details["category"] = fields.text("category", "name", required=mode == MERGED)
    if "type" in has:
        details["type"] = fields.one_of("type", TYPES, "type of ticket", required=False)
    if "prompt" in has:
        details["prompt"] = fields.texts("prompt", "name", most=MOST_PROMPTS)
        if mode == INACTIVE and not details["prompt"]:
            fields.fault("prompt", "is missing: nobody would hear where to turn instead")
    return details
