"""One command loads what it needs; asked for help, `hotline` knows them all."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import click
from typer.main import get_group

from hotline import commands
from hotline.cli import build


def test_every_module_of_commands_is_in_the_table() -> None:
    modules = (importlib.import_module(f"{commands.__name__}.{module.name}") for module in pkgutil.iter_modules(commands.__path__))
    assert {module.__name__.rpartition(".")[2] for module in modules if hasattr(module, "register")} == set(commands.MODULES.values())


def test_alone_each_is_the_command_it_is_among_all() -> None:
    among_all = get_group(build())
    for command in commands.MODULES:
        _same(command, get_group(build(command)), among_all)


def _same(command: str, alone: click.Group, among_all: click.Group) -> None:
    assert set(alone.commands) <= set(among_all.commands)
    assert _shape(alone.commands[command]) == _shape(among_all.commands[command])


def _shape(command: click.Command) -> object:
    below = command.commands if isinstance(command, click.Group) else {}
    return [parameter.name for parameter in command.params], {name: _shape(one) for name, one in below.items()}


def test_a_list_of_tickets_loads_no_numbers_and_no_queues() -> None:
    loaded = "import sys; from hotline.cli import build; build('tickets'); print(*(m for m in ('numpy', 'queues', 'web') if m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, timeout=60).stdout.strip() == ""
