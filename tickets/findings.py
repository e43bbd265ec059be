"""What speech found in a message, as tickets keep and show it: JSON whose form is speech's (docs/speech.md), read with care."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Findings = Mapping[str, Any] | None
LISTS = ("places", "times", "phones", "persons", "asked")
_LONG_NUMBER = re.compile(r"(?<!\d)\d{6,}[\dXx](?!\d)")


def emergencies(findings: Findings) -> list[str]:
    """The kinds of emergency that were spoken of, each once, in the order they came."""
    return list(dict.fromkeys(str(alarm["kind"]) for alarm in _fields(findings).get("alarms") or ()))


def masked_text(text: str | None) -> str | None:
    """Every long number keeps its first three and last four figures, a shorter one (8381234) the first and the last two."""
    return _LONG_NUMBER.sub(lambda found: _hidden(found[0]), text) if text else text


def masked(findings: Findings) -> dict[str, Any] | None:
    """For who may not see callers' numbers: no names of persons, no whole numbers, no raw words."""
    if findings is None:
        return None
    kept = {name: value for name, value in findings.items() if name not in ("simplified", "first")}
    kept["fields"] = {**_fields(findings), "persons": []}
    result: dict[str, Any] = _masked(kept)
    return result


def persons(findings: Findings) -> list[str]:
    """Names of people that were heard."""
    return [str(found["value"]) for found in _fields(findings).get("persons") or ()]


def lines(findings: Findings) -> Iterator[str]:
    """For the terminal: a line for each field that was found, for each change, and for each reason to look."""
    fields = _fields(findings)
    for name in ("type", "category"):
        if fields.get(name):
            yield f"{name}: {fields[name]['value']} ({fields[name]['words']})"
    for name in LISTS:
        values = "；".join(str(masked_text(found["value"])) for found in fields.get(name) or ())
        if values:
            yield f"{name}: {values}"
    for alarm in fields.get("alarms") or ():
        yield f"EMERGENCY {alarm['kind']}: {alarm['words']}"
    for change in (findings or {}).get("changes") or ():
        yield f"{change['before']} → {change['after']}{'' if change['applied'] else ' ?'} ({change['kind']})"
    if reasons := (findings or {}).get("reasons"):
        yield f"review because of: {', '.join(reasons)}"


def _fields(findings: Findings) -> dict[str, Any]:
    return dict((findings or {}).get("fields") or {})


def _hidden(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 10 else f"{number[:1]}****{number[-2:]}"


def _masked(value: Any) -> Any:
    match value:
        case str():
            return masked_text(value)
        case list() | tuple():
            return [_masked(one) for one in value]
        case dict():
            return {name: _masked(one) for name, one in value.items()}
    return value
