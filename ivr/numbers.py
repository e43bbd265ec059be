"""Every form in which a number, or a path behind it, may arrive from a trunk, and the node it enters at."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.model import City


def table(city: City) -> dict[str, str]:
    """Dialled number -> node id: each service number, and each node that keys lead to, in all forms."""
    return {form: node for number, node in entries(city).items() for form in forms(number, city)}


def entries(city: City) -> dict[str, str]:
    """The same in the shortest form only: 12345 and, for the node 12345-1-1, 1234511."""
    return {path.replace("-", ""): path for path in city.nodes if is_dialled(path)} | dict(city.numbers)


def is_dialled(node_id: str) -> bool:
    """Whether a node's id consists of keys only; `12345-closed` is reached, never dialled."""
    return node_id.replace("-", "").isdigit()


def forms(number: str, city: City) -> Iterator[str]:
    """12345 -> 12345, 054612345, 0546-12345, +8654612345, 8654612345."""
    national = city.area_code.removeprefix("0") + number
    yield number
    yield city.area_code + number
    yield f"{city.area_code}-{number}"
    yield f"+{city.country_code}{national}"
    yield f"{city.country_code}{national}"
