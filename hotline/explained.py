"""Every setting with its value now and its meaning, taken from `hotline.settings` itself, so that it cannot be forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel

from hotline.settings import VARIABLES, Settings


@dataclass(frozen=True)
class Explained:
    """One setting: a HOTLINE_… variable, or section.name of settings.yaml."""

    name: str
    value: str
    meaning: str


def settings(current: Settings) -> list[Explained]:
    """All of them; a password in the database's URL is not shown."""
    values = current.environ()
    variables = [Explained(name, _without_password(values[name]), meaning) for name, meaning in VARIABLES.items()]
    sections = ((name, getattr(current.file, name)) for name in type(current.file).model_fields)
    return variables + [one for name, section in sections for one in _section(name, section)]


def _section(name: str, section: BaseModel) -> list[Explained]:
    return [
        Explained(f"{name}.{field}", _text(getattr(section, field)), info.description or "")
        for field, info in type(section).model_fields.items()
    ]


def _text(value: object) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _without_password(value: str) -> str:
    if "://" not in value:
        return value
    parts = urlsplit(value)
    if not parts.password:
        return value
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))
