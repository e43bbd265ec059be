"""`hotline elderly`: callers who asked for a person at once, or for slow prompts."""

from __future__ import annotations

import json
from typing import Annotated, NoReturn

import typer

from hotline import elderly, reload
from hotline.asterisk import AsteriskFailed
from hotline.log import mask
from hotline.settings import Settings
from hotline.terminal import print_table

group = typer.Typer(name="elderly", help="Elderly callers who asked for it 老年来电人.", no_args_is_help=True)
Number = Annotated[str, typer.Argument(help="as their telephone shows it: 13812345678, 05468123456")]


def register(app: typer.Typer) -> None:
    """Adds `elderly` to the command."""
    app.add_typer(group)


@group.command()
def add(number: Number, slow: Annotated[bool, typer.Option("--slow", help="slow prompts and more time, instead of a person at once")] = False) -> None:
    """This caller reaches a person at once, before others; or hears slow prompts."""
    settings = Settings.load()
    try:
        elderly.add(settings, number, "slow" if slow else "person")
        reload.menus(settings)
    except (elderly.ElderlyError, AsteriskFailed) as error:
        _refuse(error)
    if slow:
        typer.echo("slow prompts are made by: hotline prompts render; they are heard after: hotline publish", err=True)


@group.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="as JSON, with the numbers in full")] = False,
) -> None:
    """All of them; their numbers masked, for terminals are looked over shoulders."""
    try:
        known = elderly.listed(Settings.load())
    except elderly.ElderlyError as error:
        _refuse(error)
    if as_json:
        print(json.dumps({"items": [{"number": number, "care": care} for number, care in known.items()], "next": None}))
        return
    print_table(("number", "care"), ((mask(number), care) for number, care in known.items()), none="nobody is on the list")


@group.command()
def remove(number: Number) -> None:
    """This caller is treated as everybody again."""
    settings = Settings.load()
    try:
        elderly.remove(settings, number)
        reload.menus(settings)
    except (elderly.ElderlyError, AsteriskFailed) as error:
        _refuse(error)


def _refuse(error: Exception) -> NoReturn:
    typer.echo(f"hotline: {error}", err=True)
    raise typer.Exit(2)
