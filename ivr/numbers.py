"""Every form in which a number, or a path behind it, may arrive from a trunk, and the node it enters at."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.model import EMERGENCIES, Announcement, City, Menu


def table(city: City) -> dict[str, str]:
    """Dialled number -> node id: each service number, and each node that keys lead to, in all forms."""
    return {form: node for number, node in entries(city).items() for form in forms(number, city)}


def entries(city: City) -> dict[str, str]:
    """The same in the shortest form only: 12345 and, for the node 12345-1-1, 1234511."""
    return {path.replace("-", ""): path for path in city.nodes if is_dialled(path)} | dict(city.numbers)


def category(number: str, city: City) -> str:
    """What the department's number presets on the ticket: 12349 -> civil-affairs."""
    service = city.services.get(number)
    return service.category if service else ""


def entrance(node_id: str, city: City, *, menu: bool) -> str:
    """Where a call begins: with menus switched off, whoever would hear one gets a person."""
    end = city.nodes[node_id]
    while isinstance(end, Announcement):
        end = city.nodes[end.next]
    return city.person if not menu and isinstance(end, Menu) else node_id


def emergency(called: str, city: City) -> str:
    """110 of 110 or 0546110 and so on; '' where no emergency number was dialled."""
    return next((number for number in EMERGENCIES if called.endswith(number) and called in forms(number, city)), "")


def is_dialled(node_id: str) -> bool:
    """Whether a node's id consists of keys only; `12345-closed` is reached, never dialled."""
    return node_id.replace("-", "").isdigit()


def caller_forms(number: str, city: City) -> Iterator[str]:
    """The digits by which a trunk may name this caller: 13812345678 also as 013812345678, 8613812345678, 008613812345678."""
    digits = number.removeprefix("+").removeprefix("00")
    if len(digits) > len(city.country_code) + 9 and digits.startswith(city.country_code):
        digits = digits.removeprefix(city.country_code)
        digits = digits if _is_mobile(digits) else "0" + digits
    if not digits.startswith("0") and not _is_mobile(digits):
        digits = city.area_code + digits
    national = digits.removeprefix("0")
    yield from ("0" + national, city.country_code + national, f"00{city.country_code}{national}")
    if _is_mobile(national):
        yield national
    if digits.startswith(city.area_code):
        yield digits.removeprefix(city.area_code)


def _is_mobile(digits: str) -> bool:
    return len(digits) == 11 and digits.startswith("1")


def forms(number: str, city: City) -> Iterator[str]:
    """12345 -> 12345, 054612345, 0546-12345, +8654612345, 8654612345, 008654612345."""
    national = city.area_code.removeprefix("0") + number
    yield number
    yield city.area_code + number
    yield f"{city.area_code}-{number}"
    yield f"+{city.country_code}{national}"
    yield f"{city.country_code}{national}"
    yield f"00{city.country_code}{national}"
