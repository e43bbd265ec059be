"""What changed from one version of a city to the next, in words, for the person who publishes and the one who looks later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from ivr.model import City, Opening, Span
from ivr.services import is_of_a_number

LONGEST_SHOWN = 60  # characters of a value
NOTHING = "nothing"


def words(old: City, new: City) -> tuple[str, ...]:
    """One line for each change; () when nothing a caller or agent could notice has changed."""
    return (*_things("", _settings(old), _settings(new)), *_parts(old, new))


def _settings(city: City) -> dict[str, Any]:
    return {name: getattr(city, name) for name in ("root", "person", "fax", "zone", "area_code", "country_code", "waiting")}


def _parts(old: City, new: City) -> Iterator[str]:
    yield from _records("node", _written(old), _written(new))
    yield from _records("queue", old.queues, new.queues)
    yield from _things("hours ", _weeks(old), _weeks(new))
    yield from _things("days of hours ", _other_days(old, new), _other_days(new, old))
    yield from _things("number ", _short(old), _short(new))
    yield from _records("number", old.services, new.services)
    yield from _things("alarms ", asdict(old.alarms), asdict(new.alarms))
    yield from _records("organisation", old.organisations, new.organisations)
    yield from _things("deadlines ", asdict(old.deadlines), asdict(new.deadlines))
    yield from _things("retention ", old.retention.as_json() if old.retention else {}, new.retention.as_json() if new.retention else {})
    yield from _records("channel", old.channels.channels, new.channels.channels)
    yield from _things("channels ", _rules(old), _rules(new))
    yield from _things("notice ", old.notices.texts["zh"], new.notices.texts["zh"])
    yield from _things("notice in English ", old.notices.texts["en"], new.notices.texts["en"])
    yield from _records("transfer", old.transfers.outside, new.transfers.outside)
    yield from _things("short number ", old.transfers.queues, new.transfers.queues)
    yield from _things("prompt ", old.prompts, new.prompts)
    for language in (*old.languages, *(name for name in new.languages if name not in old.languages)):
        yield from _things(f"{language} prompt ", old.languages.get(language, {}), new.languages.get(language, {}))


def _written(city: City) -> dict[str, Any]:
    """The nodes of menus.yaml; those that numbers make are told with the numbers."""
    return {node.id: node for node in city.nodes.values() if not is_of_a_number(city, node.id)}


def _rules(city: City) -> dict[str, Any]:
    return {
        "repeat": city.channels.repeat, "surge": city.channels.surge, "told": city.channels.told,
        "signature": city.notices.signature, "steps told": city.notices.told,
    }  # fmt: skip


def _short(city: City) -> dict[str, Any]:
    return {number: node for number, node in city.numbers.items() if number not in city.services}


def _weeks(city: City) -> dict[str, Any]:
    return {name: hours.weekly for name, hours in city.hours.items()}


def _other_days(city: City, other: City) -> dict[str, Any]:
    """The dates on which each hours differ from what they were, as they are in this city."""
    both = [(name, hours.days, other.hours[name].days) for name, hours in city.hours.items() if name in other.hours]
    return {name: tuple(_day(day, days) for day in sorted({*days, *before}) if days.get(day) != before.get(day)) for name, days, before in both}


def _day(day: date, days: Mapping[date, tuple[Opening, ...]]) -> str:
    if day not in days:
        return f"{day} as its week"
    return f"{day} " + (" ".join(_opening(*opening) for opening in days[day]) or "closed")


def _records(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Nodes or queues: added, removed, or changed field by field."""
    for key in (*old, *(key for key in new if key not in old)):
        if key not in new:
            yield f"{what} {key} removed"
        elif key not in old:
            yield f"{what} {key} added"
        elif type(old[key]) is not type(new[key]):
            yield f"{what} {key}: {type(old[key]).__name__} -> {type(new[key]).__name__}"
        else:
            yield from _changed_fields(f"{what} {key}: ", old[key], new[key])


def _changed_fields(where: str, old: Any, new: Any) -> Iterator[str]:
    for name in (field.name for field in fields(old)):
        before, after = getattr(old, name), getattr(new, name)
        if isinstance(before, Mapping):
            yield from _things(f"{where}key ", before, after)
        elif before != after:
            yield f"{where}{name} {_shown(before)} -> {_shown(after)}"


def _things(where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in (*old, *(key for key in new if key not in old)):
        if old.get(key) != new.get(key):
            yield f"{where}{key} {_shown(old.get(key))} -> {_shown(new.get(key))}"


def _shown(value: Any) -> str:
    if value is None or value == () or value == "":
        return NOTHING
    if isinstance(value, tuple):
        text = ", ".join(_span(one) if isinstance(one, Span) else str(one) for one in value)
    else:
        text = str(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def _span(span: Span) -> str:
    days = " ".join(("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day] for day in span.days)
    return f"{days} {_opening(span.start, span.end)}"


def _opening(start: int, end: int) -> str:
    return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
