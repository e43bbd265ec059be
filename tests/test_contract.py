"""docs/contract.md names every command, route, setting and channel variable: no more and no fewer than the program has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import typer
from pydantic import BaseModel

from hotline.cli import build
from hotline.sections import FileSettings
from hotline.settings import VARIABLES
from web.app import create_app

ROOT = Path(__file__).parent.parent
CONTRACT = (ROOT / "docs/contract.md").read_text(encoding="utf-8")


def listed(section: str) -> set[str]:
    """The names in the first column of a section's table."""
    body = CONTRACT.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    names = re.findall(r"^\| `([^`]+)` \|", body, re.MULTILINE)
    assert len(names) == len(set(names)), f"{section}: {sorted({name for name in names if names.count(name) > 1})} twice: which of them is true?"
    return set(names)


def commands(command: Any, name: str) -> set[str]:
    """`command` is typer's, which has no public type for a group."""
    if not hasattr(command, "commands"):
        return {name}
    own = {name} if command.invoke_without_command and name != "hotline" else set()
    return own.union(*(commands(sub, f"{name} {key}") for key, sub in command.commands.items() if not sub.hidden))


def settings(model: type[BaseModel], prefix: str = "") -> set[str]:
    names = set()
    for name, field in model.model_fields.items():
        nested = field.annotation
        is_section = isinstance(nested, type) and issubclass(nested, BaseModel)
        names |= settings(nested, f"{prefix}{name}.") if is_section else {prefix + name}
    return names


def test_every_command_is_in_the_contract() -> None:
    assert listed("Commands") == commands(typer.main.get_command(build()), "hotline")


def test_every_setting_is_in_the_contract() -> None:
    assert listed("Settings") == set(VARIABLES) | settings(FileSettings)


def test_every_channel_variable_is_in_the_contract() -> None:
    sources = [*(ROOT / "dialplans/asterisk").glob("*.j2"), *(ROOT / "ivr").glob("*.py"), *(ROOT / "agi").glob("*.py")]
    used = {name for path in sources for name in re.findall(r"\bHOTLINE_[A-Z_]+\b", path.read_text(encoding="utf-8"))}
    assert listed("Channel variables") == used - set(VARIABLES)


def test_every_route_is_in_the_contract() -> None:
    app = create_app(Mock(), home=Path("unused"), reasons=lambda: [])
    served = {
        f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods
    }
    assert listed("Routes") == served


DESIGN = ("tickets", "agents", "queues", "calls", "models", "prompts", "doctor", "versions")


@pytest.mark.parametrize("listing", DESIGN)
def test_every_listing_takes_json(listing: str) -> None:
    """By its plain name, as the project's contract has it."""
    command = typer.main.get_command(build()).commands[listing]  # type: ignore[attr-defined]
    assert "--json" in {name for option in command.params for name in option.opts}
